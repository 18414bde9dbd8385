"""Free times as a front end sees them."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType, field

from app.shapes import FastShape

View = Literal["slots", "days"]

TimeZone: TypeAlias = Annotated[str, Meta(examples=["Asia/Kolkata"])]
Minutes: TypeAlias = Annotated[int, Meta(examples=[30])]
AsOf: TypeAlias = Annotated[
    datetime, Meta(description="When the oldest part of this was read from Calendly.")
]
State: TypeAlias = Annotated[
    Literal["fresh", "stale"],
    Meta(
        description="`stale`: older than usual: it is being read again, or Calendly does not answer."
        " A booking checks it live."
    ),
]
Start: TypeAlias = Annotated[
    str,
    Meta(
        description="RFC 3339, in the zone asked for. Send it back as it is to book.",
        examples=["2026-12-01T09:00:00+01:00"],
    ),
]
SpotsLeft: TypeAlias = Annotated[int, Meta(description="Above 1 only for group event types.", examples=[1])]


class Slot(FastShape, frozen=True, gc=False):
    """One time that can be booked."""

    start: Start
    spots_left: SpotsLeft


class Day(FastShape, frozen=True):
    """One local date; 0 slots where nothing is free."""

    date: date
    slot_count: Annotated[int, Meta(examples=[1])]
    slots: Annotated[
        list[Slot] | UnsetType, Meta(description="In order. Left out with `view=days`, and never null.")
    ] = UNSET


class Availability(FastShape, frozen=True):
    """Each date of the range, once, in order."""

    event_type_id: str
    time_zone: TimeZone
    from_: date = field(name="from")
    to: date
    duration_minutes: Minutes
    as_of: AsOf
    state: State
    days: list[Day]


class NextSlots(FastShape, frozen=True):
    """The first slots from now on. Fewer than asked for: there are no more until `searchedUntil`."""

    event_type_id: str
    time_zone: TimeZone
    duration_minutes: Minutes
    as_of: AsOf
    state: State
    searched_until: Annotated[
        date,
        Meta(
            description="Last local date that was looked at: the 90th at most, and earlier where there were enough"
            " slots before, or where Calendly did not answer for what comes after.",
            examples=["2026-12-22"],
        ),
    ]
    slots: list[Slot]


class SlotOffer(FastShape, frozen=True):
    """One event type that can be booked at this time."""

    event_type_id: Annotated[str, Meta(description="Send it back to book.", examples=["QTTLNSCVBVMOEDET"])]
    spots_left: SpotsLeft


class MergedSlot(FastShape, frozen=True):
    """One time, and the event types that can be booked then, in the order asked."""

    start: Start
    offers: list[SlotOffer]


class MergedDay(FastShape, frozen=True):
    """One local date, with its slots in order; empty where none of the event types is free."""

    date: date
    slots: list[MergedSlot]


class MergedEventType(FastShape, frozen=True):
    """What a slot's offers have in common, said once."""

    event_type_id: Annotated[str, Meta(examples=["QTTLNSCVBVMOEDET"])]
    name: Annotated[str, Meta(examples=["Visit"])]
    duration_minutes: Minutes


class MergedAvailability(FastShape, frozen=True):
    """Each date of the range, once, in order, for several event types."""

    event_types: Annotated[list[MergedEventType], Meta(description="Those asked for, in the order asked.")]
    time_zone: TimeZone
    from_: date = field(name="from")
    to: date
    as_of: AsOf
    state: State
    days: list[MergedDay]
