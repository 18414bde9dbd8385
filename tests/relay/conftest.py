"""A store for notices, on a real server and in this process."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.relay.hints import Hints
from app.relay.outbox import Outbox
from app.sealing import Sealer
from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore
from app.store_url import EMBEDDED_STORE
from tests.relay.examples import KEY
from tests.relay.receiver import Receiver, receiving
from tests.support.redis import STATE, RedisServer


@pytest.fixture(params=["redis", "embedded"])
async def store(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Redis]:
    url = EMBEDDED_STORE if request.param == "embedded" else redis.url(STATE)
    async with open_store(url, patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def sealer() -> Sealer:
    return Sealer((KEY,), "relay")


@pytest.fixture
def outbox(store: Redis, sealer: Sealer) -> Outbox:
    return Outbox(StateStore(store), sealer)


@pytest.fixture
def hints(store: Redis, sealer: Sealer) -> Hints:
    return Hints(StateStore(store), sealer)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as listening:
        yield listening
