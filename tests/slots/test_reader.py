"""Days that are read, and whatever happens in Redis meanwhile."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.cache.day_store import Claim, DayStore, Kept, Shelf
from app.cache.reach import Reach
from app.slots.knowledge import Knowledge
from app.slots.loads import Load
from app.slots.packing import packed
from app.slots.reader import ROUNDS, DayReader
from app.store.connection import open_store
from tests.slots.readings import DAY, DAYS, INTRO, NOW
from tests.support.redis import RedisServer


@dataclass(frozen=True, slots=True)
class _EventType:
    id: str = INTRO
    uri: str = "https://api.calendly.com/event_types/INTRO"


class _Calendly:
    """Nothing is ever free."""

    longest_read = 1.0
    clock_skew = None

    def __init__(self) -> None:
        self.asked = 0

    async def list_event_type_available_times(self, **_asked: Any) -> list[Any]:
        self.asked += 1
        return []


class _BusyStore(DayStore):
    """Somebody else reads the second day for a while, and a booking makes untrue whatever is read."""

    claims = 0

    async def claim(
        self, event_type: str, known: Mapping[date, datetime | None], lease: timedelta, *, since: str = ""
    ) -> Claim:
        del event_type, lease, since
        self.claims += 1
        return Claim(granted=frozenset({DAY} if self.claims <= ROUNDS else known), fence="1 1")

    async def keep(self, event_type: str, claim: Claim, days: Mapping[date, Kept]) -> frozenset[date]:
        del event_type, claim
        return frozenset(days)


class _SlowStore(DayStore):
    """What Redis has said is heard later."""

    let: asyncio.Event | None = None

    async def read(self, event_type: str, days: Collection[date]) -> Shelf:
        let, shelf = self.let, await super().read(event_type, days)
        if let is not None:
            await let.wait()
        return shelf


def _replica(redis: Redis, kind: type[DayStore] = DayStore) -> DayStore:
    reach = Reach(redis.ping, CollectorRegistry())
    return kind(redis, reach, account="ada", lifetime=timedelta(hours=1), clock=lambda: NOW)


def _reader(store: DayStore, calendly: _Calendly) -> tuple[DayReader, Knowledge]:
    knowledge = Knowledge(store.heard, lambda: None, lambda: NOW)
    client: Any = calendly
    return DayReader(client=client, store=store, knowledge=knowledge, clock=lambda: NOW), knowledge


async def test_however_many_bookings_make_untrue_what_is_read_it_is_served_in_the_end(
    redis: RedisServer,
) -> None:
    calendly = _Calendly()
    async with open_store(redis.url()) as store, asyncio.timeout(5):
        reader, _ = _reader(_replica(store, _BusyStore), calendly)
        found = await reader.load(_EventType(), {}, Load(INTRO, frozenset(DAYS[:2])))

    assert set(found) == set(DAYS[:2])
    assert calendly.asked == ROUNDS + 1


@pytest.mark.fault("R07")
async def test_what_redis_said_before_some_news_is_not_used_once_these_were_heard_of(
    redis: RedisServer,
) -> None:
    """By somebody who had heard of none before, and takes the first for the state of things."""
    async with open_store(redis.url()) as store:
        elsewhere, slow = (
            _replica(store),
            _SlowStore(
                store,
                Reach(store.ping, CollectorRegistry()),
                account="ada",
                lifetime=timedelta(hours=1),
                clock=lambda: NOW,
            ),
        )
        claim = await elsewhere.claim(INTRO, dict.fromkeys(DAYS), timedelta(seconds=1))
        await elsewhere.keep(INTRO, claim, {day: (NOW, packed(day, [])) for day in DAYS})
        reader, knowledge = _reader(slow, _Calendly())
        slow.let = asyncio.Event()
        late = asyncio.create_task(reader.shelved(INTRO, DAYS))
        await asyncio.sleep(0.05)
        told = await elsewhere.forget([DAY])
        let, slow.let = slow.let, None
        await reader.shelved(INTRO, DAYS[1:])
        assert told is not None
        knowledge.hear(told)
        let.set()

        found = await late

    assert DAY not in found
    assert DAY not in knowledge.memory.all_of(INTRO)
