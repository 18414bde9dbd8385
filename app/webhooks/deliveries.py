"""What a delivery says: Calendly's envelope and the parts of its payload that matter here. Pure functions.

What Calendly adds later is ignored; what is used has to be there, and sensible.
"""

from enum import StrEnum
from hashlib import sha256
from typing import TypeAlias, TypeVar

import msgspec

from app.calendly.addresses import SEGMENT
from app.calendly.models import (
    Cancellation,
    EventLocation,
    EventMembership,
    Instant,
    InviteesCounter,
    Profile,
    is_plausible,
)

T = TypeVar("T")


class Happened(StrEnum):
    """The events from which something follows."""

    CREATED = "invitee.created"
    CANCELED = "invitee.canceled"
    EVENT_TYPE_CREATED = "event_type.created"
    EVENT_TYPE_UPDATED = "event_type.updated"
    EVENT_TYPE_DELETED = "event_type.deleted"


OF_INVITEES = frozenset({Happened.CREATED, Happened.CANCELED})

NOTED = ("invitee_no_show.created", "invitee_no_show.deleted")
"""Events that are known, and from which nothing follows: who did not come keeps the time all the same."""


class UnreadableDeliveryError(Exception):
    """It is genuine, and not what Calendly documents."""


class SeatedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`scheduled_event` of a payload: of what the invitee is one."""

    uri: str
    start_time: Instant
    end_time: Instant
    event_type: str | None = None
    location: EventLocation | None = None
    invitees_counter: InviteesCounter | None = None
    event_memberships: list[EventMembership] = []


class SeatedInvitee(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of `invitee.*`. Where it was moved, the old one names the new one and the new one the old."""

    uri: str
    email: str
    scheduled_event: SeatedEvent
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    timezone: str | None = None
    rescheduled: bool = False
    old_invitee: str | None = None
    new_invitee: str | None = None
    cancellation: Cancellation | None = None


class ChangedEventType(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of `event_type.*`, of which no more is used: the event type is read again."""

    uri: str
    profile: Profile | None = None


class InviteeDelivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="invitee"):
    """`is_hint`: it may be a copy of something old. It tells where to look, and nothing of it is believed."""

    event: Happened
    created_at: Instant
    invitee: SeatedInvitee
    is_hint: bool = False

    @property
    def is_move(self) -> bool:
        """One half of a reschedule: a pair whose order nobody promises."""
        if self.event is Happened.CREATED:
            return self.invitee.old_invitee is not None
        return self.invitee.rescheduled or self.invitee.new_invitee is not None


class EventTypeDelivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="event_type"):
    """As above. It is never more than a hint: what has become of the event type is asked for in any case."""

    event: Happened
    created_at: Instant
    event_type: ChangedEventType
    created_by: str | None = None
    is_hint: bool = False


Delivery: TypeAlias = InviteeDelivery | EventTypeDelivery


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as it came. `identity` is the same each time that it comes; `delivery` is None where nothing follows
    from it.
    """

    event: str
    identity: str
    delivery: Delivery | None


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    created_at: str
    payload: msgspec.Raw
    created_by: str | None = None


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    uri: str | None = None


def read(body: bytes) -> Received:
    """Raises `UnreadableDeliveryError`."""
    envelope = _decoded(body, _Envelope)
    named = _decoded(envelope.payload, _Named)
    return Received(
        event=envelope.event,
        identity=identity(envelope.event, named.uri or "", envelope.created_at),
        delivery=_delivery(envelope) if envelope.event in set(Happened) else None,
    )


def as_hint(delivery: Delivery) -> Delivery:
    """The same, of which nothing is believed."""
    return msgspec.structs.replace(delivery, is_hint=True)


def identity(event: str, uri: str, created_at: str) -> str:
    """Calendly gives its deliveries no id. 32 hexadecimal digits."""
    return sha256(f"{event}\n{uri}\n{created_at}".encode()).hexdigest()[:32]


def id_in(uri: str) -> str:
    """The id at the end of a URI of Calendly's. Raises `UnreadableDeliveryError` where there is none."""
    last = uri.rpartition("/")[2]
    if not SEGMENT.fullmatch(last):
        raise UnreadableDeliveryError
    return last


def concerns(delivery: Delivery, user: str) -> bool:
    """Whether it is about the calendar of the user with this URI.

    One key may sign the deliveries of many accounts, so that a genuine one may still be another's.
    """
    if isinstance(delivery, InviteeDelivery):
        hosts = delivery.invitee.scheduled_event.event_memberships
        return user in {each.user for each in hosts}
    profile = delivery.event_type.profile
    return user in {delivery.created_by, profile.owner if profile else None}


def _delivery(envelope: _Envelope) -> Delivery:
    event, created_at = Happened(envelope.event), _instant(envelope.created_at)
    if event not in OF_INVITEES:
        changed = _decoded(envelope.payload, ChangedEventType)
        id_in(changed.uri)
        return EventTypeDelivery(
            event=event, created_at=created_at, event_type=changed, created_by=envelope.created_by
        )
    invitee = _decoded(envelope.payload, SeatedInvitee)
    _require_sensible(invitee)
    return InviteeDelivery(event=event, created_at=created_at, invitee=invitee)


def _require_sensible(invitee: SeatedInvitee) -> None:
    seat = invitee.scheduled_event
    if (
        not is_plausible(seat.start_time)
        or not is_plausible(seat.end_time)
        or seat.end_time < seat.start_time
    ):
        raise UnreadableDeliveryError
    for uri in (invitee.uri, seat.uri, seat.event_type, invitee.old_invitee, invitee.new_invitee):
        if uri is not None:
            id_in(uri)


def _instant(text: str) -> Instant:
    try:
        return msgspec.convert(text, Instant)
    except msgspec.ValidationError as error:
        raise UnreadableDeliveryError from error


def _decoded(body: bytes | msgspec.Raw, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableDeliveryError from error
