"""Days in this process: the newest reading of each, and no more of them than fit."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import TypeAlias

from app.slots.model import Day

MOST_SLOTS = 100_000
"""About 25 MiB."""

Place: TypeAlias = tuple[str, date]
"""An event type's id, and a date."""


class DayMemory:
    """Which of them may be trusted is somebody else's business."""

    def __init__(self, most_slots: int = MOST_SLOTS) -> None:
        self._most = most_slots
        self._days: OrderedDict[Place, Day] = OrderedDict()
        self._weight = 0

    @property
    def is_empty(self) -> bool:
        return not self._days

    def read(self, event_type: str, days: Collection[date]) -> dict[date, Day]:
        found = ((day, self._days.get((event_type, day))) for day in days)
        return {day: kept for day, kept in found if kept is not None}

    def all_of(self, event_type: str) -> dict[date, Day]:
        return {day.date: day for place, day in self._days.items() if place[0] == event_type}

    def keep(self, event_type: str, days: Iterable[Day]) -> None:
        """Unless a newer reading is there."""
        for day in days:
            kept = self._days.get((event_type, day.date))
            if kept is None or kept.as_of < day.as_of:
                self._drop((event_type, day.date))
                self._days[event_type, day.date] = day
                self._weight += _weight(day)
        while self._weight > self._most:
            self._drop(next(iter(self._days)))

    def forget(self, days: Collection[date]) -> None:
        """Of all event types."""
        untrue = frozenset(days)
        for place in [place for place in self._days if place[1] in untrue]:
            self._drop(place)

    def forget_event_type(self, event_type: str) -> None:
        for place in [place for place in self._days if place[0] == event_type]:
            self._drop(place)

    def forget_after(self, instant: datetime) -> None:
        """What was read later than that."""
        for place in [place for place, day in self._days.items() if day.as_of > instant]:
            self._drop(place)

    def clear(self) -> None:
        self._days.clear()
        self._weight = 0

    def _drop(self, place: Place) -> None:
        day = self._days.pop(place, None)
        if day is not None:
            self._weight -= _weight(day)


def _weight(day: Day) -> int:
    """An empty day takes room as well."""
    return len(day.slots) + 1
