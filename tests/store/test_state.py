"""Records that must not be lost: a store that fails says so."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore, StoreAwayError
from tests.support.ports import free_port
from tests.support.redis import STATE, RedisServer

DAY = timedelta(days=1)


async def test_what_was_put_is_got(redis: RedisServer) -> None:
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        state = StateStore(store)
        await state.put("name", b"value", DAY)

        assert await state.get("name") == b"value"


async def test_what_is_not_there_is_none(redis: RedisServer) -> None:
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        assert await StateStore(store).get("name") is None


async def test_only_the_first_who_adds_is_told_so(redis: RedisServer) -> None:
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        state = StateStore(store)

        told = [await state.add("name", value, DAY) for value in (b"first", b"second")]

        assert told == [True, False]
        assert await state.get("name") == b"first"


async def test_what_was_removed_may_be_added_again(redis: RedisServer) -> None:
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        state = StateStore(store)
        await state.add("name", b"first", DAY)
        await state.remove("name")

        assert await state.add("name", b"second", DAY)


async def test_a_record_goes_when_its_time_is_up(redis: RedisServer) -> None:
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        state = StateStore(store)
        await state.put("name", b"value", timedelta(days=7))

        assert await store.ttl("name") == 7 * 86_400


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda state: state.get("name"), id="get"),
        pytest.param(lambda state: state.add("name", b"value", DAY), id="add"),
        pytest.param(lambda state: state.put("name", b"value", DAY), id="put"),
        pytest.param(lambda state: state.remove("name"), id="remove"),
    ],
)
async def test_a_store_that_is_away_says_so(act: Callable[[StateStore], Awaitable[object]]) -> None:
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as store:
        with pytest.raises(StoreAwayError):
            await act(StateStore(store))
