"""A booking as a front end sees it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.shapes import Shape


class BookingLocation(Shape):
    """Where it takes place. `pending`: the conference is still being set up; the invitation will have the link."""

    kind: str = Field(
        description="As on the event type; new ones may appear.", examples=["google_conference"]
    )
    label: str = Field(examples=["Google Meet"])
    detail: str | None = Field(description="Address, number or text, where there is one.")
    join_url: str | None = Field(examples=["https://meet.example.test/abc"])
    status: Literal["pending", "ready", "failed"]


class BookingHost(Shape):
    name: str = Field(examples=["Ada Example"])


class Invitee(Shape):
    name: str = Field(examples=["Grace Example"])
    email: str = Field(examples=["grace@example.test"])


class BookedAnswer(Shape):
    question_id: str
    label: str
    value: str = Field(description="Several choices are joined by newlines.")


class Hosted(Shape):
    """Calendly's own pages for the invitee."""

    cancel_url: str | None
    reschedule_url: str | None


class Booking(Shape):
    """One invitee on one scheduled event."""

    id: str = Field(examples=["bk_9f86d081884c7d65"])
    status: Literal["confirming", "confirmed", "canceled", "failed"]
    event_type_id: str
    name: str = Field(description="Of the event type.", examples=["Intro call"])
    start: str = Field(examples=["2026-12-01T09:00:00+01:00"])
    end: str = Field(examples=["2026-12-01T09:30:00+01:00"])
    time_zone: str = Field(examples=["Europe/Berlin"])
    location: BookingLocation | None
    host: BookingHost
    invitee: Invitee
    guests: list[str]
    answers: list[BookedAnswer]
    hosted: Hosted
    rescheduled_from: str | None
    created_at: datetime


class Preflight(Shape):
    """Booking this would be tried: it satisfies the form, and the time is free."""

    event_type_id: str
    start: str
    end: str
    time_zone: str
    spots_left: int
