"""What an answer about free times shows, and which readings of Calendly that proves. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from app.slots.planning import MARGIN, midnight
from tests.features.availability_model.readings import HOUR, Reading
from tests.support.simulation import Json

DAY = timedelta(days=1)

Place: TypeAlias = tuple[str, date]
"""An event type, and a UTC date."""


@dataclass(frozen=True, slots=True)
class Range:
    """Local dates, both included."""

    first: date
    last: date
    zone: str

    @property
    def dates(self) -> list[date]:
        return [self.first + DAY * number for number in range((self.last - self.first).days + 1)]

    @property
    def begins(self) -> datetime:
        return self._midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return self._midnight(self.last + DAY)

    @property
    def utc_dates(self) -> list[date]:
        """On which anything within it may start."""
        hours = range((self.ends - self.begins) // HOUR)
        return sorted({(self.begins + HOUR * number).date() for number in hours})

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """`first`: of how many `days`, counted from the visitor's today."""

    event_types: tuple[str, ...]
    zone: str
    first: int
    days: int

    @property
    def path(self) -> str:
        if len(self.event_types) > 1:
            return "/availability"
        return f"/event-types/{self.event_types[0]}/availability"

    def range(self, now: datetime) -> Range:
        first = now.astimezone(ZoneInfo(self.zone)).date() + DAY * self.first
        return Range(first, first + DAY * (self.days - 1), self.zone)

    def params(self, range_: Range) -> dict[str, str]:
        listed = {"eventTypeIds": ",".join(self.event_types)} if len(self.event_types) > 1 else {}
        return listed | {"from": str(range_.first), "to": str(range_.last), "timeZone": self.zone}

    def places(self, range_: Range) -> list[Place]:
        return [(id_, day) for id_ in self.event_types for day in range_.utc_dates]


@dataclass(frozen=True, slots=True)
class Seen:
    """A free time in an answer, and the number of the reading it comes from."""

    event_type: str
    start: datetime
    number: int

    @property
    def place(self) -> Place:
        return self.event_type, self.start.date()


def seen_in(said: Json) -> list[Seen]:
    found = []
    for day in said["days"]:
        for slot in day["slots"]:
            start = datetime.fromisoformat(slot["start"])
            assert start.date().isoformat() == day["date"]
            offers = slot.get("offers") or [{"eventTypeId": said["eventTypeId"], **slot}]
            found += [
                Seen(offer["eventTypeId"], start.astimezone(UTC), offer["spotsLeft"]) for offer in offers
            ]
    return found


def is_over(day: date, now: datetime) -> bool:
    return midnight(day + DAY) <= now


def proven(
    place: Place, shown: Sequence[Seen], candidates: Iterable[Reading], range_: Range, now: datetime
) -> Reading | None:
    """The reading behind what is shown of one day of one event type; None where nothing is to be shown.

    Fails where none of the candidates explains all of it. In its last minute a day is not asked for.
    """
    event_type, day = place
    starts = [each.start for each in shown if each.place == place]
    numbers = {each.number for each in shown if each.place == place}
    explained = [
        reading
        for reading in candidates
        if reading.event_type == event_type
        and day in reading.days
        and starts == _visible(reading, day, range_, now)
        and numbers <= {reading.number}
    ]
    assert explained or (is_over(day, now + MARGIN) and not starts), f"{place}: no reading explains {numbers}"
    return explained[-1] if starts else None


def _visible(reading: Reading, day: date, range_: Range, now: datetime) -> list[datetime]:
    """What an answer made of this reading shows of that UTC date."""
    return [start for start in reading.of(day) if start > now and range_.begins <= start < range_.ends]
