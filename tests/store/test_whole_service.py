"""The service on stores that are more than one server: it reads, books and replays as on a single Redis."""

from collections.abc import Iterator

import pytest

from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.redis_groups import RedisCluster, WatchedRedis, running
from tests.support.service import Service, calls_of, clear_calls, running_service, settings_for
from tests.support.simulation import Simulation

KEY = "a-key-of-one-visitor"


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    cluster = RedisCluster(tmp_path_factory.mktemp("cluster"))
    with running(cluster):
        yield cluster.url


@pytest.fixture(scope="module")
def sentinel_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    watched = WatchedRedis(tmp_path_factory.mktemp("watched"))
    with running(watched):
        yield watched.url()


@pytest.fixture(params=["state in a cluster", "state behind a sentinel", "the cache in a cluster"])
def stores(
    request: pytest.FixtureRequest, redis: RedisServer, cluster_url: str, sentinel_url: str
) -> dict[str, str]:
    single = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    grouped = {
        "state in a cluster": {"state_url": cluster_url},
        "state behind a sentinel": {"state_url": sentinel_url},
        "the cache in a cluster": {"redis_url": cluster_url},
    }
    return single | grouped[request.param]


async def _booked_twice(service: Service) -> None:
    body = await service.booking("intro-call")

    first, again = [await service.book(body, KEY) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]


async def test_a_booking_is_made_once(calendly: Simulation, stores: dict[str, str]) -> None:
    settings = settings_for(str(calendly.http.base_url), **stores)

    async with running_service(settings, calendly.clock) as service:
        await _booked_twice(service)

    assert len(await calls_of(calendly, "/invitees", "POST")) == 1


async def test_free_times_are_read_once(calendly: Simulation, stores: dict[str, str]) -> None:
    settings = settings_for(str(calendly.http.base_url), **stores)

    async with running_service(settings, calendly.clock) as service:
        await service.free("call-us")
        await clear_calls(calendly)
        await service.free("call-us")
        ready = await service.http.get("/readyz")

    assert await calls_of(calendly, "/event_type_available_times") == []
    assert ready.status_code == 200
