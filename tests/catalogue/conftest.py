"""Catalogues of one account, as processes have them: each with a client of its own, on one Redis."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from app.store.connection import STATE_PATIENCE, open_store
from tests.catalogue.replicas import Calendly, Replicas
from tests.support.redis import RedisServer


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[Redis]:
    """With more patience than a cache has: no busy machine makes it look as if Redis were away."""
    async with open_store(redis.url(), patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def calendly() -> Calendly:
    return Calendly()


@pytest.fixture
async def replicas(calendly: Calendly, store: Redis) -> AsyncIterator[Replicas]:
    async with AsyncExitStack() as stack:
        yield Replicas(calendly, store, stack)
