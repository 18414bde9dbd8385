"""A booking as an entry of a calendar, and as links that add it to calendars on the web. Pure functions.

No link names an address of anybody: links are forwarded, and end up in histories.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from unicodedata import category
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """`uid` stays the same for all that becomes of a booking, and `sequence` counts up with each change.

    All times have an offset; `host` and `place` are for people, `place` without the link to join.
    """

    uid: str
    sequence: int
    name: str
    start: datetime
    end: datetime
    host: str
    place: str | None
    join_url: str | None
    canceled: bool
    created_at: datetime

    @property
    def title(self) -> str:
        return plain(f"{self.name} ({self.host})" if self.host else self.name)

    @property
    def where(self) -> str | None:
        return plain(self.place or self.join_url or "") or None

    @property
    def details(self) -> str | None:
        return plain(self.join_url or "") or None


def calendar_links(entry: CalendarEntry) -> dict[str, str]:
    """Links that open a calendar with the booking filled in. What is not known is left out."""
    return {
        "google": _link("https://calendar.google.com/calendar/render", _google(entry)),
        "outlook": _link("https://outlook.live.com/calendar/0/deeplink/compose", _microsoft(entry)),
        "office365": _link("https://outlook.office.com/calendar/0/deeplink/compose", _microsoft(entry)),
        "yahoo": _link("https://calendar.yahoo.com/", _yahoo(entry)),
    }


def _google(entry: CalendarEntry) -> dict[str, str | None]:
    return {
        "action": "TEMPLATE",
        "text": entry.title,
        "dates": f"{_basic(entry.start)}/{_basic(entry.end)}",
        "details": entry.details,
        "location": entry.where,
    }


def _microsoft(entry: CalendarEntry) -> dict[str, str | None]:
    return {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": entry.title,
        "startdt": _extended(entry.start),
        "enddt": _extended(entry.end),
        "body": entry.details,
        "location": entry.where,
    }


def _yahoo(entry: CalendarEntry) -> dict[str, str | None]:
    return {
        "v": "60",
        "title": entry.title,
        "st": _basic(entry.start),
        "et": _basic(entry.end),
        "desc": entry.details,
        "in_loc": entry.where,
    }


def plain(text: str) -> str:
    """Without what no calendar shows and some choke on: one kind of line end, no control characters, no half emoji."""
    lines = "\n".join(text.splitlines())
    return "".join(char for char in lines if char in "\t\n" or category(char) not in {"Cc", "Cs"})


def _extended(time: datetime) -> str:
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _basic(time: datetime) -> str:
    return _extended(time).replace("-", "").replace(":", "")


def _link(address: str, fields: Mapping[str, str | None]) -> str:
    said = {name: value for name, value in fields.items() if value is not None}
    # Spaces as %20: not every calendar takes a plus for one.
    return f"{address}?{urlencode(said, quote_via=quote, safe='')}"
