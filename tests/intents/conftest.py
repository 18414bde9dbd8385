"""A store for intents, on a real server and in this process, and a ledger on it."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.intents.ledger import Ledger
from app.store.connection import STATE_PATIENCE, open_store
from tests.intents.examples import EMBEDDED, ledger_on
from tests.intents.rig import Process, Rig, running_rig
from tests.support.redis import STATE, RedisServer
from tests.support.simulation import Simulation


@pytest.fixture(params=["redis", "embedded"])
async def store(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Redis]:
    url = EMBEDDED if request.param == "embedded" else redis.url(STATE)
    async with open_store(url, patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def ledger(store: Redis) -> Ledger:
    return ledger_on(store)


@pytest.fixture
async def rig(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Rig]:
    async with running_rig(calendly, redis) as running:
        yield running


@pytest.fixture
def two(rig: Rig) -> Process:
    return rig.process()
