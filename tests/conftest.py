"""The real service, the simulator in strict mode behind it on a real socket, and a real Redis."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from hypothesis import settings

from app.observability import configure_logging
from tests.support import loopback
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.service import Service, running_service, settings_for
from tests.support.simulation import MONDAY, Simulation, StandingClock, running_simulator

pytest_plugins = ["tests.support.canary_plugin"]

# How long an example takes is no matter of whether it is right.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

loopback.guard()
configure_logging("debug")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    yield
    assert loopback.strays() == []


@pytest.fixture(scope="session")
def calendly_server() -> Iterator[tuple[str, StandingClock]]:
    """One simulator for all tests, and the clock that it and the service go by."""
    clock = StandingClock()
    with running_simulator(clock) as base_url:
        yield base_url, clock


@pytest.fixture
async def calendly(calendly_server: tuple[str, StandingClock]) -> AsyncIterator[Simulation]:
    """Calendly as it was seeded, at seven on a Monday morning in Berlin."""
    base_url, clock = calendly_server
    clock.moment = MONDAY
    async with httpx.AsyncClient(base_url=base_url, verify=loopback.NOBODY) as http:
        await http.post("/_simulator/reset")
        yield Simulation(http, clock)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def redis(redis_server: RedisServer) -> RedisServer:
    """The shared server, empty. Not to be harmed: for that, start another."""
    redis_server.flush()
    return redis_server


@pytest.fixture
async def bff(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """The service with everything that production has, on Ada's account."""
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    settings = settings_for(str(calendly.http.base_url), **stores)
    async with running_service(settings, calendly.clock) as service:
        yield service
