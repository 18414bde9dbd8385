"""Atomic steps: on a real Redis and on the embedded store alike."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.store.connection import STATE_PATIENCE, open_store
from app.store.script import Script
from app.store.state import StateStore, StoreAwayError
from app.store_url import EMBEDDED_STORE
from tests.support.redis import STATE, RedisServer

ECHO = Script("return {KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], #KEYS, false}")
COUNT = Script("return redis.call('INCR', KEYS[1])")
FILL = Script("redis.call('HSET', KEYS[1], 'state', 'open', 'fence', 7) return redis.status_reply('OK')")
CLAIM = Script("""
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000)
return 1
""")
WRONG = Script("return redis.call('INCR', KEYS[1], 'too', 'many')")


@pytest.fixture(params=["redis", "embedded"])
async def store(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Redis]:
    url = EMBEDDED_STORE if request.param == "embedded" else redis.url(STATE)
    async with open_store(url, patience=STATE_PATIENCE) as opened:
        yield opened


async def test_a_script_gets_its_keys_and_arguments_and_answers(store: Redis) -> None:
    answer = await StateStore(store).run(ECHO, ["{ada}:a"], ["text", 42, 1.5, b"\xff\x00"])

    assert answer == [b"{ada}:a", b"text", b"42", b"1.5", b"\xff\x00", 1, None]


async def test_a_script_needs_no_arguments(store: Redis) -> None:
    state = StateStore(store)

    assert [await state.run(COUNT, ["count"]) for _ in range(3)] == [1, 2, 3]


async def test_of_many_at_once_one_claims(store: Redis) -> None:
    state = StateStore(store)

    told = await asyncio.gather(*(state.run(CLAIM, ["claim"], [number]) for number in range(30)))

    assert sorted(told) == [0] * 29 + [1]


@pytest.mark.fault("R14")
async def test_a_script_that_redis_has_forgotten_is_told_again(store: Redis) -> None:
    state = StateStore(store)
    await state.run(COUNT, ["count"])
    await store.script_flush()

    assert await state.run(COUNT, ["count"]) == 2


async def test_a_script_that_redis_knows_is_not_sent_again(redis: RedisServer) -> None:
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        state = StateStore(store)
        await store.script_flush()
        await store.config_resetstat()

        for _ in range(3):
            await state.run(COUNT, ["count"])

        calls = await store.info("commandstats")
    assert (calls["cmdstat_evalsha"]["calls"], calls["cmdstat_eval"]["calls"]) == (3, 1)


async def test_an_error_of_a_script_is_no_answer(store: Redis) -> None:
    with pytest.raises(StoreAwayError):
        await StateStore(store).run(WRONG, ["count"])


async def test_the_fields_of_a_record_are_read(store: Redis) -> None:
    state = StateStore(store)
    await state.run(FILL, ["record"])

    assert await state.fields("record") == {"state": b"open", "fence": b"7"}


async def test_a_record_that_is_not_there_has_no_fields(store: Redis) -> None:
    assert await StateStore(store).fields("record") == {}


@pytest.mark.fault("R10")
async def test_a_field_that_no_text_names_costs_nothing(store: Redis) -> None:
    await store.hset("record", b"\xff", b"\xfe")

    assert await StateStore(store).fields("record") == {"\ufffd": b"\xfe"}


@pytest.mark.fault("R10")
async def test_a_record_of_another_type_is_no_answer(store: Redis) -> None:
    await store.set("record", "text")

    with pytest.raises(StoreAwayError):
        await StateStore(store).fields("record")
