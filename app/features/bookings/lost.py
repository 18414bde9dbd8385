"""What can still be said of a booking whose record is lost, and that Calendly does not show."""

from datetime import datetime, timedelta

from app.features.bookings.manage import Claims
from app.features.bookings.schemas import Booking, BookingHost, Hosted, Invitee, Status

LONG_AGO = timedelta(minutes=5)
"""Longer than any booking takes to show up at Calendly."""


AROUND = timedelta(minutes=2), timedelta(hours=1)
"""Before and after it was sent, in which it was made if it was: clocks differ, and answers come late."""


def is_of_its_time(claims: Claims, created_at: datetime) -> bool:
    """Whether what was made then can be this booking, and not another of the same person."""
    if claims.sent_at is None:
        return True
    before, after = AROUND
    return claims.sent_at - before <= created_at <= claims.sent_at + after


def booking_without_record(claims: Claims, now: datetime, *, complete: bool) -> Booking:
    """`complete`: all calendars in which it could be were looked into."""
    over = claims.sent_at is not None and now - claims.sent_at > LONG_AGO
    return _booking(claims, "failed" if over and complete else "confirming")


def another_without_record(claims: Claims) -> Booking:
    """The address has the time, and what Calendly has does not say what was asked for. Of a move nobody knows then
    whether it was made.
    """
    return _booking(claims, "confirming" if claims.replaced else "confirmed")


def _booking(claims: Claims, status: Status) -> Booking:
    start = claims.start.isoformat(timespec="seconds")
    return Booking(
        id=claims.booking,
        status=status,
        event_type_id=claims.event_type,
        name="",
        start=start,
        end=start,
        time_zone="UTC",
        location=None,
        host=BookingHost(name=""),
        invitee=Invitee(name="", email=claims.email),
        guests=[],
        answers=[],
        manage=None,
        hosted=Hosted(cancel_url=None, reschedule_url=None),
        calendar_links=None,
        rescheduled_from=claims.replaced,
        created_at=claims.sent_at or claims.start,
    )
