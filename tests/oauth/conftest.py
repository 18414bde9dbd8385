"""A store for grants, on a real server and in this process."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.oauth.grants import Grants
from app.oauth.leases import Leases
from app.store.connection import STATE_PATIENCE, open_store
from tests.oauth.desk import Desk, open_desk
from tests.oauth.examples import EMBEDDED, grants_on, leases_on
from tests.support.redis import STATE, RedisServer
from tests.support.simulation import Simulation


@pytest.fixture(params=["redis", "embedded"])
async def store(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Redis]:
    url = EMBEDDED if request.param == "embedded" else redis.url(STATE)
    async with open_store(url, patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def grants(store: Redis) -> Grants:
    return grants_on(store)


@pytest.fixture
def leases(store: Redis) -> Leases:
    return leases_on(store)


@pytest.fixture
async def desk(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Desk]:
    async with (
        open_store(redis.url(STATE), patience=STATE_PATIENCE) as store,
        open_desk(calendly, store) as opened,
    ):
        yield opened
