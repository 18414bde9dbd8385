"""Readings of free times that are under way when a booking makes their days untrue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.cache import keys
from app.cache.day_store import Claim, DayStore, Untrue
from app.cache.reach import Reach
from app.calendly.client import CalendlyClient
from app.errors import NotFoundError, UpstreamFailedError, UpstreamTimeoutError
from app.slots.buckets import Coherence, DayBuckets
from app.slots.knowledge import Knowledge
from app.slots.loads import Load
from app.slots.model import Day
from app.slots.planning import ONE_DAY
from app.slots.policy import Lifetimes
from app.slots.reader import DayReader
from app.store.connection import open_store
from tests.calendly import rig
from tests.soak.waiting import until
from tests.support.redis import RedisServer
from tests.support.simulation import StandingClock
from tests.support.stopwatch import Stopwatch

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
    fails: bool = False
    status: int = 200
    asked: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _request: httpx.Request) -> httpx.Response:
        body = rig.collection(*map(rig.available_time, self.free))
        self.asked += 1
        self.heard.set()
        await self.let.wait()
        return httpx.Response(self.status, json={"odd": 1} if self.fails else body)


@pytest.fixture
def calendly() -> Calendly:
    return Calendly()


@dataclass(frozen=True, slots=True)
class Replicas:
    """Each on the Redis of the others."""

    client: CalendlyClient
    redis: Redis

    def store(self, kind: type[DayStore] = DayStore) -> DayStore:
        reach = Reach(self.redis.ping, CollectorRegistry())
        return kind(
            self.redis, reach, account="ada", lifetime=timedelta(hours=1), clock=lambda: rig.NOW + LIVES.old
        )

    def opened(
        self,
        *,
        is_deaf: bool = False,
        clock: Callable[[], datetime] = lambda: rig.NOW,
        kind: type[DayStore] = DayStore,
    ) -> DayBuckets:
        """`is_deaf`: nobody tells it anything."""
        return DayBuckets(
            client=self.client,
            store=self.store(kind),
            coherence=Coherence(is_to_be_asked=lambda: is_deaf, changed=lambda: None, renewed=lambda: None),
            lives=LIVES,
            clock=clock,
        )


@pytest.fixture
async def replicas(calendly: Calendly, redis: RedisServer) -> AsyncIterator[Replicas]:
    router = respx.Router(base_url=rig.ORIGIN)
    router.get("/event_type_available_times").mock(side_effect=calendly.answer)
    client = rig.client_on(router)
    async with open_store(redis.url()) as store:
        yield Replicas(client, store)
    await client.aclose()


@pytest.fixture
def buckets(replicas: Replicas) -> DayBuckets:
    return replicas.opened()


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
    replicas: Replicas, calendly: Calendly
) -> None:
    deaf, other = replicas.opened(is_deaf=True), replicas.opened()
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
    reading = asyncio.gather(*(read(buckets) for _ in range(10)))
    await calendly.heard.wait()
    # By then, all of them have found nothing in the cache.
    await asyncio.sleep(0.2)
    calendly.let.set()
    found = await reading

    assert {tuple(_starts(days)) for days in found} == {(BOOKED, FREE)}
    assert calendly.asked == 1


async def test_what_another_replica_read_long_ago_is_read_in_the_same_call_as_what_nobody_has(
    replicas: Replicas, calendly: Calendly
) -> None:
    calendly.let.set()
    other = replicas.opened(clock=StandingClock(rig.NOW - timedelta(minutes=20)))
    await other.read(INTRO_CALL, [DAY])
    await other.forget([DAY + 2 * ONE_DAY])

    days = await replicas.opened().read(INTRO_CALL, [DAY, DAY + ONE_DAY])

    assert {day.as_of for day in days} == {rig.NOW}
    assert calendly.asked == 2


async def test_redis_that_has_an_older_reading_than_memory_does_not_make_that_one_new(
    replicas: Replicas, calendly: Calendly
) -> None:
    """It could not be told of the later one, or came back with what it had saved before."""
    calendly.let.set()
    clock = StandingClock(rig.NOW - timedelta(minutes=40))
    buckets, name = replicas.opened(clock=clock), f"{keys.days('ada')}day:{INTRO_CALL.id}:{DAY}"
    await buckets.read(INTRO_CALL, [DAY])
    saved = await replicas.redis.get(name)
    clock.moment += timedelta(minutes=20)
    await buckets.read(INTRO_CALL, [DAY])
    await replicas.redis.set(name, saved or "")

    clock.moment = rig.NOW
    days = await buckets.read(INTRO_CALL, [DAY])

    assert [day.as_of for day in days] == [rig.NOW]
    assert calendly.asked == 3


async def test_what_was_read_since_it_was_decided_to_read_it_is_not_read_again(
    replicas: Replicas, calendly: Calendly
) -> None:
    calendly.let.set()
    store = replicas.store()
    reader = DayReader(
        client=replicas.client,
        store=store,
        knowledge=Knowledge(store.heard, lambda: None, lambda: rig.NOW),
        clock=lambda: rig.NOW,
    )

    found = [await reader.load(INTRO_CALL, {}, Load(INTRO_CALL.id, frozenset({DAY}))) for _ in range(2)]

    assert found[0] == found[1]
    assert calendly.asked == 1


async def test_whoever_waits_while_calendly_fails_and_redis_hangs_is_told_of_the_failure(
    buckets: DayBuckets, calendly: Calendly, redis: RedisServer
) -> None:
    calendly.fails = True
    reading = asyncio.ensure_future(buckets.read(INTRO_CALL, [DAY]))
    await calendly.heard.wait()
    redis.told("CLIENT", "PAUSE", "1000")
    calendly.let.set()

    with pytest.raises(UpstreamFailedError):
        await reading


@pytest.mark.parametrize(
    ("status", "expected"), [(200, UpstreamFailedError), (404, NotFoundError)], ids=["odd", "not found"]
)
async def test_a_reading_that_fails_fails_those_who_wait_in_other_processes_too_and_only_them(
    replicas: Replicas, calendly: Calendly, status: int, expected: type[Exception]
) -> None:
    calendly.fails, calendly.status = True, status
    waiting = [
        asyncio.ensure_future(each.read(INTRO_CALL, [DAY]))
        for each in (replicas.opened(), replicas.opened(), replicas.opened())
    ]
    await calendly.heard.wait()
    await asyncio.sleep(0.1)
    calendly.let.set()
    failed = await asyncio.gather(*waiting, return_exceptions=True)
    calendly.fails, calendly.status = False, 200

    assert ([type(each) for each in failed], calendly.asked) == ([expected] * 3, 1)
    assert _starts(await replicas.opened().read(INTRO_CALL, [DAY])) == [BOOKED, FREE]


async def test_others_are_waited_for_as_long_as_they_may_read(replicas: Replicas, calendly: Calendly) -> None:
    """And a little longer: then somebody must have died who shows life all the same."""
    claim = await replicas.store().claim(INTRO_CALL.id, {DAY: None}, timedelta(minutes=1))
    watch = Stopwatch()

    with pytest.raises(UpstreamTimeoutError):
        await replicas.opened().read(INTRO_CALL, [DAY])

    assert claim.granted == {DAY}
    assert calendly.asked == 0
    assert replicas.client.longest_read < watch.stop()


class _SwallowingStore(DayStore):
    """Does not hear that it is to stop, as the Redis library does not now and then."""

    asked = asyncio.Event()

    async def extend(self, event_type: str, claim: Claim, lease: timedelta) -> None:
        if not self.asked.is_set():
            self.asked.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
        await super().extend(event_type, claim, lease)


async def test_whoever_shows_life_ends_with_the_reading_though_nobody_heard_the_call(
    replicas: Replicas, calendly: Calendly
) -> None:
    before = asyncio.all_tasks()
    buckets = replicas.opened(kind=_SwallowingStore)
    reading = asyncio.create_task(buckets.read(INTRO_CALL, [DAY]))
    await _SwallowingStore.asked.wait()
    calendly.let.set()
    await reading

    async def has_ended() -> bool:
        return asyncio.all_tasks() <= before

    async with asyncio.timeout(5):
        await until(has_ended, every=0.01)


class _MutedStore(DayStore):
    """Whatever it is to tell, somebody reads old days meanwhile, and nobody is told in the end."""

    readings: list[Awaitable[object]]

    async def forget(self, days: Collection[date]) -> Untrue | None:
        del days
        await asyncio.gather(*self.readings)
        return None


async def test_what_was_read_while_nobody_could_be_told_is_not_remembered(
    replicas: Replicas, calendly: Calendly
) -> None:
    calendly.let.set()
    await replicas.opened().read(INTRO_CALL, [DAY])
    buckets = replicas.opened(kind=_MutedStore)
    _MutedStore.readings = [buckets.read(INTRO_CALL, [DAY])]

    is_told = await buckets.forget([DAY])

    assert (is_told, buckets.read_at(INTRO_CALL, [DAY])) == (False, {})


@pytest.mark.fault("R09")
async def test_whoever_knows_better_than_redis_has_all_read_anew(
    replicas: Replicas, calendly: Calendly
) -> None:
    """It fails over to what it was before a booking, and the first to tell it something is who knows of nothing."""
    calendly.let.set()
    knows = replicas.opened()
    await knows.read(INTRO_CALL, [DAY])
    store = replicas.redis
    saved = {name: bytes(await store.dump(name) or b"") for name in await store.keys("*")}
    await knows.forget([DAY])
    calendly.free = [FREE]
    for name, value in saved.items():
        await store.restore(name, 3_600_000, value, replace=True)

    told = await replicas.store().forget([DAY + ONE_DAY])
    assert told is not None
    knows.hear(told)

    assert _starts(await knows.read(INTRO_CALL, [DAY])) == [FREE]
    assert _starts(await replicas.opened().read(INTRO_CALL, [DAY])) == [FREE]
