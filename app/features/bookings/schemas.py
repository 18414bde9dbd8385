"""A booking as a front end sees it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.form.submission import Start
from app.shapes import Shape

Status = Literal["confirming", "confirmed", "canceled", "failed"]


class BookingLocation(Shape):
    """Where it takes place. `pending`: the conference is still being set up; read the booking again for its link."""

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


class Manage(Shape):
    """The capability to read, cancel and reschedule this one booking. Keep it like a password."""

    token: str = Field(description="For `Authorization: Bearer …`.")
    expires_at: datetime = Field(description="Seven days after the end.")


class Hosted(Shape):
    """Calendly's own pages for the invitee."""

    cancel_url: str | None
    reschedule_url: str | None


class CalendarLinks(Shape):
    """Pages on which the visitor puts the booking into a calendar of their own."""

    google: str
    outlook: str
    office365: str
    yahoo: str


class Booking(Shape):
    """One invitee on one scheduled event.

    `confirming`: it was sent, and Calendly has not said what became of it. It
    will be `confirmed` or `failed`: read it again.
    """

    id: str = Field(examples=["bk_9f86d081884c7d65"])
    status: Status
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
    manage: Manage | None = Field(
        description="Null where the booking was already there before this key was used: only who made it may manage it."
    )
    hosted: Hosted
    calendar_links: CalendarLinks | None = Field(description="Null unless it is confirmed.")
    rescheduled_from: str | None = Field(description="The id of the booking whose place it took.")
    created_at: datetime


class Previous(Shape):
    """The booking whose place was taken. `canceling`: Calendly has not let us cancel it yet; that goes on by itself."""

    id: str
    status: Literal["canceled", "canceling"]


class Rescheduled(Booking):
    """The new booking, and what became of the old one."""

    previous: Previous
    emails: list[Literal["confirmation", "cancellation"]] = Field(
        description="What Calendly sends to the invitee about this: one mail that the new time is booked, and"
        " another that the old one is canceled. Tell the visitor to expect both."
    )


class Preflight(Shape):
    """Booking this would be tried: it satisfies the form, and the time is free."""

    event_type_id: str
    start: str
    end: str
    time_zone: str
    spots_left: int


class _Part(BaseModel):
    """Strict, as all that comes in."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class CancelPart(_Part):
    """Why, if anybody wants to say; host and invitee get to read it."""

    reason: Annotated[str, Field(max_length=1000)] | None = Field(default=None, examples=["I am ill."])


class MovePart(_Part):
    """To which time."""

    start: Start
