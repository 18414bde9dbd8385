"""What the age of a day allows. Pure functions: what to serve, what to fetch first, what to renew meanwhile."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from app.cache.clocks import latest


class Age(Enum):
    """Of one day that is known."""

    FRESH = "fresh"
    """To be served."""

    AGED = "aged"
    """To be served, while it is renewed."""

    OLD = "old"
    """To be served only where Calendly fails."""

    OVER = "over"
    """Not to be served: as if it had never been read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Up to which age a day is what; each is longer than the one before."""

    fresh: timedelta
    aged: timedelta
    old: timedelta

    def age(self, as_of: datetime, now: datetime) -> Age:
        passed = now - as_of
        if as_of > latest(now) or passed > self.old:
            return Age.OVER
        if passed <= self.fresh:
            return Age.FRESH
        return Age.AGED if passed <= self.aged else Age.OLD

    def turns(self, as_of: datetime, now: datetime) -> list[datetime]:
        """When a day has another age, from now on."""
        return [turn for each in (self.fresh, self.aged, self.old) if (turn := as_of + each) >= now]


@dataclass(frozen=True, slots=True)
class Plan:
    """`first`: the days to fetch before anything is served. `meanwhile`: those to fetch while it is.

    Where something has to be fetched first, what is only aged comes along: one call may bring both.
    """

    first: frozenset[date]
    meanwhile: frozenset[date]

    @property
    def is_fulfilled(self) -> bool:
        return not self.first and not self.meanwhile


def plan(
    wanted: Collection[date],
    known: Mapping[date, datetime],
    now: datetime,
    lives: Lifetimes,
    *,
    failing: bool = False,
) -> Plan:
    """`known`: when each day that is known was read. `failing`: what is only old need not wait for Calendly."""
    ages = {day: lives.age(known[day], now) if day in known else Age.OVER for day in wanted}
    meanwhile = {Age.AGED, Age.OLD} if failing else {Age.AGED}
    aged = frozenset(day for day, age in ages.items() if age in meanwhile)
    first = frozenset(day for day, age in ages.items() if age is not Age.FRESH) - aged
    return Plan(first | aged, frozenset()) if first else Plan(frozenset(), aged)


def can_serve(
    wanted: Collection[date], known: Mapping[date, datetime], now: datetime, lives: Lifetimes
) -> bool:
    """Whether all of it may be served although Calendly fails: a day that nobody has read is never shown as empty."""
    return all(day in known and lives.age(known[day], now) is not Age.OVER for day in wanted)


def due_soon(known: Mapping[date, datetime], now: datetime, lives: Lifetimes) -> list[date]:
    """Days to come whose reading is past half of its life, and not so old that nobody asks for them any more."""
    return [
        day
        for day, as_of in known.items()
        if day >= now.date() and lives.fresh / 2 < now - as_of <= lives.aged
    ]
