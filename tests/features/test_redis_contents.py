"""What stands in the cache is gone or foreign: free times are read anew, once for all replicas, and kept again."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import httpx
import pytest
from redis import Redis

from app.cache.day_store import DIGITS
from app.cache.leases import LEASE
from tests.faults.scene import BRISK, booked_in_the_end, healed
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Service, booking_body, calls_of, clear_calls, running_service, settings_for
from tests.support.simulation import MONDAY, Simulation

TIMES = "/event_type_available_times"
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu")
RANGES = (
    {"from": "2026-11-24", "to": "2026-11-30"},
    {"from": "2026-11-28", "to": "2026-12-04"},
    {"from": "2026-12-01", "to": "2026-12-20"},
    {"from": "2026-12-03", "to": "2026-12-03"},
    {"from": "2026-12-18", "to": "2027-01-20"},
)
AT_ONCE = 10
"""Visitors, each of whom reads again as soon as there is an answer."""

TRIES = 5
"""Of which one is to be sound."""

JUST_NOW = b"%016d" % (MONDAY.timestamp() * 1_000_000)
GARBAGE = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"0", id="a digit"),
    pytest.param(b"0000garbage", id="too few digits"),
    pytest.param(b"\x00" * 40, id="zeros"),
    pytest.param(b"\xff" * 40, id="no text"),
    pytest.param(b'{"as_of": 1}', id="JSON"),
    pytest.param(JUST_NOW, id="an instant and no more"),
    pytest.param(JUST_NOW + b"garbage", id="an instant, and garbage"),
    pytest.param(b"9" * 40, id="an instant to come, and garbage"),
    pytest.param(["foreign"], id="another type"),
]


@asynccontextmanager
async def _two(calendly: Simulation, redis: RedisServer) -> AsyncIterator[list[Service]]:
    """Replicas, which know soon what became of a booking."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_another(calendly, redis)) for _ in range(2)]


def _another(calendly: Simulation, redis: RedisServer) -> AbstractAsyncContextManager[Service]:
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    return running_service(settings_for(str(calendly.http.base_url), **stores), calendly.clock, BRISK)


def _days(redis: RedisServer) -> dict[bytes, bytes]:
    """As they stand there, by name, but for the epoch."""
    with Redis(port=redis.port, db=CACHE) as client:
        return {name: client.get(name)[DIGITS:] for name in client.keys("bff:*:*:day:*")}


def _spoil(redis: RedisServer, garbage: bytes | list[str]) -> None:
    """All of the cache."""
    with Redis(port=redis.port, db=CACHE) as client:
        for name in client.keys("*"):
            client.delete(name)
            if isinstance(garbage, list):
                client.rpush(name, *garbage)
            else:
                client.set(name, garbage)


def _read(bff: Service, slug: str, zone: str, range_: dict[str, str]) -> Awaitable[httpx.Response]:
    return bff.get(f"/event-types/{slug}/availability", timeZone=zone, **range_)


async def _reads_of_days(calendly: Simulation) -> Counter[tuple[str, str]]:
    """How often Calendly was asked for a day of an event type. Only the ends of a call count: what is between them may
    have come for nothing, while somebody else was reading it.
    """
    found = Counter[tuple[str, str]]()
    for call in await calls_of(calendly, TIMES):
        asked = call["query"]
        last = datetime.fromisoformat(asked["end_time"]) - timedelta.resolution
        found.update((asked["event_type"], day) for day in {asked["start_time"][:10], str(last.date())})
    return found


@dataclass(frozen=True, slots=True)
class Emptied:
    """What became of 200 reads, half of them after Redis was emptied. `reads`: how often Calendly was asked for a day
    from then on. `is_sound`: no replica took Redis to be away, nor a living reader to be dead, as where a machine
    stands still.
    """

    wrong: list[str]
    is_sound: bool
    is_filled: bool
    reads: set[int]


async def _emptied_under_load(calendly: Simulation, redis: RedisServer) -> Emptied:
    redis.flush()
    async with _two(calendly, redis) as replicas:
        questions = list(product(("intro-call", "visit"), ZONES, RANGES))
        before = [(await _read(replicas[0], *question)).json() for question in questions]
        kept = _days(redis)
        await clear_calls(calendly)
        # Each question to both of them at the same time.
        todo = list(product(zip(questions, before, strict=True), replicas)) * 2
        coming, wrong, took = iter(enumerate(todo)), list[str](), list[float]()

        async def visit() -> None:
            for number, ((question, right), replica) in coming:
                if number == len(todo) // 2:
                    redis.flush()
                    for each in replicas:
                        each.forget()
                began = time.monotonic()
                answer = await _read(replica, *question)
                took.append(time.monotonic() - began)
                if (answer.status_code, answer.json()) != (200, right):
                    wrong.append(answer.text)

        await asyncio.gather(*(visit() for _ in range(AT_ONCE)))

        told = [(await each.http.get("/metrics")).text for each in replicas]
        is_away = any("bff_cache_failures_total{" in each for each in told)
        return Emptied(
            wrong=wrong,
            is_sound=not is_away and max(took) < LEASE.total_seconds(),
            is_filled=_days(redis) == kept,
            reads=set((await _reads_of_days(calendly)).values()),
        )


async def _book_and_see_it_gone(replicas: list[Service], start: str) -> None:
    assert all([start in await each.free("intro-call") for each in replicas])

    answer = await booked_in_the_end(replicas[0], booking_body("intro-call", start), start)

    async def is_gone() -> bool:
        return not any([start in await each.free("intro-call") for each in replicas])

    assert answer.status_code == 201
    await healed(is_gone)


@pytest.mark.fault("R09")
async def test_a_cache_that_is_emptied_under_load_is_filled_again_and_no_day_is_read_twice(
    calendly: Simulation, fragile: RedisServer
) -> None:
    for _ in range(TRIES):
        found = await _emptied_under_load(calendly, fragile)
        assert found.wrong == []
        if found.is_sound:
            break

    assert found == Emptied(wrong=[], is_sound=True, is_filled=True, reads={1})


@pytest.mark.fault("R09")
async def test_what_is_booked_after_redis_was_emptied_is_gone_from_every_replica(
    calendly: Simulation, fragile: RedisServer
) -> None:
    async with _two(calendly, fragile) as replicas:
        before, after = (await replicas[0].free("intro-call"))[:2]
        await _book_and_see_it_gone(replicas, before)
        # They have heard of news now that Redis knows nothing of any more.
        fragile.flush()

        await _book_and_see_it_gone(replicas, after)

    assert len(await calls_of(calendly, "/invitees", "POST")) == 2


@pytest.mark.fault("R10")
@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_under_our_keys_is_read_past_and_replaced(
    calendly: Simulation, fragile: RedisServer, garbage: bytes | list[str]
) -> None:
    async with _another(calendly, fragile) as replica:
        before, kept = await replica.free("intro-call"), _days(fragile)
    await clear_calls(calendly)
    _spoil(fragile, garbage)

    async with _another(calendly, fragile) as replica:
        found = await replica.free("intro-call")

    assert found == before
    assert _days(fragile) == kept != {}
    assert len(await calls_of(calendly, TIMES)) == 1
