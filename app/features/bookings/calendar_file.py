"""A booking as a calendar file (RFC 5545). Pure functions.

It names no address of anybody: files are forwarded.
"""

from datetime import UTC, datetime
from urllib.parse import quote

from icalendar import Calendar, Event
from icalendar.prop import vInline

from app.features.bookings.calendar import CalendarEntry, plain

_PRODUCT = "-//Calendly BFF//Bookings//EN"

_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
"""RFC 5545, 3.3.11. The library's own escaping takes the `\\N` of `C:\\New` for a line end."""

_URI_RESERVED = ":/?#[]@!$&'()*+,;=%"
"""What may stand in a URI as it is, besides letters and digits (RFC 3986, 2.2), or is part of an escape."""


def calendar_file(entry: CalendarEntry, now: datetime) -> bytes:
    """One event, for any calendar program; `now` is when this was found to be so.

    Published, not requested: nobody is asked to reply, and a program that knows
    the UID replaces what it has.
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(entry, now))
    file: bytes = calendar.to_ical()
    return file


def _event(entry: CalendarEntry, now: datetime) -> Event:
    event = Event()
    event.add("sequence", entry.sequence)
    for name, time in (
        ("dtstamp", now),
        ("created", entry.created_at),
        ("last-modified", now),
        ("dtstart", entry.start),
        ("dtend", entry.end),
    ):
        event.add(name, time.astimezone(UTC))
    for name, text in (
        ("uid", plain(entry.uid)),
        ("summary", entry.title),
        ("location", entry.where),
        ("description", entry.details),
        ("status", "CANCELLED" if entry.canceled else "CONFIRMED"),
        ("transp", "TRANSPARENT" if entry.canceled else "OPAQUE"),
    ):
        if text is not None:
            event.add(name, vInline(text.translate(_ESCAPED)))
    if entry.details and entry.details.startswith(("https://", "http://")):
        event.add("url", vInline(quote(entry.details, safe=_URI_RESERVED)))
    return event
