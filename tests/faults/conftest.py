"""A service whose way to Calendly may break."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.detour import detour_to
from tests.faults.scene import Scene, settings_on, witnessed
from tests.soak.holders import Holders, running_holders
from tests.support.hooks import KEY, OTHER_KEY, running_receiver
from tests.support.redis import RedisServer, running_redis
from tests.support.service import Service
from tests.support.simulation import Simulation


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of one's own, to be harmed."""
    with running_redis(tmp_path) as server:
        yield server


@asynccontextmanager
async def _staged(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Scene]:
    await calendly.settings(tier="enterprise")
    async with (
        detour_to(str(calendly.http.base_url)) as way,
        witnessed(settings_on(way.origin, redis), calendly) as bff,
    ):
        yield Scene(bff, calendly, way, redis)


@pytest.fixture
async def holders(calendly: Simulation, redis: RedisServer, tmp_path: Path) -> AsyncIterator[Holders]:
    """A connected account, and processes that need its token."""
    async with running_holders(tmp_path, calendly, redis) as running:
        yield running


@pytest.fixture
async def scene(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Scene]:
    async with _staged(calendly, redis) as scene:
        yield scene


@pytest.fixture
async def frail(calendly: Simulation, fragile: RedisServer) -> AsyncIterator[Scene]:
    """A scene whose Redis may be harmed."""
    async with _staged(calendly, fragile) as scene:
        yield scene


@pytest.fixture
async def receiver(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """A service that believes what either key has signed."""
    async with running_receiver(calendly, redis, (KEY, OTHER_KEY)) as service:
        yield service
