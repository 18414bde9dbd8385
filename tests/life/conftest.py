"""A service in a hurry, and where to start more of them."""

from collections.abc import AsyncIterator

import pytest

from tests.life.stage import Stage
from tests.support.redis import RedisServer
from tests.support.service import Service
from tests.support.simulation import Simulation


@pytest.fixture
async def stage(calendly: Simulation, redis: RedisServer) -> Stage:
    """With the quotas of a large account: what this folder tests are other limits."""
    await calendly.settings(tier="enterprise")
    return Stage(calendly, redis)


@pytest.fixture
async def bff(stage: Stage) -> AsyncIterator[Service]:
    """As everywhere, but what became of a booking is known within two seconds."""
    async with stage.service() as service:
        yield service
