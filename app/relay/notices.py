"""What a notice says. Pure functions, and shapes: receivers depend on these, so that fields may be added, with a
default, and never renamed.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Literal

import msgspec

from app.shapes import FastShape

NoticeType = Literal["booking.confirmed", "booking.canceled", "booking.rescheduled"]

ID_DIGITS = 32

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Person(FastShape, frozen=True, kw_only=True):
    name: str
    email: str


class Place(FastShape, frozen=True, kw_only=True):
    """As in a booking. `join_url` is null while the conference is being set up, and where there is none."""

    kind: str
    label: str
    detail: str | None = None
    join_url: str | None = None


class Answer(FastShape, frozen=True, kw_only=True):
    label: str
    value: str


class BookingData(FastShape, frozen=True, kw_only=True):
    """One invitee on one event, as far as it is known.

    `reference` names it in every notice, whoever made it. `booking_id` is null where
    what happened did not happen through this service: on Calendly's own page, for one.
    Times are RFC 3339, in the zone of the invitee. `replaces` is the reference of the
    booking whose place it took, `rescheduled_from` the id that this service had given
    to that, `previous_start` its time.
    """

    account_id: str
    reference: str | None = None
    booking_id: str | None = None
    status: Literal["confirmed", "canceled"]
    event_type_id: str | None = None
    name: str | None = None
    start: str
    end: str
    time_zone: str | None = None
    location: Place | None = None
    invitee: Person
    guests: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    replaces: str | None = None
    rescheduled_from: str | None = None
    previous_start: str | None = None
    created_at: Instant | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """`timestamp` is when it happened, not when it is sent."""

    id: str
    type: NoticeType
    timestamp: Instant
    data: BookingData

    @property
    def account_id(self) -> str:
        return self.data.account_id


class _Body(FastShape, frozen=True, kw_only=True):
    type: NoticeType
    timestamp: Instant
    data: BookingData


def notice_id(type_: NoticeType, event: str, invitee: str) -> str:
    """The same for the same fact, whoever tells of it: `event` and `invitee` are Calendly's ids.

    A confirmation and a move both say that a booking was made, so that they share one: of the two, the first counts.
    """
    fact = "canceled" if type_ == "booking.canceled" else "made"
    return f"msg_{sha256(f'{fact} {event} {invitee}'.encode()).hexdigest()[:ID_DIGITS]}"


def reference_of(invitee: str) -> str:
    """Of the booking of the invitee with this id at Calendly. The id itself is the way to its page of cancellation."""
    return f"ref_{sha256(f'booking {invitee}'.encode()).hexdigest()[:ID_DIGITS]}"


def body_of(notice: Notice) -> bytes:
    """What is signed and sent, byte for byte, in every attempt."""
    body = _Body(type=notice.type, timestamp=notice.timestamp.astimezone(UTC), data=notice.data)
    return msgspec.json.encode(body)
