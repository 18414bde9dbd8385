"""What follows from a delivery, by what is known of its invitee: pure functions, in whatever order deliveries come.

Of each invitee it is kept what was ever said: that there is a booking, that it was canceled, that another took its
place. Facts are only added, so that the same deliveries in any order, however often each, end in the same record. That
something is over outweighs that it began: who hears of the end first, is told nothing of the beginning. A move is told
in any case, for it is an end as well: somebody may know the old booking alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec

from app.calendly.models import EventLocation, Instant
from app.webhooks.deliveries import (
    Delivery,
    EventTypeDelivery,
    Happened,
    InviteeDelivery,
    SeatedInvitee,
    id_in,
)


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an invitee. Without times, where only its successor has told of it."""

    created: bool = False
    canceled: bool = False
    moved: bool = False
    start: Instant | None = None
    end: Instant | None = None

    @property
    def is_over(self) -> bool:
        return self.canceled or self.moved


NOTHING = Record()

Records: TypeAlias = Mapping[str, Record]
"""By Calendly's id of the invitee."""


@dataclass(frozen=True, slots=True)
class DaysUntrue:
    """Something between these instants has changed in the calendars of those who host this event type (an id)."""

    start: datetime
    end: datetime
    event_type: str | None


@dataclass(frozen=True, slots=True)
class EventTypesUntrue:
    """What can be booked, or how, has changed."""


@dataclass(frozen=True, slots=True)
class Seated:
    """There is a booking of this event type (an id) at this time: whoever waits to know may look for it now."""

    event_type: str
    start: datetime


class Change(StrEnum):
    TAKEN = "taken"
    """The only seat of this slot, with this host."""
    FREED = "freed"
    """A booking that had it to itself was given up."""
    CHANGED = "changed"
    """There are fewer seats now, or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """For whoever looks at free times. `once` names it: whoever hears it twice, has heard it."""

    change: Change
    event_type: str
    start: datetime
    end: datetime
    invitee: str
    once: str


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    CANCELED = "canceled"
    RESCHEDULED = "rescheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """For the customer's backend: what became of a booking, as Calendly says it. All ids are Calendly's.

    `once` names it. `told_at` is when Calendly says that it happened: of two about one booking the later counts.
    `previous` is the invitee whose place this one took; `previous_start` where it is known. `is_over`: it was moved
    here, and does not stand any more.
    """

    outcome: Outcome
    once: str
    told_at: datetime
    event_type: str | None
    event: str
    invitee: str
    start: datetime
    end: datetime
    name: str | None
    email: str
    time_zone: str | None
    location: EventLocation | None
    previous: str | None = None
    previous_start: datetime | None = None
    is_over: bool = False
    reason: str | None = None
    """Why it was canceled, in the words of whoever did it."""


Effect: TypeAlias = DaysUntrue | EventTypesUntrue | Seated | News | Notice


@dataclass(frozen=True, slots=True)
class Decision:
    """To be carried out in order; the records are kept when that is done."""

    effects: Sequence[Effect]
    records: Records


def subjects_of(delivery: Delivery) -> list[str]:
    """The ids of the invitees whose records decide about it."""
    if isinstance(delivery, EventTypeDelivery) or delivery.is_hint:
        return []
    invitee = delivery.invitee
    return [id_in(uri) for uri in (invitee.uri, _replaced_by(delivery)) if uri is not None]


def decide(delivery: Delivery, known: Records) -> Decision:
    """`known`: what is kept of the subjects."""
    if isinstance(delivery, EventTypeDelivery):
        return Decision([EventTypesUntrue()], {})
    seat = delivery.invitee.scheduled_event
    days = DaysUntrue(seat.start_time, seat.end_time, _event_type(delivery))
    if delivery.is_hint:
        return Decision([days, *_news(delivery, Change.CHANGED)], {})
    before = known.get(id_in(delivery.invitee.uri), NOTHING)
    effects = _created if delivery.event is Happened.CREATED else _canceled
    return Decision([days, *effects(delivery, before, known)], _records(delivery, before, known))


def _created(delivery: InviteeDelivery, before: Record, known: Records) -> list[Effect]:
    if before.created:
        return []
    seat, old = delivery.invitee.scheduled_event, _replaced_by(delivery)
    earlier = known.get(id_in(old), NOTHING) if old else NOTHING
    outcome = Outcome.RESCHEDULED if old else Outcome.CONFIRMED
    notice = _notice(delivery, outcome, previous_start=earlier.start, is_over=before.is_over)
    if before.is_over:
        return [notice] if old else []
    event_type = _event_type(delivery)
    given_up = [DaysUntrue(earlier.start, earlier.end, event_type)] if earlier.start and earlier.end else []
    seated = [Seated(event_type, seat.start_time)] if event_type else []
    return [*given_up, *seated, *_news(delivery, Change.TAKEN), notice]


def _canceled(delivery: InviteeDelivery, before: Record, _: Records) -> list[Effect]:
    """The half of a move that ends the old booking is told by the one that begins the new one."""
    if before.canceled:
        return []
    is_told = not delivery.is_move and not before.moved
    return [*_news(delivery, Change.FREED), *([_notice(delivery, Outcome.CANCELED)] if is_told else [])]


def _records(delivery: InviteeDelivery, before: Record, known: Records) -> Records:
    seat, old = delivery.invitee.scheduled_event, _replaced_by(delivery)
    is_created = delivery.event is Happened.CREATED
    record = Record(
        created=before.created or is_created,
        canceled=before.canceled or not is_created,
        moved=before.moved or (not is_created and delivery.is_move),
        start=seat.start_time,
        end=seat.end_time,
    )
    earlier = {id_in(old): msgspec.structs.replace(known.get(id_in(old), NOTHING), moved=True)} if old else {}
    return {**earlier, id_in(delivery.invitee.uri): record}


def _replaced_by(delivery: InviteeDelivery) -> str | None:
    return delivery.invitee.old_invitee if delivery.event is Happened.CREATED else None


def _event_type(delivery: InviteeDelivery) -> str | None:
    uri = delivery.invitee.scheduled_event.event_type
    return id_in(uri) if uri else None


def _news(delivery: InviteeDelivery, change: Change) -> list[News]:
    seat, event_type = delivery.invitee.scheduled_event, _event_type(delivery)
    if event_type is None:
        return []
    counter = seat.invitees_counter
    is_single = counter is not None and counter.limit == 1
    return [
        News(
            change=change if is_single else Change.CHANGED,
            event_type=event_type,
            start=seat.start_time,
            end=seat.end_time,
            invitee=id_in(delivery.invitee.uri),
            once=f"{change}:{id_in(delivery.invitee.uri)}",
        )
    ]


def _notice(
    delivery: InviteeDelivery,
    outcome: Outcome,
    *,
    previous_start: datetime | None = None,
    is_over: bool = False,
) -> Notice:
    invitee = delivery.invitee
    seat, id_ = invitee.scheduled_event, id_in(invitee.uri)
    return Notice(
        outcome=outcome,
        once=f"{outcome}:{id_}",
        told_at=delivery.created_at,
        event_type=_event_type(delivery),
        event=id_in(seat.uri),
        invitee=id_,
        start=seat.start_time,
        end=seat.end_time,
        name=_name(invitee),
        email=invitee.email,
        time_zone=invitee.timezone,
        location=seat.location,
        previous=id_in(invitee.old_invitee) if invitee.old_invitee else None,
        previous_start=previous_start,
        is_over=is_over,
        reason=invitee.cancellation.reason if invitee.cancellation else None,
    )


def _name(invitee: SeatedInvitee) -> str | None:
    parts = [part for part in (invitee.first_name, invitee.last_name) if part]
    return invitee.name or " ".join(parts) or None
