"""An inbox and a subscription, on a real server and on the store in this process."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore
from app.store_url import EMBEDDED_STORE
from app.webhooks.inbox import Inbox
from tests.support.redis import STATE, RedisServer
from tests.support.simulation import Simulation
from tests.webhooks.office import Office, open_office

SECRET = b"for the tests of webhooks alone."


@pytest.fixture(params=["redis", "embedded"])
async def store(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Redis]:
    url = EMBEDDED_STORE if request.param == "embedded" else redis.url(STATE)
    async with open_store(url, patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def inbox(store: Redis) -> Inbox:
    return Inbox(StateStore(store), [SECRET])


@pytest.fixture
async def office(calendly: Simulation, store: Redis) -> AsyncIterator[Office]:
    async with open_office(calendly, store) as opened:
        yield opened
