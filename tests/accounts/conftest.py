"""A service that serves Ada and Grace, each connected by themselves."""

from collections.abc import AsyncIterator

import pytest

from tests.support.accounts import both_connected
from tests.support.redis import RedisServer
from tests.support.service import Service
from tests.support.simulation import Simulation


@pytest.fixture
async def bff(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    async with both_connected(calendly, redis) as service:
        yield service
