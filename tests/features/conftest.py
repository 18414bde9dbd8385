"""Replicas, for whatever is to be heard of in each of them."""

from collections.abc import AsyncIterator

import pytest

from tests.features.live_replicas import Replica, running_replicas
from tests.support.redis import RedisServer
from tests.support.simulation import Simulation


@pytest.fixture
async def replicas(calendly: Simulation, redis: RedisServer) -> AsyncIterator[list[Replica]]:
    """Two."""
    async with running_replicas(calendly, redis) as found:
        yield found


@pytest.fixture
def replica(replicas: list[Replica]) -> Replica:
    return replicas[0]
