"""Redis slow, silent, full, dead or emptied while the service runs: reads go on, bookings close, all heals."""

import asyncio
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import httpx
import pytest
from redis import Redis

from app import API
from tests.faults.scene import healed
from tests.support.ports import free_port
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.service import (
    Service,
    calls_of,
    clear_calls,
    plan_fault,
    running_service,
    sent,
    settings_for,
)
from tests.support.simulation import Simulation
from tests.support.stopwatch import Stopwatch

SOMEBODY_ELSE = {"name": "Eve Example", "email": "eve@example.test", "timezone": "UTC"}
QUICK = 1.5
"""Seconds for a read that pays a time-out of Redis, on a busy machine."""


@pytest.fixture
async def bff(calendly: Simulation, fragile: RedisServer) -> AsyncIterator[Service]:
    stores = {"redis_url": fragile.url(CACHE), "state_url": fragile.url(STATE)}
    async with running_service(
        settings_for(str(calendly.http.base_url), **stores), calendly.clock
    ) as service:
        yield service


async def _assert_reads_go_on(bff: Service) -> None:
    watch = Stopwatch()
    answer = await bff.get("/event-types/intro-call/availability")
    assert answer.status_code == 200
    assert watch.stop() < QUICK


def _assert_closed(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "bookings_closed")
    assert answer.headers["Retry-After"] == "30"
    assert answer.json()["hostedUrl"].startswith("http")


async def _healed(bff: Service) -> httpx.Response:
    """Whatever was paused after a failure is over by then."""
    for _ in range(50):
        if (await bff.http.get("/readyz")).json()["status"] == "ready":
            break
        await asyncio.sleep(0.1)
    return await bff.book(await bff.booking())


@pytest.mark.fault("R01")
async def test_without_redis_at_the_start_reads_work_and_bookings_are_closed(calendly: Simulation) -> None:
    stores = {
        "redis_url": f"redis://127.0.0.1:{free_port()}/0",
        "state_url": f"redis://127.0.0.1:{free_port()}/1",
    }
    async with running_service(settings_for(str(calendly.http.base_url), **stores), calendly.clock) as bff:
        await _assert_reads_go_on(bff)
        _assert_closed(await bff.book(await bff.booking()))


@pytest.mark.fault("R02")
async def test_a_redis_that_dies_is_survived_and_used_again(bff: Service, fragile: RedisServer) -> None:
    body = await bff.booking()
    fragile.kill()

    await _assert_reads_go_on(bff)
    _assert_closed(await bff.book(body))

    fragile.start()
    assert (await _healed(bff)).status_code == 201


@pytest.mark.fault("R04")
async def test_a_redis_that_hangs_is_survived_and_used_again(bff: Service, fragile: RedisServer) -> None:
    body = await bff.booking()
    fragile.pause()

    await _assert_reads_go_on(bff)
    _assert_closed(await bff.book(body))

    fragile.resume()
    assert (await _healed(bff)).status_code == 201


@pytest.mark.fault("R04")
async def test_the_first_read_of_a_redis_that_hangs_waits_for_the_cache_and_not_for_the_budget_too(
    bff: Service, fragile: RedisServer
) -> None:
    await bff.availability()
    fragile.pause()

    await bff.availability("visit", **{"from": "2026-12-01", "to": "2026-12-30"})

    fragile.resume()
    await _until_counted(bff)
    # By then, whoever had waited for the store in vain would have asked whether it is back.
    assert fragile.told("INFO", "commandstats").get("cmdstat_exists", {"calls": 0})["calls"] == 0


async def _until_counted(bff: Service) -> None:
    """Calls are counted in the store."""

    async def are_counted() -> bool:
        return "bff_calendly_budget_left{" in (await bff.http.get("/metrics")).text

    await healed(are_counted)


@pytest.mark.fault("R05")
async def test_a_full_redis_closes_bookings_and_nothing_else(bff: Service, fragile: RedisServer) -> None:
    body = await bff.booking()
    with Redis(port=fragile.port) as client:
        client.config_set("maxmemory", "1")

        await _assert_reads_go_on(bff)
        _assert_closed(await bff.book(body))

        client.config_set("maxmemory", "0")
    assert (await _healed(bff)).status_code == 201


@pytest.mark.fault("R07")
async def test_a_redis_that_only_reads_closes_bookings_and_nothing_else(
    bff: Service, fragile: RedisServer
) -> None:
    body = await bff.booking()
    with Redis(port=fragile.port) as client:
        client.config_set("min-replicas-to-write", "1")

        await _assert_reads_go_on(bff)
        _assert_closed(await bff.book(body))

        client.config_set("min-replicas-to-write", "0")
    assert (await _healed(bff)).status_code == 201


@pytest.mark.fault("R06")
@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        pytest.param({"maxmemory_policy": "allkeys-lru"}, "maxmemory-policy noeviction", id="evicts"),
        pytest.param({"appendonly": "no"}, "appendonly yes", id="forgets"),
    ],
)
@pytest.mark.parametrize("path", ["/bookings", "/bookings/preflight"])
async def test_a_redis_that_may_lose_bookings_closes_them_and_says_what_to_set(
    calendly: Simulation, tmp_path: Path, wrong: dict[str, str], advice: str, path: str
) -> None:
    with running_redis(tmp_path, **wrong) as unfit:
        settings = settings_for(str(calendly.http.base_url), state_url=unfit.url(STATE))
        async with running_service(settings, calendly.clock) as bff:
            body = await bff.booking()
            answer = await bff.http.post(API + path, json=body, headers={"Idempotency-Key": "k"})

    _assert_closed(answer)
    assert advice in answer.json()["detail"]
    assert await calls_of(calendly, "/invitees", "POST") == []


async def test_a_booking_sent_before_redis_died_is_still_confirmed_and_can_be_managed(
    bff: Service, fragile: RedisServer, calendly: Simulation
) -> None:
    body = await bff.booking()
    await plan_fault(calendly, "delay", path="^/invitees$", method="POST", seconds=0.5)
    running = asyncio.create_task(bff.book(body, "key"))
    await sent(calendly)
    fragile.kill()

    answer = await running

    assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")
    assert (await bff.manage(answer.json())).json()["status"] == "confirmed"
    assert len(await calls_of(calendly, "/invitees", "POST")) == 1


async def test_a_redis_that_dies_before_the_booking_is_sent_keeps_it_from_being_sent(
    bff: Service, fragile: RedisServer, calendly: Simulation
) -> None:
    body = await bff.booking()
    await plan_fault(calendly, "delay", path="^/scheduled_events$", method="GET", seconds=0.5)
    running = asyncio.create_task(bff.book(body, "key"))
    await sent(calendly, "/scheduled_events", "GET")
    fragile.kill()

    answer = await running

    _assert_closed(answer)
    assert await calls_of(calendly, "/invitees", "POST") == []


async def test_a_refusal_is_told_though_redis_died_before_it_was_written_down(
    bff: Service, fragile: RedisServer, calendly: Simulation
) -> None:
    body = await bff.booking()
    await calendly.book("intro-call", invitee=SOMEBODY_ELSE)
    await clear_calls(calendly)
    await plan_fault(calendly, "delay", path="^/invitees$", method="POST", seconds=0.5)
    running = asyncio.create_task(bff.book(body, "key"))
    await sent(calendly)
    fragile.kill()

    answer = await running

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert answer.json()["alternatives"]


@pytest.mark.fault("B11")
async def test_what_an_emptied_state_store_has_forgotten_calendly_still_knows(
    bff: Service, fragile: RedisServer, calendly: Simulation
) -> None:
    body = await bff.booking("workshop")
    first = (await bff.book(body, "key")).json()
    fragile.forget_bookings()

    again = await bff.book(body, "key")

    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (again.json()["status"], again.json()["manage"]) == ("confirmed", None)
    assert (again.json()["start"], again.json()["invitee"]) == (first["start"], first["invitee"])
    assert len(await calls_of(calendly, "/invitees", "POST")) == 1


@pytest.mark.fault("B11")
async def test_a_booking_is_managed_by_its_token_though_the_state_store_was_emptied(
    bff: Service, fragile: RedisServer
) -> None:
    booking = (await bff.book(await bff.booking())).json()
    fragile.flush()

    canceled = await bff.manage(booking, "/cancel", {})

    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")


@pytest.mark.fault("C09")
async def test_however_many_ranges_are_asked_for_there_are_no_more_keys_than_days(
    bff: Service, fragile: RedisServer
) -> None:
    zones = ("Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin", "Pacific/Apia", "Asia/Kathmandu")
    for first, length, zone in product(range(1, 31), (0, 9), zones):
        range_ = {"from": f"2026-12-{first:02}", "to": f"2026-12-{min(first + length, 31):02}"}
        await bff.get("/event-types/intro-call/availability", **range_, timeZone=zone)

    with Redis(port=fragile.port, db=CACHE) as client:
        assert 0 < len(client.keys("bff:*:*:day:*")) <= 33


async def test_nothing_of_a_visitor_or_the_token_is_in_a_name(bff: Service, fragile: RedisServer) -> None:
    await bff.book(await bff.booking())

    with Redis(port=fragile.port, db=CACHE) as client:
        names = b" ".join(client.keys("*"))
    assert b"grace" not in names
    assert b"token" not in names


async def test_simultaneous_readers_share_one_call(bff: Service, calendly: Simulation) -> None:
    range_ = {"from": "2026-12-01", "to": "2026-12-20"}

    answers = await asyncio.gather(
        *(bff.get("/event-types/intro-call/availability", **range_) for _ in range(100))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert len(await calls_of(calendly, "/event_type_available_times")) == 1
    assert len(await calls_of(calendly, "/event_types")) == 1
