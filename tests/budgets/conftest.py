"""A state store, on a real server and in this process."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.store.connection import STATE_PATIENCE, open_store
from tests.budgets.examples import EMBEDDED
from tests.support.redis import STATE, RedisServer


@pytest.fixture(params=["redis", "embedded"])
async def store(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Redis]:
    url = EMBEDDED if request.param == "embedded" else redis.url(STATE)
    async with open_store(url, patience=STATE_PATIENCE) as opened:
        yield opened
