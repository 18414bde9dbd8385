"""A Redis for the cache that could not be told of a booking, while bookings have one of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis import Redis

from tests.faults.scene import BRISK
from tests.soak.waiting import until
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.service import Service, booking_body, running_service, settings_for
from tests.support.simulation import Simulation

DAY = {"from": "2026-11-24", "to": "2026-11-24", "timeZone": "UTC"}
LONGER = DAY | {"to": "2026-11-25"}


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def replicas(
    calendly: Simulation, redis: RedisServer, cache: RedisServer
) -> AsyncIterator[tuple[Service, Service]]:
    """Both of which have answers about the day ready."""
    settings = settings_for(
        str(calendly.http.base_url), redis_url=cache.url(CACHE), state_url=redis.url(STATE)
    )
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(running_service(settings, calendly.clock, BRISK))
            for _ in range(2)
        ]
        for bff in (one, other) * 2:
            for asked in (DAY, LONGER):
                await bff.availability(**asked)
        yield one, other


async def _shown(bff: Service) -> set[str]:
    answers = [await bff.availability(**asked) for asked in (DAY, LONGER)]
    return {slot["start"] for answer in answers for day in answer["days"] for slot in day["slots"]}


async def _booked(bff: Service) -> str:
    start: str = (await bff.free("intro-call", **DAY))[0]
    assert (await bff.book(booking_body("intro-call", start))).status_code == 201
    return start


@pytest.mark.fault("R05")
async def test_a_booking_while_the_cache_is_full_is_gone_from_every_answer(
    replicas: tuple[Service, Service], cache: RedisServer
) -> None:
    with Redis(port=cache.port) as client:
        client.config_set("maxmemory", "1")
    taken = await _booked(replicas[0])

    async def is_gone() -> bool:
        return not any([taken in await _shown(bff) for bff in replicas])

    async with asyncio.timeout(10):
        await until(is_gone, every=0.05)


@pytest.mark.fault("R07")
async def test_a_booking_while_the_cache_takes_no_writes_is_gone_here_at_once_and_elsewhere_when_it_does(
    replicas: tuple[Service, Service], cache: RedisServer
) -> None:
    one, other = replicas
    with Redis(port=cache.port) as client:
        client.config_set("min-replicas-to-write", "1")
        taken = await _booked(one)
        here = await _shown(one)
        client.config_set("min-replicas-to-write", "0")

    async def is_gone() -> bool:
        return taken not in await _shown(other)

    assert taken not in here
    async with asyncio.timeout(10):
        await until(is_gone, every=0.05)
