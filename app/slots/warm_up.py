"""Reads the free times that many ask for again shortly before they age, so that the next who asks finds them fresh."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date, datetime, timedelta

from app.slots.buckets import DayBuckets
from app.slots.planning import MAX_WINDOW, windows
from app.slots.policy import Lifetimes
from app.slots.popularity import Popularity

LEAD = timedelta(seconds=5)
"""Before a day ages: longer than a reading takes. No more than a sixth of the time for which it is fresh."""

LOOKS = 5
"""In that time."""


class WarmUp:
    """Of what visitors ask this process for. Others that were asked the same do the same: whoever is first reads for
    all, as with any reading. `may_read` is asked before each event type.
    """

    def __init__(
        self,
        *,
        buckets: DayBuckets,
        popularity: Popularity,
        may_read: Callable[[], Awaitable[bool]],
        renewed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._buckets = buckets
        self._popularity = popularity
        self._may_read = may_read
        self._renewed = renewed
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(lead(self._buckets.lives).total_seconds() / LOOKS)
            await self.look()

    async def look(self) -> None:
        """Renew what is about to age, one event type after the other."""
        for asked in self._popularity.most_asked(self._clock()):
            read_at = self._buckets.read_at(asked.event_type, asked.days)
            days = due(asked.days, read_at, self._clock(), self._buckets.lives)
            if not days:
                continue
            if not await self._may_read():
                return
            if await self._buckets.renew(asked.event_type, days):
                self._renewed()


def lead(lives: Lifetimes) -> timedelta:
    return min(LEAD, lives.fresh / 6)


def due(
    asked: Collection[date], read_at: Mapping[date, datetime], now: datetime, lives: Lifetimes
) -> frozenset[date]:
    """Those days that are about to age, and what the same calls bring along: then all of them age together."""
    latest = now - (lives.fresh - lead(lives))
    to_come = [day for day in asked if day >= now.date()]
    ageing = [day for day in to_come if day in read_at and read_at[day] <= latest]
    firsts = [first for first, _ in windows(ageing)]
    return frozenset(day for day in to_come for first in firsts if 0 <= (day - first).days < MAX_WINDOW)
