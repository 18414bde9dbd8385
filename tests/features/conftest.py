"""Replicas, for whatever is to be heard of in each of them, and a Redis for bad days."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.features.live_replicas import Replica, running_replicas
from tests.support.redis import RedisServer, running_redis
from tests.support.simulation import Simulation


@pytest.fixture
async def replicas(calendly: Simulation, redis: RedisServer) -> AsyncIterator[list[Replica]]:
    """Two."""
    async with running_replicas(calendly, redis) as found:
        yield found


@pytest.fixture
def replica(replicas: list[Replica]) -> Replica:
    return replicas[0]


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of one's own, to be harmed."""
    with running_redis(tmp_path) as server:
        yield server
