"""Answers in Redis: only true ones, only our own, all of a moment in one round trip."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.cache import keys
from app.cache.answer_shelf import AT_ONCE, MOST, AnswerShelf
from app.cache.heard import Heard
from app.cache.reach import Reach
from app.store.connection import open_store
from tests.cache.replicas import replica
from tests.support.ports import free_port
from tests.support.redis import RedisServer

DAY = date(2026, 12, 1)
ANSWERS = keys.days("ada") + "answers:us"


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[Redis]:
    async with open_store(redis.url()) as opened:
        yield opened


@pytest.fixture
async def shelf(store: Redis) -> AsyncIterator[AnswerShelf]:
    opened = _shelf(store)
    yield opened
    await opened.aclose()


def _shelf(store: Redis, maker: str = "us", heard: Heard | None = None) -> AnswerShelf:
    reach = Reach(store.ping, CollectorRegistry())
    return AnswerShelf(store, reach, account="ada", maker=maker, heard=heard or Heard())


async def _put(
    shelf: AnswerShelf, store: Redis, answers: Mapping[str, bytes], generation: int | None = None
) -> None:
    """And wait until it is there, or has been refused. `generation`: the present one, unless it is said."""
    known = await replica(store).generation() if generation is None else generation
    before = await _steps(store)
    for name, answer in answers.items():
        shelf.put(name.encode(), answer, known)
    for _ in range(1000):
        if await _steps(store) > before:
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


async def _steps(store: Redis) -> int:
    """Scripts that have run."""
    stats = await store.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))


async def _forget(store: Redis) -> int:
    told = await replica(store).forget([DAY])
    assert told is not None
    return told.generation


async def test_what_was_put_is_taken(shelf: AnswerShelf, store: Redis) -> None:
    await _put(shelf, store, {"one": b"first", "two": b"\x00\xff"})

    assert [await shelf.take(name) for name in (b"one", b"two", b"three")] == [b"first", b"\x00\xff", b""]
    assert 0 < await store.ttl(ANSWERS) <= 600


async def test_nothing_outlives_what_became_untrue(shelf: AnswerShelf, store: Redis) -> None:
    await _put(shelf, store, {"one": b"old"})
    generation = await _forget(store)
    assert await shelf.take(b"one") == b""

    await _put(shelf, store, {"one": b"new"}, generation)

    assert await shelf.take(b"one") == b"new"


async def test_what_was_made_before_the_news_is_not_kept(shelf: AnswerShelf, store: Redis) -> None:
    generation = await _forget(store)

    await _put(shelf, store, {"one": b"old"}, generation - 1)

    assert await shelf.take(b"one") == b""
    assert await store.exists(ANSWERS) == 0


async def test_a_redis_that_has_lost_everything_is_filled_again(shelf: AnswerShelf, store: Redis) -> None:
    generation = await _forget(store)
    await store.flushall()

    await _put(shelf, store, {"one": b"old"}, generation)
    before = await shelf.take(b"one")
    await _put(shelf, store, {"one": b"new"})

    assert (before, await shelf.take(b"one")) == (b"", b"new")


@pytest.mark.fault("R08")
async def test_nothing_is_taken_from_a_redis_that_has_lost_news(store: Redis) -> None:
    """It failed over, or came back, to what it was some time ago: whoever asks has heard of more."""
    heard = Heard()
    shelf = _shelf(store, heard=heard)
    await _put(shelf, store, {"one": b"old"})
    heard.generation = await replica(store).generation() + 1

    assert await shelf.take(b"one") == b""
    assert await replica(store).generation() > heard.generation


async def test_other_settings_have_other_answers(shelf: AnswerShelf, store: Redis) -> None:
    await _put(shelf, store, {"one": b"ours"})

    assert await _shelf(store, "others").take(b"one") == b""


async def test_a_crowd_costs_two_round_trips(shelf: AnswerShelf, store: Redis) -> None:
    names = [f"name-{number}" for number in range(AT_ONCE)]
    await _put(shelf, store, {name: name.encode() for name in names})
    before = await _steps(store)

    found = await asyncio.gather(*(shelf.take(name.encode()) for name in names * 3))

    assert found == [name.encode() for name in names * 3]
    assert await _steps(store) - before <= 2


async def test_there_are_never_more_of_them_than_fit(shelf: AnswerShelf, store: Redis) -> None:
    counts = []
    for batch in range(MOST // AT_ONCE + 3):
        names = {f"name-{batch}-{number}": b"answer" for number in range(AT_ONCE)}
        await _put(shelf, store, names)
        counts.append(await store.hlen(ANSWERS))

    assert max(counts) == MOST + AT_ONCE
    assert counts[-1] == AT_ONCE * 2


async def test_whoever_puts_too_many_at_once_loses_the_rest(shelf: AnswerShelf, store: Redis) -> None:
    await _put(shelf, store, {f"name-{number}": b"answer" for number in range(AT_ONCE * 2)})

    assert await store.hlen(ANSWERS) == AT_ONCE


async def test_what_is_no_hash_is_replaced(shelf: AnswerShelf, store: Redis) -> None:
    await store.set(ANSWERS, "what is this")
    assert await shelf.take(b"one") == b""

    await _put(shelf, store, {"one": b"answer"})

    assert await shelf.take(b"one") == b"answer"


async def test_whoever_asked_is_told_though_it_is_closed_meanwhile(
    shelf: AnswerShelf, redis: RedisServer
) -> None:
    """Those whose question is on its way, and those who came after it."""
    told: list[str] = []
    redis.pause()
    try:
        shelf.ask(b"one", lambda _: told.append("one"))
        await asyncio.sleep(0.05)
        shelf.ask(b"two", lambda _: told.append("two"))
        await shelf.aclose()
        await asyncio.sleep(0.05)
    finally:
        redis.resume()

    assert told == ["one", "two"]


async def test_without_redis_there_is_none_and_nobody_fails() -> None:
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as store:
        reach = Reach(store.ping, CollectorRegistry())
        shelf = AnswerShelf(store, reach, account="ada", maker="us", heard=Heard())
        shelf.put(b"one", b"answer", 0)

        assert await shelf.take(b"one") == b""
        assert reach.is_away
        await shelf.aclose()
