"""State on its bad days: whatever Redis does, the answer is `StoreAwayError`, and it comes in time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.store.connection import open_store
from app.store.script import Script
from app.store.state import StateStore, StoreAwayError
from tests.support.ports import free_port
from tests.support.redis import RedisServer, running_redis
from tests.support.stopwatch import Stopwatch

DAY = timedelta(days=1)
PATIENCE = 0.5
WRITE = Script("return redis.call('SET', KEYS[1], ARGV[1])")

Act = Callable[[StateStore], Awaitable[object]]

WRITES = [
    pytest.param(lambda state: state.add("name", b"value", DAY), id="add"),
    pytest.param(lambda state: state.put("name", b"value", DAY), id="put"),
    pytest.param(lambda state: state.run(WRITE, ["name"], [b"value"]), id="run"),
]
ALL = [
    *WRITES,
    pytest.param(lambda state: state.get("name"), id="get"),
    pytest.param(lambda state: state.remove("name"), id="remove"),
    pytest.param(lambda state: state.fields("name"), id="fields"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


async def _refused(store: Redis, act: Act) -> Stopwatch:
    """How long it took until it was said that the store is away."""
    watch = Stopwatch()
    with pytest.raises(StoreAwayError):
        await act(StateStore(store))
    watch.stop()
    return watch


@pytest.mark.parametrize("act", ALL)
async def test_a_port_that_refuses_is_known_at_once(act: Act) -> None:
    async with open_store(f"redis://127.0.0.1:{free_port()}/0", patience=PATIENCE) as store:
        assert (await _refused(store, act)).awake < PATIENCE


@pytest.mark.fault("R04")
@pytest.mark.parametrize("act", ALL)
async def test_a_redis_that_hangs_is_given_its_patience_once(server: RedisServer, act: Act) -> None:
    async with open_store(server.url(), patience=PATIENCE) as store:
        await store.ping()
        server.pause()

        watch = await _refused(store, act)
        server.resume()

    assert watch.passed > PATIENCE * 0.9
    assert watch.awake < PATIENCE * 2


@pytest.mark.fault("R04")
async def test_a_redis_that_hangs_from_the_start_is_given_its_patience_once(server: RedisServer) -> None:
    async with open_store(server.url(), patience=PATIENCE) as store:
        server.pause()

        watch = await _refused(store, lambda state: state.get("name"))
        server.resume()

    assert watch.awake < PATIENCE * 2


@pytest.mark.fault("R05")
@pytest.mark.parametrize("act", WRITES)
async def test_a_redis_that_is_full_takes_nothing(server: RedisServer, act: Act) -> None:
    async with open_store(server.url(), patience=PATIENCE) as store:
        await store.config_set("maxmemory", "1")

        assert (await _refused(store, act)).awake < PATIENCE


@pytest.mark.fault("R05")
async def test_a_redis_that_is_full_still_tells_and_forgets(server: RedisServer) -> None:
    async with open_store(server.url(), patience=PATIENCE) as store:
        state = StateStore(store)
        await state.put("name", b"value", DAY)
        await store.config_set("maxmemory", "1")

        found = await state.get("name")
        await state.remove("name")

        assert (found, await state.get("name")) == (b"value", None)


@pytest.mark.fault("R07")
@pytest.mark.parametrize("act", WRITES)
async def test_a_read_only_replica_takes_nothing(server: RedisServer, act: Act) -> None:
    async with open_store(server.url(), patience=PATIENCE) as store:
        await store.replicaof("127.0.0.1", free_port())

        assert (await _refused(store, act)).awake < PATIENCE


@pytest.mark.fault("R07")
@pytest.mark.parametrize("act", WRITES)
async def test_a_redis_that_misses_its_replicas_takes_nothing(server: RedisServer, act: Act) -> None:
    async with open_store(server.url(), patience=PATIENCE) as store:
        await store.config_set("min-replicas-to-write", "1")

        assert (await _refused(store, act)).awake < PATIENCE


@pytest.mark.fault("R07")
async def test_a_redis_with_no_room_for_another_client_is_away(tmp_path: Path) -> None:
    with running_redis(tmp_path, maxclients="1") as server:
        async with open_store(server.url()) as first, open_store(server.url(), patience=PATIENCE) as second:
            await _healed(first)

            assert (await _refused(second, lambda state: state.get("name"))).awake < PATIENCE


@pytest.mark.fault("R07")
async def test_room_that_comes_free_is_used(tmp_path: Path) -> None:
    with running_redis(tmp_path, maxclients="1") as server:
        async with open_store(server.url(), patience=PATIENCE) as second:
            async with open_store(server.url()) as first:
                await _healed(first)
                await _refused(second, lambda state: state.get("name"))
            await _healed(second)

            assert await StateStore(second).get("name") is None


@pytest.mark.fault("R14")
async def test_a_user_who_may_run_no_scripts_gets_none_run(server: RedisServer) -> None:
    async with open_store(server.url()) as owner:
        await owner.acl_setuser(
            "ada", enabled=True, passwords=["+secret"], keys=["*"], categories=["+@all", "-@scripting"]
        )
    async with open_store(server.url(user="ada:secret"), patience=PATIENCE) as store:
        assert (await _refused(store, lambda state: state.run(WRITE, ["name"], [b"value"]))).awake < PATIENCE


async def test_a_redis_that_returns_is_used_again(server: RedisServer) -> None:
    async with open_store(server.url(), patience=PATIENCE) as store:
        state = StateStore(store)
        await state.put("name", b"value", DAY)
        server.kill()
        await _refused(store, lambda state: state.get("name"))
        server.start()

        await _healed(store)

        assert await state.get("name") == b"value"


async def _healed(store: Redis) -> None:
    deadline = time.monotonic() + 5
    while await _is_away(StateStore(store)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def _is_away(state: StateStore) -> bool:
    try:
        await state.get("name")
    except StoreAwayError:
        return True
    return False
