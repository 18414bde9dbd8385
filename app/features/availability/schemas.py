"""Free times as a front end sees them."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from app.shapes import Shape


class Slot(Shape):
    """One time that can be booked."""

    start: str = Field(
        description="RFC 3339, in the zone asked for. Send it back as it is to book.",
        examples=["2026-12-01T09:00:00+01:00"],
    )
    spots_left: int = Field(description="Above 1 only for group event types.", examples=[1])


class Day(Shape):
    """One local date, with its slots in order; empty where nothing is free."""

    date: date
    slots: list[Slot]


class Availability(Shape):
    """Each date of the range, once, in order."""

    event_type_id: str
    time_zone: str = Field(examples=["Asia/Kolkata"])
    from_: date = Field(alias="from")
    to: date
    duration_minutes: int = Field(examples=[30])
    as_of: datetime = Field(description="When the oldest part of this was read from Calendly.")
    state: Literal["fresh", "stale"] = Field(
        description="`stale`: older than usual because Calendly did not answer; a booking still checks it live."
    )
    days: list[Day]
