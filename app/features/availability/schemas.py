"""Free times as a front end sees them."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.shapes import Shape

View = Literal["slots", "days"]

TimeZone = Annotated[str, Field(examples=["Asia/Kolkata"])]
Minutes = Annotated[int, Field(examples=[30])]
AsOf = Annotated[datetime, Field(description="When the oldest part of this was read from Calendly.")]
State = Annotated[
    Literal["fresh", "stale"],
    Field(
        description="`stale`: older than usual: it is being read again, or Calendly does not answer."
        " A booking checks it live."
    ),
]
Start = Annotated[
    str,
    Field(
        description="RFC 3339, in the zone asked for. Send it back as it is to book.",
        examples=["2026-12-01T09:00:00+01:00"],
    ),
]
SpotsLeft = Annotated[int, Field(description="Above 1 only for group event types.", examples=[1])]


class Slot(Shape):
    """One time that can be booked."""

    start: Start
    spots_left: SpotsLeft


class Day(Shape):
    """One local date; 0 slots where nothing is free."""

    date: date
    slot_count: int = Field(examples=[1])
    slots: list[Slot] | SkipJsonSchema[None] = Field(
        default=None, description="In order. Left out with `view=days`, and never null."
    )


class Availability(Shape):
    """Each date of the range, once, in order."""

    event_type_id: str
    time_zone: TimeZone
    from_: date = Field(alias="from")
    to: date
    duration_minutes: Minutes
    as_of: AsOf
    state: State
    days: list[Day]


class NextSlots(Shape):
    """The first slots from now on. Fewer than asked for: there are no more until `searchedUntil`."""

    event_type_id: str
    time_zone: TimeZone
    duration_minutes: Minutes
    as_of: AsOf
    state: State
    searched_until: date = Field(
        description="Last local date that was looked at: the 90th at most, and earlier where there were enough"
        " slots before, or where Calendly did not answer for what comes after.",
        examples=["2026-12-22"],
    )
    slots: list[Slot]


class SlotOffer(Shape):
    """One event type that can be booked at this time."""

    event_type_id: str = Field(description="Send it back to book.", examples=["QTTLNSCVBVMOEDET"])
    spots_left: SpotsLeft


class MergedSlot(Shape):
    """One time, and the event types that can be booked then, in the order asked."""

    start: Start
    offers: list[SlotOffer]


class MergedDay(Shape):
    """One local date, with its slots in order; empty where none of the event types is free."""

    date: date
    slots: list[MergedSlot]


class MergedEventType(Shape):
    """What a slot's offers have in common, said once."""

    event_type_id: str = Field(examples=["QTTLNSCVBVMOEDET"])
    name: str = Field(examples=["Visit"])
    duration_minutes: Minutes


class MergedAvailability(Shape):
    """Each date of the range, once, in order, for several event types."""

    event_types: list[MergedEventType] = Field(description="Those asked for, in the order asked.")
    time_zone: TimeZone
    from_: date = Field(alias="from")
    to: date
    as_of: AsOf
    state: State
    days: list[MergedDay]
