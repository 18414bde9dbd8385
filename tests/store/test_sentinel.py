"""A master that a sentinel watches: state works on it, and on the one that takes its place."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.store.cluster import MAX_CONNECTIONS
from app.store.connection import STATE_PATIENCE, is_reachable, open_store
from app.store.policy import StatePolicy
from app.store.script import Script
from app.store.state import StateStore, StoreAwayError
from tests.support.ports import free_port
from tests.support.redis_groups import WatchedRedis, running
from tests.support.way import way_to

DAY = timedelta(days=1)
PATIENCE = 0.5
COUNT = Script("return redis.call('INCR', KEYS[1])")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedRedis]:
    """Not to be harmed: for that, start another."""
    watched = WatchedRedis(tmp_path_factory.mktemp("watched"))
    with running(watched):
        yield watched


@pytest.fixture
async def store(shared: WatchedRedis) -> AsyncIterator[Redis]:
    shared.master.flush()
    async with open_store(shared.url(), patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[WatchedRedis]:
    """One that may be harmed."""
    watched = WatchedRedis(tmp_path)
    with running(watched):
        yield watched


async def test_records_are_written_to_the_master(shared: WatchedRedis, store: Redis) -> None:
    await StateStore(store).put("name", b"value", DAY)

    assert shared.master.told("GET", "name") == b"value"


async def test_the_database_is_the_one_that_was_named(shared: WatchedRedis) -> None:
    async with open_store(shared.url(3)) as store:
        assert int((await store.client_info())["db"]) == 3


async def test_scripts_run(store: Redis) -> None:
    state = StateStore(store)

    assert [await state.run(COUNT, ["count"]) for _ in range(2)] == [1, 2]


async def test_a_crowd_is_served_in_turn(store: Redis) -> None:
    state = StateStore(store)

    answers = await asyncio.gather(*(state.get("name") for _ in range(4 * MAX_CONNECTIONS)))

    assert answers == [None] * (4 * MAX_CONNECTIONS)


async def test_a_healthy_master_is_reachable_and_fit(store: Redis) -> None:
    assert await is_reachable(store)
    assert await StatePolicy(store, embedded=False).fault() is None


async def test_sentinels_that_hang_are_passed_over(shared: WatchedRedis, own: WatchedRedis) -> None:
    own.pause_sentinel()
    sentinels = [f"127.0.0.1:{watched.sentinel_port}" for watched in (own, own, shared)]

    async with open_store(f"redis+sentinel://{','.join(sentinels)}/main") as store:
        assert await is_reachable(store)


async def test_a_master_that_no_sentinel_knows_is_away(shared: WatchedRedis) -> None:
    async with open_store(shared.url().replace("main", "other")) as store:
        with pytest.raises(StoreAwayError):
            await StateStore(store).get("name")


async def test_sentinels_that_are_away_are_found_out_at_once() -> None:
    started = time.monotonic()
    async with open_store(f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/main") as store:
        assert not await is_reachable(store)

    assert time.monotonic() - started < 1


@pytest.mark.fault("R03")
async def test_a_sentinel_that_is_slow_at_every_step_holds_nobody_for_long(shared: WatchedRedis) -> None:
    async with (
        way_to(shared.sentinel_port, lag=PATIENCE * 0.8) as way,
        open_store(f"redis+sentinel://127.0.0.1:{way.port}/main", patience=PATIENCE) as store,
    ):
        waited = await _put(StateStore(store))

    assert PATIENCE < waited < 2 * PATIENCE + 0.3


@pytest.mark.fault("R04")
@pytest.mark.fault("R07")
async def test_the_replica_takes_the_place_of_a_master_that_hangs(own: WatchedRedis) -> None:
    async with open_store(own.url(), patience=PATIENCE) as store:
        state = StateStore(store)
        await asyncio.gather(*(state.put("before", b"value", DAY) for _ in range(20)))
        own.master.pause()

        waits = [await _put(state) for _ in range(3)]
        await asyncio.to_thread(own.await_failover)
        await _heal(state)
        own.master.resume()

        assert own.replica.told("GET", "after") == b"value"
        assert max(waits) < 2 * PATIENCE + 0.3


@pytest.mark.fault("R02")
async def test_the_replica_takes_the_place_of_a_dead_master(own: WatchedRedis) -> None:
    async with open_store(own.url(), patience=PATIENCE) as store:
        state = StateStore(store)
        await asyncio.gather(*(state.put("before", b"value", DAY) for _ in range(20)))
        await asyncio.to_thread(own.await_copy, "before")
        own.master.kill()
        await asyncio.to_thread(own.await_failover)

        await _heal(state)

        assert await state.get("before") == b"value"
        assert own.replica.told("GET", "after") == b"value"


@pytest.mark.fault("R07")
async def test_a_master_that_was_made_a_replica_is_left_for_the_new_one(own: WatchedRedis) -> None:
    async with open_store(own.url(), patience=PATIENCE) as store:
        state = StateStore(store)
        await state.put("before", b"value", DAY)
        await asyncio.to_thread(own.swap)

        await _heal(state)

        assert own.replica.told("GET", "after") == b"value"


async def _put(state: StateStore) -> float:
    """Seconds that it took, whether it succeeded or not."""
    started = time.monotonic()
    try:
        await state.put("after", b"value", DAY)
    except StoreAwayError:
        return time.monotonic() - started
    return 0.0


async def _heal(state: StateStore) -> None:
    """Until a write is taken."""
    deadline = time.monotonic() + 10
    while await _put(state):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
