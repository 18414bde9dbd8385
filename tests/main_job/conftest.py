"""Service, simulator and Redis as processes: started once, back to the beginning for every test."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

import pytest
from redis import Redis

from tests.support.canary import TOKEN, leaks, report, stored_leaks
from tests.support.contents import contents
from tests.support.front_end import CalendlyControl, FrontEnd, both_sides
from tests.support.keys import SECRET_KEY
from tests.support.programs import running_service_program, running_simulator_program
from tests.support.redis import CACHE, STATE, RedisServer, running_redis

TIER = "enterprise"
"""With room for more bookings than a test makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What runs, and the clients for it."""

    front_end: FrontEnd
    calendly: CalendlyControl
    stores: tuple[Redis, Redis]
    redis: RedisServer
    log: TextIO
    """Open: each look at it gives what is new."""

    def begin(self) -> None:
        cache, _ = self.stores
        cache.flushdb()
        # The service hears that it has missed something, and believes nothing that it remembers.
        now = time.time_ns() // 1000
        for channel in cache.pubsub_channels("bff:*:news:*"):
            cache.publish(channel, f"{now} {now - 1} 2026-01-01")
        self.redis.forget_bookings()
        self.calendly.reset(tier=TIER)

    def search(self) -> None:
        """Nothing crashed, and no canary is in what the service has logged, counted and stored."""
        logged = self.log.read()
        assert [line for line in logged.splitlines() if "request.crashed" in line] == []
        report(leaks("the log of the service", logged))
        report(leaks("the metrics", self.front_end.http.get("/metrics").content))
        for store in self.stores:
            report(stored_leaks(contents(store)))


@pytest.fixture(scope="session")
def running_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """On a Redis of its own: this service runs on while other tests do, and would take up their bookings."""
    folder = tmp_path_factory.mktemp("stage")
    with running_simulator_program(folder) as simulator, running_redis(folder) as redis_server:
        settings = {
            "CALENDLY_TOKEN": TOKEN,
            "CALENDLY_API_URL": simulator,
            "CALENDLY_TIER": TIER,
            "BFF_REDIS_URL": redis_server.url(CACHE),
            "BFF_STATE_URL": redis_server.url(STATE),
            "BFF_SECRET_KEYS": SECRET_KEY,
        }
        with (
            Redis.from_url(redis_server.url(CACHE)) as cache,
            Redis.from_url(redis_server.url(STATE)) as state,
            running_service_program(folder, settings) as service,
            both_sides(service, simulator) as (front_end, calendly),
            (folder / "service.log").open() as log,
        ):
            yield Stage(
                front_end=front_end, calendly=calendly, stores=(cache, state), redis=redis_server, log=log
            )


@pytest.fixture
def stage(running_stage: Stage) -> Iterator[Stage]:
    running_stage.begin()
    yield running_stage
    running_stage.search()


@pytest.fixture
def front_end(stage: Stage) -> FrontEnd:
    return stage.front_end


@pytest.fixture
def calendly(stage: Stage) -> CalendlyControl:
    return stage.calendly
