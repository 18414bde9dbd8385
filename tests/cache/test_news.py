"""What a process hears of changes elsewhere, and that it does not take silence for good news."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.soak.waiting import until
from tests.support.redis import CACHE, RedisServer
from tests.support.service import running_service, settings_for
from tests.support.simulation import Simulation
from tests.support.way import Way, way_to

HEARD_WITHIN = 10.0
"""Seconds, on a busy machine."""

CHANNELS = 2


@pytest.fixture
async def way(redis: RedisServer) -> AsyncIterator[Way]:
    async with way_to(redis.port) as way:
        yield way


async def _until_heard(redis: RedisServer) -> None:
    """Wait until the service would hear of a change, and of what happens to slots."""

    async def is_subscribed() -> bool:
        return len(await asyncio.to_thread(redis.told, "PUBSUB", "CHANNELS")) == CHANNELS

    async with asyncio.timeout(HEARD_WITHIN):
        await until(is_subscribed, every=0.02)


async def test_a_subscription_that_got_lost_on_its_way_is_made_again(
    calendly: Simulation, redis: RedisServer, way: Way
) -> None:
    """Though whoever asks for a sign of life on that connection gets one."""
    way.silenced = b"SUBSCRIBE"
    settings = settings_for(str(calendly.http.base_url), redis_url=f"redis://127.0.0.1:{way.port}/{CACHE}")
    async with running_service(settings, calendly.clock):
        await way.lost.wait()
        way.silenced = None

        await _until_heard(redis)
