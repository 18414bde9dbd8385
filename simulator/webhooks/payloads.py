"""What a message says: its envelope, and one payload for each family of events (section 9.3 of the reference)."""

from datetime import datetime
from typing import Any

from simulator.instants import instant
from simulator.links import Links
from simulator.model import EventType, Invitee, ScheduledEvent
from simulator.wire import Wire

NOT_SENT_OF_EVENTS = frozenset({"calendar_event"})
NOT_SENT_OF_MEMBERSHIPS = frozenset({"buffered_start_time", "buffered_end_time"})
NOT_SENT_OF_EVENT_TYPES = frozenset({"description_html"})
BUFFERS = frozenset({"before_buffer", "after_buffer"})


def envelope(
    event: str, payload: dict[str, Any], *, now: datetime, links: Links, creator: str
) -> dict[str, Any]:
    """`creator` is the user who made the subscription."""
    return {
        "event": event,
        "created_at": instant(now),
        "created_by": links.user(creator),
        "payload": payload,
    }


def invitee_payload(wire: Wire, invitee: Invitee, event: ScheduledEvent) -> dict[str, Any]:
    """The invitee, and the event without its calendar's and its buffers' side."""
    drawn = _without(wire.event(event), NOT_SENT_OF_EVENTS)
    drawn["event_memberships"] = [
        _without(membership, NOT_SENT_OF_MEMBERSHIPS) for membership in drawn["event_memberships"]
    ]
    return wire.invitee(invitee) | {"scheduled_event": drawn}


def event_type_payload(wire: Wire, event_type: EventType) -> dict[str, Any]:
    with_buffers = wire.state.settings.assumptions.event_type_messages_have_buffers
    left_out = NOT_SENT_OF_EVENT_TYPES if with_buffers else NOT_SENT_OF_EVENT_TYPES | BUFFERS
    return _without(wire.event_type(event_type), left_out)


def _without(fields: dict[str, Any], left_out: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in left_out}
