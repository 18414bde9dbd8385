"""What is cached of an account goes when it is disconnected, also what others have put there meanwhile."""

import asyncio
from pathlib import Path

from redis.asyncio import Redis

from tests.soak.waiting import until
from tests.support.accounts import (
    account_of,
    both_connected,
    connect,
    connecting_of,
    connecting_service,
    id_of,
)
from tests.support.redis import CACHE, RedisServer, running_redis
from tests.support.service import Service
from tests.support.simulation import GRACE, Simulation

SOON = 10.0
"""Seconds, on a busy machine."""


async def _cached(redis: RedisServer, access: str) -> list[bytes]:
    async with Redis(port=redis.port, db=CACHE) as cache:
        return [name async for name in cache.scan_iter(f"*{access}*")]


async def test_whoever_served_an_account_erases_what_is_cached_of_it(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    """Who disconnected it may have done so before the last of it was cached, or may have been killed."""
    grace = await account_of(bff, calendly, GRACE)
    await bff.availability("office-hours")
    before = await _cached(redis, grace.access)

    await connecting_of(bff).grants.remove(await grace.id())

    async def is_erased() -> bool:
        return not await _cached(redis, grace.access)

    async with asyncio.timeout(SOON):
        await until(is_erased, every=0.05)
    assert before


async def test_what_is_cached_of_an_account_that_came_back_at_once_stays(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with both_connected(calendly, redis) as bff:
        grace = await account_of(bff, calendly, GRACE)
        await connecting_of(bff).disconnect(await grace.id())
        await connect(bff, calendly, "grace")
        await bff.availability("office-hours")

    assert await _cached(redis, grace.access)


async def test_a_process_that_ends_erases_nothing(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    grace = await account_of(bff, calendly, GRACE)
    async with connecting_service(calendly, redis) as other:
        await other.availability("office-hours")

    assert await _cached(redis, grace.access)


async def test_without_the_cache_an_account_is_disconnected_all_the_same(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as cache:
        async with connecting_service(calendly, redis, redis_url=cache.url(CACHE)) as bff:
            await connect(bff, calendly, "grace")
            grace = await id_of(calendly, GRACE)
            cache.kill()

            assert await connecting_of(bff).disconnect(grace)

            assert await connecting_of(bff).grants.get(grace) is None
        cache.start()
