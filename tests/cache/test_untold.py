"""What became untrue while Redis could not be told: it is not believed until it was, and it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from app.background import running
from app.cache.answer_shelf import AnswerShelf
from app.cache.day_store import DayStore, Untrue
from tests.cache.replicas import (
    DAY,
    DAYS,
    NEWS,
    claimed,
    kept,
    reach_of,
    read,
    replica,
    shelved,
)
from tests.soak.waiting import until
from tests.support.redis import RedisServer

FULL = ("maxmemory", "1")
NO_WRITES = ("min-replicas-to-write", "1")


@asynccontextmanager
async def _harmed(store: Redis, name: str, value: str) -> AsyncIterator[None]:
    await store.config_set(name, value)
    try:
        yield
    finally:
        await store.config_set(name, "0")


async def _told(days: DayStore) -> None:
    async def is_told() -> bool:
        return days.heard.is_all_told

    async with asyncio.timeout(10), running(days.tell()):
        await until(is_told, every=0.01)


@pytest.mark.fault("R05")
async def test_a_full_redis_is_told_all_the_same(days: DayStore, other: DayStore, store: Redis) -> None:
    await kept(days, {day: read() for day in DAYS})

    async with _harmed(store, *FULL):
        told = await days.forget(DAYS[:2])

    assert told is not None
    assert set(await shelved(other)) == set(DAYS[2:])


@pytest.mark.fault("R07")
async def test_nothing_that_redis_could_not_be_told_of_is_taken_from_there(
    days: DayStore, other: DayStore, store: Redis
) -> None:
    await kept(other, {day: read() for day in DAYS})
    async with _harmed(store, *NO_WRITES):
        untold = await days.forget(DAYS[:2])

        found = await shelved(days)
    claim = await claimed(days, *DAYS)

    assert (untold, set(found)) == (None, set(DAYS[2:]))
    assert (claim.granted, claim.newer) == (frozenset(DAYS[:2]), frozenset(DAYS[2:]))


@pytest.mark.fault("R07")
async def test_no_answer_is_taken_from_there_either(days: DayStore, store: Redis) -> None:
    shelf = AnswerShelf(store, reach_of(store), account="ada", maker="us", heard=days.heard)
    shelf.put(b"place", b"answer", await days.generation())

    async def is_there() -> bool:
        return await shelf.take(b"place") == b"answer"

    async with asyncio.timeout(10):
        await until(is_there, every=0.01)
    async with _harmed(store, *NO_WRITES):
        await days.forget([DAY])

        found = await shelf.take(b"place")
    await shelf.aclose()

    assert found == b""


@pytest.mark.fault("R07")
async def test_redis_is_told_as_soon_as_it_takes_writes(
    days: DayStore, other: DayStore, store: Redis
) -> None:
    await kept(other, {day: read() for day in DAYS})
    async with _harmed(store, *NO_WRITES):
        await days.forget(DAYS[:2])

    await _told(days)

    assert set(await shelved(other)) == set(DAYS[2:])
    assert set(await shelved(days)) == set(DAYS[2:])


@pytest.mark.fault("R04")
async def test_and_after_a_pause_too_short_for_anybody_else_to_notice(
    other: DayStore, store: Redis, redis: RedisServer
) -> None:
    await kept(other, {day: read() for day in DAYS})
    reach = reach_of(store)
    late = replica(store, reach)
    redis.pause()
    try:
        untold = await late.forget(DAYS[:2])
    finally:
        redis.resume()
    async with asyncio.timeout(10):
        await until(reach.ask, every=0.01)

    await _told(late)

    assert untold is None
    assert set(await shelved(other)) == set(DAYS[2:])


async def test_whoever_leaves_before_it_was_told_does_not_take_it_along(
    days: DayStore, store: Redis, redis: RedisServer
) -> None:
    late = replica(store)
    redis.pause()
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(late.forget(DAYS[:2]), timeout=0.05)
    finally:
        redis.resume()
    await days.generation()
    await kept(days, {day: read() for day in DAYS})

    await _told(late)

    assert set(await shelved(days)) == set(DAYS[2:])


async def test_what_is_told_of_one_booking_is_still_to_be_told_of_another(
    days: DayStore, store: Redis
) -> None:
    """Of the same day, where the second could not be told while the first was."""
    await kept(days, {day: read() for day in DAYS})
    first = asyncio.create_task(days.forget([DAY]))
    await asyncio.sleep(0)
    days.heard.untold.add(DAY)
    await first
    async with _harmed(store, *NO_WRITES):
        assert await days.forget([DAY]) is None

    assert days.heard.untold == {DAY}


@pytest.mark.fault("P06")
async def test_what_is_doubted_is_taken_from_nowhere_until_redis_has_begun_anew(
    days: DayStore, other: DayStore
) -> None:
    await kept(other, {day: read() for day in DAYS})
    days.doubt()
    before, claim = await shelved(days), await claimed(days, *DAYS)
    theirs = await shelved(other)

    await _told(days)

    assert (before, claim.newer, set(theirs)) == ({}, frozenset(), set(DAYS))
    assert await shelved(other) == {}
    await kept(days, {DAY: read()})
    assert await shelved(days) == {DAY: read()}


@pytest.mark.fault("P06")
async def test_that_holds_where_redis_has_news_that_the_doubter_has_not_heard(
    days: DayStore, other: DayStore
) -> None:
    days.heard.generation = await days.generation()
    await kept(other, {day: read() for day in DAYS})
    await other.forget([DAYS[3]])

    days.doubt()
    await _told(days)

    assert await shelved(other) == {}


@pytest.mark.fault("P06")
async def test_of_several_who_doubt_the_same_one_has_redis_begin_anew(
    days: DayStore, other: DayStore
) -> None:
    for each in (days, other):
        each.heard.generation = await each.generation()
        each.doubt()

    await _told(days)
    await kept(days, {DAY: read()})
    await _told(other)

    assert await shelved(other) == {DAY: read()}


@pytest.mark.fault("P06")
async def test_who_doubts_again_while_redis_begins_anew_has_it_begin_once_more(
    days: DayStore, other: DayStore
) -> None:
    days.doubt()
    making_up = asyncio.create_task(days.make_up())
    await asyncio.sleep(0)
    days.doubt()
    await making_up
    await kept(other, {DAY: read()})

    still = days.heard.is_all_told
    await _told(days)

    assert not still
    assert await shelved(other) == {}


@pytest.mark.fault("R10")
@pytest.mark.parametrize("garbage", ["inf", "nan", "-1", "1e15", "0x10", "9999999999999999", "9" * 20, ""])
@pytest.mark.parametrize("field", ["generation", "epoch", "fence"])
async def test_news_with_garbage_in_them_are_begun_anew(
    days: DayStore, other: DayStore, store: Redis, field: str, garbage: str
) -> None:
    await kept(days, {day: read() for day in DAYS})
    await store.hset(NEWS, field, garbage)

    assert await shelved(other) == {}
    await kept(days, {DAY: read()})
    told = await other.forget([DAYS[1]])
    assert told is not None
    assert told.before < told.generation < 2**53
    assert await shelved(days) == {DAY: read()}


def test_nobody_believes_a_message_that_counts_beyond_counting() -> None:
    with pytest.raises(ValueError, match="counted"):
        Untrue.parsed(b"9999999999999999 1 2026-12-01")
