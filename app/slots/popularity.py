"""Which days of which event types are asked for lately, and of which the most. Knows no time but what it is told."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.slots.model import Addressed

NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """An event type, and those of its days that somebody asked for lately."""

    event_type: Addressed
    days: frozenset[date]


@dataclass(slots=True)
class _Interest:
    event_type: Addressed
    latest: datetime
    score: float = 0.0
    days: dict[date, datetime] = field(default_factory=dict)


class Popularity:
    """Of the `most` asked event types; of none where that is 0.

    What nobody has asked for during `lately` is forgotten. Until then each question counts half as much after
    that time, so that yesterday's favourite makes room for today's.
    """

    def __init__(self, *, most: int, lately: timedelta) -> None:
        self._most = most
        self._lately = lately
        self._interests: dict[str, _Interest] = {}

    def note(self, event_type: Addressed, days: Collection[date], now: datetime) -> None:
        """Somebody has asked for these."""
        if not self._most:
            return
        interest = self._interests.setdefault(event_type.id, _Interest(event_type, now))
        interest.score = self._score(interest, now) + 1
        interest.event_type, interest.latest = event_type, now
        interest.days |= dict.fromkeys(days, now)

    def most_asked(self, now: datetime) -> list[Asked]:
        """The most asked first."""
        for id_, interest in list(self._interests.items()):
            interest.days = {
                day: asked for day, asked in interest.days.items() if self._is_recent(asked, now)
            }
            if not interest.days:
                del self._interests[id_]
        ranked = sorted(self._interests.values(), key=lambda each: -self._score(each, now))
        return [Asked(each.event_type, frozenset(each.days)) for each in ranked[: self._most]]

    def _is_recent(self, asked: datetime, now: datetime) -> bool:
        """Nor is what lies ahead: then the clock was set back."""
        return NONE <= now - asked <= self._lately

    def _score(self, interest: _Interest, now: datetime) -> float:
        passed = max(now - interest.latest, NONE) / self._lately
        return float(interest.score * 0.5**passed)
