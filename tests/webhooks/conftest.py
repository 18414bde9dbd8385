"""An inbox on a real server, and on the store in this process."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore
from app.store_url import EMBEDDED_STORE
from app.webhooks.inbox import Inbox
from tests.support.redis import STATE, RedisServer

SECRET = b"for the tests of webhooks alone."


@pytest.fixture(params=["redis", "embedded"])
async def store(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Redis]:
    url = EMBEDDED_STORE if request.param == "embedded" else redis.url(STATE)
    async with open_store(url, patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def inbox(store: Redis) -> Inbox:
    return Inbox(StateStore(store), [SECRET])
