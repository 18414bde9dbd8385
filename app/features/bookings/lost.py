"""What can still be said of a booking whose record is lost, and that Calendly does not show."""

from datetime import datetime, timedelta

from app.features.bookings.manage import Claims
from app.features.bookings.schemas import Booking, BookingHost, Hosted, Invitee

LONG_AGO = timedelta(minutes=5)
"""Longer than any booking takes to show up at Calendly."""


def booking_without_record(claims: Claims, now: datetime, *, complete: bool) -> Booking:
    """`complete`: all calendars in which it could be were looked into."""
    over = claims.sent_at is not None and now - claims.sent_at > LONG_AGO
    start = claims.start.isoformat(timespec="seconds")
    return Booking(
        id=claims.booking,
        status="failed" if over and complete else "confirming",
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
