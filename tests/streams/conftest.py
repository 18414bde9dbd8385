"""A Redis for the log, and replicas on it."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.store.connection import STATE_PATIENCE, open_store
from tests.support.redis import RedisServer


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[Redis]:
    """With more patience than a cache has: no busy machine makes it look as if Redis were away."""
    async with open_store(redis.url(), patience=STATE_PATIENCE) as opened:
        yield opened
