"""Who asks what somebody else asks, or has asked of another process, costs next to nothing and hears the truth."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
from redis.asyncio import Redis

from app import API
from app.concurrency import told
from app.resources import Clock
from app.settings import Settings
from tests.support.redis import CACHE, RedisServer
from tests.support.service import (
    Service,
    calls_of,
    clear_calls,
    plan_fault,
    running_service,
    settings_for,
)
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"
QUERY = "from=2026-11-24&to=2026-11-30"
PATH = f"{API}/event-types/{{}}/availability"
DAYS = "bff:*:day:*"


def _settings(calendly: Simulation, redis: RedisServer, **bff: Any) -> Settings:
    return settings_for(str(calendly.http.base_url), redis_url=redis.url(CACHE), **bff)


async def _ask(bff: Service, slug: str = "intro-call") -> httpx.Response:
    return await bff.http.get(f"{PATH.format(slug)}?{QUERY}")


async def _without_days(redis: RedisServer) -> None:
    """Only ready answers are left."""
    async with Redis(port=redis.port, db=CACHE) as client:
        names = [name async for name in client.scan_iter(DAYS)]
        assert await client.delete(*names) > 0


@asynccontextmanager
async def _listening(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """A service that hears of whatever becomes untrue: until then, it believes nothing."""
    async with running_service(settings, clock) as bff:
        for _ in range(500):
            if bff.account.buckets.version:
                break
            await asyncio.sleep(0.01)
        yield bff


async def _answers_are_in_redis(redis: RedisServer, count: int) -> None:
    async with Redis(port=redis.port, db=CACHE) as client, asyncio.timeout(5):
        while True:
            names = [name async for name in client.scan_iter("*:answers:*")]
            if sum([await client.hlen(name) for name in names]) == count:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _one_shared(calendly: Simulation, redis: RedisServer) -> AsyncIterator[tuple[Service, Service]]:
    """Two processes: the first has given an answer to Redis, and the second has asked for nothing."""
    settings = _settings(calendly, redis)
    async with (
        _listening(settings, calendly.clock) as first,
        _listening(settings, calendly.clock) as second,
    ):
        await _ask(first)
        await _ask(first)
        await _answers_are_in_redis(redis, 1)
        yield first, second


async def test_another_process_sends_what_the_first_has_made_ready(
    calendly: Simulation, redis: RedisServer
) -> None:
    settings = _settings(calendly, redis)
    async with (
        _listening(settings, calendly.clock) as first,
        _listening(settings, calendly.clock) as second,
    ):
        made = await _ask(first)
        await _ask(first)
        await _answers_are_in_redis(redis, 1)
        await _without_days(redis)
        await clear_calls(calendly)

        sent = [await _ask(second) for _ in range(2)]

    assert {(answer.status_code, answer.content, answer.headers["ETag"]) for answer in sent} == {
        (200, made.content, made.headers["ETag"])
    }
    assert await calls_of(calendly, TIMES) == []


async def test_a_booking_anywhere_takes_it_away(calendly: Simulation, redis: RedisServer) -> None:
    async with _one_shared(calendly, redis) as (first, second):
        body = await first.booking()
        assert (await first.book(body)).status_code == 201

        assert body["start"] not in await second.free("intro-call")


async def test_what_is_on_its_way_from_redis_when_an_account_comes_or_goes_is_not_kept(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with _one_shared(calendly, redis) as (_, second):
        answers = second.app.state.resources.answers
        place = f"{PATH.format('intro-call')}?{QUERY}".encode()
        coming = asyncio.create_task(told(partial(answers.bring, place)))
        await asyncio.sleep(0)

        answers.forget()

        assert (await coming, len(answers.memory)) == (None, 0)
        assert await told(partial(answers.bring, place)) is not None


async def test_nobody_sends_what_is_over_or_what_other_settings_have_made(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with _listening(_settings(calendly, redis), calendly.clock) as first:
        await _ask(first)
        await _ask(first)
        await _answers_are_in_redis(redis, 1)
    await _without_days(redis)
    await clear_calls(calendly)

    async with _listening(
        _settings(calendly, redis, availability_fresh=timedelta(seconds=20)), calendly.clock
    ) as other:
        await _ask(other)
    assert len(await calls_of(calendly, TIMES)) == 1
    calendly.clock.advance(seconds=31)
    await _without_days(redis)
    async with _listening(_settings(calendly, redis), calendly.clock) as again:
        assert (await _ask(again)).json()["state"] == "fresh"
    assert len(await calls_of(calendly, TIMES)) == 2


async def test_what_nobody_can_read_is_made_anew(calendly: Simulation, redis: RedisServer) -> None:
    settings = _settings(calendly, redis)
    async with _listening(settings, calendly.clock) as first:
        made = await _ask(first)
        await _ask(first)
        await _answers_are_in_redis(redis, 1)
    async with Redis(port=redis.port, db=CACHE) as client:
        [name] = [name async for name in client.scan_iter("*:answers:*")]
        [field] = await client.hkeys(name)
        await client.hset(name, field, "0" * 16 + "what is this")

    async with _listening(settings, calendly.clock) as second:
        assert (await _ask(second)).content == made.content


async def test_a_crowd_that_asks_the_same_is_answered_once_for_all(
    bff: Service, calendly: Simulation
) -> None:
    answers = await asyncio.gather(*(_ask(bff) for _ in range(100)))

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 100
    assert len(await calls_of(calendly, TIMES)) == 1


async def test_a_reading_that_fails_fails_the_crowd_once(bff: Service, calendly: Simulation) -> None:
    await bff.get("/event-types")
    await plan_fault(calendly, "status", times=1000, status=500)
    alone = await _ask(bff, "visit")
    costs = len(await calls_of(calendly, TIMES))
    await clear_calls(calendly)

    answers = await asyncio.gather(*(_ask(bff) for _ in range(50)))

    assert {answer.json()["code"] for answer in answers} == {alone.json()["code"]}
    assert {answer.json()["requestId"] for answer in answers} == {
        answer.headers["X-Request-Id"] for answer in answers
    }
    assert len(await calls_of(calendly, TIMES)) == costs


async def test_whoever_comes_after_a_failure_is_no_part_of_it(bff: Service, calendly: Simulation) -> None:
    await bff.get("/event-types")
    await plan_fault(calendly, "status", times=10, status=500)
    failed = await asyncio.gather(*(_ask(bff) for _ in range(3)))
    await calendly.http.delete("/_simulator/faults")

    assert {answer.status_code for answer in failed} == {502}
    assert (await _ask(bff)).status_code == 200


async def test_nobody_waits_for_a_slow_one_to_take_the_answer(bff: Service) -> None:
    taking, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: MutableMapping[str, Any]) -> None:
        taking.set()
        await may_go_on.wait()

    async def nothing() -> MutableMapping[str, Any]:
        await may_go_on.wait()
        return {"type": "http.disconnect"}

    first = asyncio.create_task(
        bff.app(
            {
                "type": "http",
                "method": "GET",
                "path": PATH.format("intro-call"),
                "query_string": QUERY.encode(),
                "headers": [],
                "scheme": "http",
                "http_version": "1.1",
                "root_path": "",
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 2),
            },
            nothing,
            slow,
        )
    )
    waiting = asyncio.create_task(_ask(bff))
    async with asyncio.timeout(10):
        await taking.wait()
        assert (await waiting).status_code == 200
    assert not first.done()
    may_go_on.set()
    await first


async def test_what_holds_no_longer_takes_the_place_of_nothing(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Somebody may have made it anew while it was fetched."""
    async with _one_shared(calendly, redis) as (_, second):
        place = f"{PATH.format('intro-call')}?{QUERY}".encode()
        answers = second.app.state.resources.answers
        calendly.clock.advance(seconds=31)
        over = await told(partial(answers.bring, place))
        kept = len(answers.memory)
        calendly.clock.advance(seconds=-31)
        held = await told(partial(answers.bring, place))

    assert (over, kept) == (None, 0)
    assert held is not None
