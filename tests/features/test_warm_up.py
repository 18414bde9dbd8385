"""Popular free times are read again before they age: by one process, within its share, and only while somebody asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app import API
from app.budgets.claims import READ_SHARE
from app.calendly.quota import Purpose
from tests.soak.waiting import until
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.service import Service, calls_of, clear_calls, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"
ASKED = {"from": "2026-12-01", "to": "2026-12-21"}
"""Days of one call."""

EARLY, DUE, AGED = 24, 25, 31
"""Seconds after a reading."""


@asynccontextmanager
async def _processes(
    number: int, calendly: Simulation, redis: RedisServer, **bff: Any
) -> AsyncIterator[list[Service]]:
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    settings = settings_for(str(calendly.http.base_url), **({"warm_up": 5} | stores | bff))
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(running_service(settings, calendly.clock)) for _ in range(number)
        ]


@pytest.fixture
async def bff(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    async with _processes(1, calendly, redis) as [service]:
        yield service


async def _ask(bff: Service, slug: str = "intro-call", **params: str) -> dict[str, Any]:
    answer = await bff.get(f"/event-types/{slug}/availability", **(params or ASKED))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _look(*services: Service) -> None:
    """As each of them does by itself several times a second or so."""
    await asyncio.gather(*(bff.account.warm_up.look() for bff in services))


async def _look_until_read(calendly: Simulation, *services: Service) -> None:
    """Until Calendly was asked for free times. On a busy machine a store may seem to be away for a moment: then
    nobody looks.
    """

    async def has_read() -> bool:
        await _look(*services)
        return await _calls(calendly) > 0

    async with asyncio.timeout(10):
        await until(has_read, every=0.05)


async def _asked_and_due(calendly: Simulation, *services: Service) -> None:
    """Each in words of its own: what one has made ready, the others would send without a look at the days."""
    for bff, city in zip(services, ("Berlin", "Paris", "Rome", "Vienna"), strict=False):
        await _ask(bff, **ASKED, timeZone=f"Europe/{city}")
    await clear_calls(calendly)
    calendly.clock.advance(seconds=DUE)


async def _calls(calendly: Simulation) -> int:
    return len(await calls_of(calendly, TIMES))


async def test_what_was_asked_for_is_read_again_shortly_before_it_ages(
    bff: Service, calendly: Simulation
) -> None:
    await _ask(bff)
    await clear_calls(calendly)
    calendly.clock.advance(seconds=EARLY)
    await _look(bff)
    early = await _calls(calendly)
    calendly.clock.advance(seconds=DUE - EARLY)
    await _look_until_read(calendly, bff)
    await _look(bff)
    calendly.clock.advance(seconds=AGED - DUE)

    found = await _ask(bff)

    assert (early, await _calls(calendly)) == (0, 1)
    assert (found["state"], found["asOf"]) == ("fresh", "2026-11-23T06:00:25Z")


async def test_of_four_processes_one_reads_for_all(calendly: Simulation, redis: RedisServer) -> None:
    async with _processes(4, calendly, redis) as services:
        await _asked_and_due(calendly, *services)

        await _look_until_read(calendly, *services)
        calendly.clock.advance(seconds=AGED - DUE)
        found = [await _ask(bff, **ASKED, timeZone="Europe/Oslo") for bff in services]

        assert await _calls(calendly) == 1
        assert {each["asOf"] for each in found} == {"2026-11-23T06:00:25Z"}
        assert sorted([await _renewals(bff) for bff in services]) == [0, 0, 0, 1]


async def _renewals(bff: Service) -> int:
    lines = (await bff.http.get("/metrics")).text.splitlines()
    [line] = [line for line in lines if line.startswith("bff_warm_up_renewals_total ")]
    return int(float(line.split(" ")[1]))


async def test_it_stops_when_nobody_asks_any_more(bff: Service, calendly: Simulation) -> None:
    await _ask(bff)
    await clear_calls(calendly)

    for _ in range(20):
        calendly.clock.advance(seconds=5)
        await _look(bff)

    assert await _calls(calendly) <= 2


async def test_it_goes_on_for_as_long_as_somebody_asks(bff: Service, calendly: Simulation) -> None:
    states = set()
    for _ in range(10):
        states.add((await _ask(bff))["state"])
        await clear_calls(calendly)
        calendly.clock.advance(seconds=25)
        await _look_until_read(calendly, bff)

    assert states == {"fresh"}


async def test_only_as_many_event_types_are_kept_warm_as_an_operator_wishes(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with _processes(1, calendly, redis, warm_up=1) as [bff]:
        await _ask(bff, "visit")
        await _ask(bff, "panel")
        await _ask(bff, "panel", to="2026-12-05")
        await clear_calls(calendly)
        calendly.clock.advance(seconds=DUE)

        await _look_until_read(calendly, bff)

        asked = {call["query"]["event_type"] for call in await calls_of(calendly, TIMES)}
        assert asked == {(await calendly.event_type("panel"))["uri"]}


async def test_unless_an_operator_wishes_it_nothing_is_kept_warm(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with _processes(1, calendly, redis, warm_up=0) as [bff]:
        await _asked_and_due(calendly, bff)

        await _look(bff)

        assert await _calls(calendly) == 0


@pytest.mark.parametrize(
    "question",
    [
        "/event-types/visit/availability?view=days",
        "/event-types/visit/availability/next",
        "/availability?eventTypeIds=visit",
    ],
)
async def test_whatever_visitors_ask_is_kept_warm(bff: Service, calendly: Simulation, question: str) -> None:
    answer = await bff.http.get(API + question)
    await clear_calls(calendly)
    calendly.clock.advance(seconds=DUE)

    await _look_until_read(calendly, bff)

    assert answer.status_code == 200


async def test_it_leaves_visitors_half_of_what_they_may_read(bff: Service, calendly: Simulation) -> None:
    await _ask(bff)
    await clear_calls(calendly)
    for _ in range(round(500 * READ_SHARE / 2)):
        await bff.account.budgets.admit(Purpose.READ)
    calendly.clock.advance(seconds=DUE)

    await _look(bff)

    assert await _calls(calendly) == 0


async def test_it_leaves_a_calendly_that_fails_alone(bff: Service, calendly: Simulation) -> None:
    await _asked_and_due(calendly, bff)
    await plan_fault(calendly, "status", status=500, times=10, path=TIMES)
    await bff.get("/event-types/visit/availability", **ASKED)
    asked = await _calls(calendly)

    await _look(bff)

    assert await _calls(calendly) == asked


@pytest.mark.fault("R02")
@pytest.mark.parametrize("away", ["cache", "state"])
async def test_while_processes_cannot_see_each_other_it_rests(
    calendly: Simulation, redis: RedisServer, tmp_path: Path, away: str
) -> None:
    database = {"cache": CACHE, "state": STATE}[away]
    with running_redis(tmp_path) as fragile:
        lost = {f"{'redis' if away == 'cache' else 'state'}_url": fragile.url(database)}
        async with _processes(1, calendly, redis, **lost) as [bff]:
            await _asked_and_due(calendly, bff)
            fragile.kill()
            await bff.get("/event-types/visit/availability", **ASKED)
            asked = await _calls(calendly)

            await _look(bff)

            assert await _calls(calendly) == asked


async def test_each_process_looks_by_itself(calendly: Simulation, redis: RedisServer) -> None:
    async with _processes(1, calendly, redis, availability_fresh=3) as [bff]:
        await _ask(bff)
        await clear_calls(calendly)
        calendly.clock.advance(seconds=2.6)

        async def has_read() -> bool:
            return await _calls(calendly) == 1

        async with asyncio.timeout(10):
            await until(has_read, every=0.05)
