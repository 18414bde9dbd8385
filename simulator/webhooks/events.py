"""The events that can be subscribed to (Calendly's table of webhook events)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["organization", "user", "group"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Family:
    """In which scopes it may be subscribed to, and which scope of the token it takes besides `webhooks:write`."""

    scopes: tuple[Scope, ...]
    read_scope: str
    played: bool = True
    """Whether the simulator ever sends it."""


_SCHEDULED_EVENTS = Family(SCOPES, "scheduled_events:read")
_EVENT_TYPES = Family(SCOPES, "event_types:read")
_MEETING_RECAPS = Family(("user",), "meeting_recaps:read", played=False)
_CONTACTS = Family(SCOPES, "contacts:read", played=False)

EVENTS: Mapping[str, Family] = {
    "invitee.created": _SCHEDULED_EVENTS,
    "invitee.canceled": _SCHEDULED_EVENTS,
    "invitee_no_show.created": _SCHEDULED_EVENTS,
    "invitee_no_show.deleted": _SCHEDULED_EVENTS,
    "event_type.created": _EVENT_TYPES,
    "event_type.updated": _EVENT_TYPES,
    "event_type.deleted": _EVENT_TYPES,
    "routing_form_submission.created": Family(("organization",), "routing_forms:read", played=False),
    "meeting_recap.created": _MEETING_RECAPS,
    "meeting_recap.updated": _MEETING_RECAPS,
    "meeting_recap.deleted": _MEETING_RECAPS,
    "contact.created": _CONTACTS,
    "contact.updated": _CONTACTS,
    "contact.deleted": _CONTACTS,
}
