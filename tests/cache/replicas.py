"""Day stores of one account, as replicas have them, and what they keep there."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.cache import keys
from app.cache.day_store import Claim, DayStore, Kept
from app.cache.reach import Reach
from tests.soak.waiting import until

INTRO, WORKSHOP = "intro-call", "workshop"
DAYS = [date(2026, 12, 1) + timedelta(days=number) for number in range(4)]
DAY = DAYS[0]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LONG = timedelta(minutes=1)
OVER = timedelta()
"""A lease that has expired as soon as it is given."""

PREFIX = keys.days("ada")
NEWS = PREFIX + "news"


class CountedReach(Reach):
    """Counts how often somebody was about to ask Redis."""

    asked = 0

    @property
    def is_away(self) -> bool:
        self.asked += 1
        return super().is_away


def counted_reach_of(store: Redis) -> CountedReach:
    return CountedReach(store.ping, CollectorRegistry())


async def asked(reaches: Collection[CountedReach], times: int) -> None:
    """Wait until each has been."""

    async def have_asked() -> bool:
        return all(each.asked >= times for each in reaches)

    async with asyncio.timeout(20):
        await until(have_asked, every=0.005)


def reach_of(store: Redis) -> Reach:
    return Reach(store.ping, CollectorRegistry())


def replica(store: Redis, reach: Reach | None = None, *, account: str = "ada") -> DayStore:
    return DayStore(
        store,
        reach or reach_of(store),
        account=account,
        lifetime=timedelta(hours=1),
        clock=lambda: NOON + LONG,
    )


async def claimed(days: DayStore, *wanted: date, lease: timedelta = LONG, event_type: str = INTRO) -> Claim:
    return await days.claim(event_type, dict.fromkeys(wanted or (DAY,)), lease)


def read(value: bytes = b"slots", *, seconds: int = 0) -> Kept:
    """`seconds`: after the first reading."""
    return NOON + seconds * SECOND, value


async def kept(days: DayStore, values: Mapping[date, Kept], event_type: str = INTRO) -> None:
    """By somebody who has read them just now."""
    claim = await claimed(days, *values, event_type=event_type)
    assert await days.keep(event_type, claim, values) == frozenset()


async def shelved(days: DayStore, event_type: str = INTRO) -> dict[date, Kept]:
    """Whatever is there."""
    return dict((await days.read(event_type, DAYS)).days)
