"""Opening a store: what a crowd, a dead and a silent Redis cost."""

import asyncio
from pathlib import Path

import pytest

from app.store.cluster import MAX_CONNECTIONS
from app.store.connection import STATE_PATIENCE, is_reachable, open_store
from app.store_url import EMBEDDED_STORE
from tests.support.ports import free_port
from tests.support.redis import RedisServer, running_redis
from tests.support.stopwatch import Stopwatch


async def test_a_crowd_is_served_in_turn(redis: RedisServer) -> None:
    async with open_store(redis.url(), patience=STATE_PATIENCE) as store:
        answers = await asyncio.gather(*(store.ping() for _ in range(4 * MAX_CONNECTIONS)))

    assert all(answers)


async def test_a_dead_redis_is_found_out_at_once() -> None:
    watch = Stopwatch()
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as store:
        reachable = await is_reachable(store)

    assert not reachable
    assert watch.stop() < 1


@pytest.mark.fault("R04")
async def test_a_redis_that_answers_nothing_is_given_up_soon(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with open_store(server.url()) as store:
            assert await is_reachable(store)
            server.pause()
            watch = Stopwatch()

            reachable = await is_reachable(store)

            assert not reachable
            assert watch.stop() < 1
        server.resume()


async def test_two_embedded_stores_share_nothing() -> None:
    async with open_store(EMBEDDED_STORE) as one, open_store(EMBEDDED_STORE) as other:
        await one.set("name", "value")

        assert await other.get("name") is None
