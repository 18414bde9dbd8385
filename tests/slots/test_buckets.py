"""Readings of free times that are under way when a booking makes their days untrue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from prometheus_client import CollectorRegistry

from app.cache.day_store import DayStore
from app.cache.reach import Reach
from app.slots.buckets import Coherence, DayBuckets
from app.slots.loads import Load
from app.slots.model import Day
from app.slots.planning import ONE_DAY
from app.slots.policy import Lifetimes
from app.store.connection import open_store
from tests.calendly import rig
from tests.support.redis import RedisServer

DAY = date(2026, 12, 1)
BOOKED, FREE = "2026-12-01T09:00:00.000000Z", "2026-12-01T10:00:00.000000Z"


@dataclass(frozen=True, slots=True)
class EventType:
    id: str = "INTROCALLAAAAAAA"
    uri: str = rig.EVENT_TYPE


INTRO_CALL = EventType()
LIVES = Lifetimes(fresh=timedelta(seconds=30), aged=timedelta(minutes=10), old=timedelta(hours=1))


@dataclass
class Calendly:
    """Knows at once what is free, and tells it when it is let."""

    free: list[str] = field(default_factory=lambda: [BOOKED, FREE])
    asked: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _request: httpx.Request) -> httpx.Response:
        body = rig.collection(*map(rig.available_time, self.free))
        self.asked += 1
        self.heard.set()
        await self.let.wait()
        return httpx.Response(200, json=body)


@pytest.fixture
def calendly() -> Calendly:
    return Calendly()


@pytest.fixture
async def replica(calendly: Calendly, redis: RedisServer) -> AsyncIterator[Callable[..., DayBuckets]]:
    """Opens one on the Redis of the others. `is_deaf`: nobody tells it anything."""
    router = respx.Router(base_url=rig.ORIGIN)
    router.get("/event_type_available_times").mock(side_effect=calendly.answer)
    client = rig.client_on(router)
    async with open_store(redis.url()) as store:
        reach = Reach(store.ping, CollectorRegistry())

        def opened(*, is_deaf: bool = False, now: datetime = rig.NOW) -> DayBuckets:
            return DayBuckets(
                client=client,
                store=DayStore(store, reach, account="ada", lifetime=timedelta(hours=1)),
                coherence=Coherence(
                    is_to_be_asked=lambda: is_deaf, changed=lambda: None, renewed=lambda: None
                ),
                lives=LIVES,
                clock=lambda: now,
            )

        yield opened
    await client.aclose()


@pytest.fixture
def buckets(replica: Callable[..., DayBuckets]) -> DayBuckets:
    return replica()


Reading = Callable[[DayBuckets], Awaitable[list[Day]]]
READINGS: list[Any] = [
    pytest.param(lambda buckets: buckets.read(INTRO_CALL, [DAY]), id="from the cache"),
    pytest.param(lambda buckets: buckets.reread(INTRO_CALL, (DAY, DAY)), id="live"),
]


def _starts(days: list[Day]) -> list[str]:
    return [slot.start.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for day in days for slot in day.slots]


async def _booked_meanwhile(
    buckets: DayBuckets, calendly: Calendly, read: Reading
) -> asyncio.Future[list[Day]]:
    """A reading that was begun before the booking and still runs."""
    running = asyncio.ensure_future(read(buckets))
    await calendly.heard.wait()
    calendly.free = [FREE]
    await buckets.forget([DAY])
    return running


@pytest.mark.parametrize("read", READINGS)
async def test_who_asks_after_a_booking_does_not_join_a_reading_from_before(
    buckets: DayBuckets, calendly: Calendly, read: Reading
) -> None:
    before = await _booked_meanwhile(buckets, calendly, read)

    after = asyncio.ensure_future(read(buckets))
    await asyncio.sleep(0.05)
    calendly.let.set()

    assert BOOKED not in _starts(await after)
    await before
    assert calendly.asked == 2


async def test_who_asked_before_a_booking_is_told_of_it_too(buckets: DayBuckets, calendly: Calendly) -> None:
    before = await _booked_meanwhile(buckets, calendly, lambda each: each.read(INTRO_CALL, [DAY]))
    calendly.let.set()

    assert _starts(await before) == [FREE]
    assert calendly.asked == 2


async def test_who_asked_a_deaf_replica_before_a_booking_is_told_of_it_too(
    replica: Callable[..., DayBuckets], calendly: Calendly
) -> None:
    deaf, other = replica(is_deaf=True), replica()
    calendly.let.set()
    await deaf.read(INTRO_CALL, [DAY])
    calendly.heard.clear()
    calendly.let.clear()
    before = asyncio.ensure_future(deaf.read(INTRO_CALL, [DAY, DAY + ONE_DAY]))
    await calendly.heard.wait()
    calendly.free = [FREE]

    await other.forget([DAY])
    calendly.let.set()

    assert _starts(await before) == [FREE]


@pytest.mark.parametrize("read", READINGS)
async def test_a_reading_from_before_a_booking_is_not_kept(
    buckets: DayBuckets, calendly: Calendly, read: Reading
) -> None:
    before = await _booked_meanwhile(buckets, calendly, read)
    calendly.let.set()
    await before

    assert _starts(await buckets.read(INTRO_CALL, [DAY])) == [FREE]


@pytest.mark.parametrize("read", READINGS)
async def test_without_a_booking_who_asks_joins_the_reading_under_way(
    buckets: DayBuckets, calendly: Calendly, read: Reading
) -> None:
    calendly.let.set()

    found = await asyncio.gather(*(read(buckets) for _ in range(10)))

    assert {tuple(_starts(days)) for days in found} == {(BOOKED, FREE)}
    assert calendly.asked == 1


async def test_what_another_replica_read_long_ago_is_read_in_the_same_call_as_what_nobody_has(
    replica: Callable[..., DayBuckets], calendly: Calendly
) -> None:
    calendly.let.set()
    other = replica(now=rig.NOW - timedelta(minutes=20))
    await other.read(INTRO_CALL, [DAY])
    await other.forget([DAY + 2 * ONE_DAY])

    days = await replica().read(INTRO_CALL, [DAY, DAY + ONE_DAY])

    assert {day.as_of for day in days} == {rig.NOW}
    assert calendly.asked == 2


async def test_what_was_read_since_it_was_decided_to_read_it_is_not_read_again(
    buckets: DayBuckets, calendly: Calendly
) -> None:
    calendly.let.set()
    read = await buckets.read(INTRO_CALL, [DAY])

    found = await buckets._load(INTRO_CALL, {}, Load(INTRO_CALL.id, frozenset({DAY})))

    assert found == {DAY: read[0]}
    assert calendly.asked == 1
