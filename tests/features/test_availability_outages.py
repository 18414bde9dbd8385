"""Free times while Calendly or Redis is away: what is known is told by its age, and nobody waits in vain."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import cycle
from typing import Any

import httpx
import pytest
from redis import Redis

from app import API
from tests.faults.scene import healed
from tests.features.live_replicas import Replica
from tests.soak.waiting import until
from tests.support.redis import CACHE, RedisServer
from tests.support.service import (
    Json,
    Service,
    calls_of,
    clear_calls,
    plan_fault,
    running_service,
    settings_for,
)
from tests.support.simulation import Simulation
from tests.support.way import Way, way_to

TIMES = "/event_type_available_times"
MONTH = {"from": "2026-12-01", "to": "2026-12-30"}
FAILURES = [
    pytest.param({"kind": "status", "status": 500}, 502, "upstream_failed", id="500"),
    pytest.param({"kind": "reset"}, 502, "upstream_failed", id="reset"),
    pytest.param({"kind": "status", "status": 429}, 503, "upstream_busy", id="429"),
    pytest.param({"kind": "delay", "seconds": 60}, 504, "upstream_timeout", id="silent"),
]
ROUTES = [
    pytest.param("/event-types/intro-call/availability", id="slots"),
    pytest.param("/event-types/intro-call/availability/next", id="next"),
    pytest.param("/availability?eventTypeIds=visit,intro-call", id="merged"),
]


async def _ask(bff: Service, slug: str = "intro-call", **params: Any) -> httpx.Response:
    return await bff.get(f"/event-types/{slug}/availability", **params)


async def _away(calendly: Simulation, fault: Json | None = None) -> None:
    """For free times; what can be booked it still tells."""
    await plan_fault(calendly, **(fault or {"kind": "status", "status": 503}), path=TIMES, times=1_000)


async def _back(calendly: Simulation) -> None:
    await calendly.http.delete("/_simulator/faults")
    await calendly.http.delete("/_simulator/calls")


@pytest.fixture
async def hasty(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """A service that waits a second for Calendly."""
    usual = settings_for(str(calendly.http.base_url), redis_url=redis.url(CACHE))
    options = usual.calendly.model_copy(update={"read_timeout": timedelta(seconds=1)})
    async with running_service(usual.model_copy(update={"calendly": options}), calendly.clock) as bff:
        yield bff


@pytest.mark.fault("U02")
@pytest.mark.parametrize(("fault", "status", "code"), FAILURES)
async def test_what_was_never_read_is_a_problem_that_leads_to_calendlys_own_page(
    hasty: Service, calendly: Simulation, fault: Json, status: int, code: str
) -> None:
    event_type = (await hasty.get("/event-types/intro-call")).json()
    await _away(calendly, fault)

    answer = await _ask(hasty)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["hostedUrl"] == event_type["hostedUrl"]


@pytest.mark.parametrize("route", ROUTES)
async def test_every_way_to_ask_for_free_times_leads_there(
    bff: Service, calendly: Simulation, route: str
) -> None:
    await bff.get("/event-types")
    await _away(calendly)

    answer = await bff.http.get(f"/api/v1{route}")

    assert answer.status_code == 502
    assert answer.json()["hostedUrl"].startswith("http")


async def test_an_event_type_that_is_gone_leads_nowhere(bff: Service, calendly: Simulation) -> None:
    await bff.get("/event-types")
    await _away(calendly, {"kind": "status", "status": 404})

    answer = await _ask(bff)

    assert answer.status_code == 404
    assert "hostedUrl" not in answer.json()


@pytest.mark.fault("U24")
async def test_an_event_type_that_goes_takes_along_what_is_known_of_it_everywhere(
    replicas: list[Replica], calendly: Simulation, redis: RedisServer
) -> None:
    """Found out by one process, where somebody asks for other days; and so it stays when Calendly is asked again."""
    near = {"from": "2026-11-24", "to": "2026-11-25"}

    async def statuses(slug: str) -> list[int]:
        asked = [f"{API}/event-types/{slug}/availability", f"{API}/event-types/{slug}/availability/next"]
        return [
            (await each.http.get(path, params=near if path == asked[0] else {})).status_code
            for each in replicas
            for path in asked
        ]

    async def is_gone() -> bool:
        return await statuses("intro-call") == [404] * 4

    for slug in ("intro-call", "visit") * 2:
        assert await statuses(slug) == [200] * 4
    ids = [await replicas[0].id_of(slug) for slug in ("intro-call", "visit")]
    await _away(calendly, {"kind": "status", "status": 404})
    far = await replicas[0].http.get(
        f"{API}/event-types/intro-call/availability", params={"from": "2027-03-01", "to": "2027-03-02"}
    )

    assert far.status_code == 404
    async with asyncio.timeout(5):
        await until(is_gone, every=0.02)
    calendly.clock.moment += timedelta(seconds=31)
    assert await statuses("intro-call") == [404] * 4
    assert [bool(redis.told("KEYS", f"*:day:{id_}:*")) for id_ in ids] == [False, True]


@pytest.mark.parametrize(
    ("age", "status"),
    [
        pytest.param(timedelta(minutes=60), 200, id="an hour"),
        pytest.param(timedelta(minutes=60, seconds=1), 502, id="more than an hour"),
    ],
)
async def test_what_was_read_is_told_marked_for_an_hour_while_calendly_is_away(
    bff: Service, calendly: Simulation, age: timedelta, status: int
) -> None:
    before = (await _ask(bff)).json()
    await _away(calendly)
    calendly.clock.moment += age
    await bff.get("/event-types")

    answer = await _ask(bff, **{"from": before["from"], "to": before["to"]})

    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["state"], answer.json()["asOf"]) == ("stale", before["asOf"])


async def test_once_calendly_is_back_answers_are_fresh_again(bff: Service, calendly: Simulation) -> None:
    await _ask(bff)
    await _away(calendly)
    calendly.clock.advance(minutes=30)
    old = await _ask(bff)
    await _back(calendly)
    calendly.clock.advance(seconds=5)

    for _ in range(200):
        # Nobody waits to find out whether it is back: the first ones still get what is old.
        new = await _ask(bff)
        calendly.clock.advance(seconds=0.1)
        if new.json()["state"] == "fresh":
            break
        await asyncio.sleep(0.05)

    assert (old.json()["state"], new.json()["state"]) == ("stale", "fresh")
    assert new.json()["asOf"] >= "2026-11-23T06:30:00Z"


async def test_what_was_answered_while_it_was_away_is_made_anew_once_others_have_had_it_read(
    bff: Service, calendly: Simulation
) -> None:
    """Those who asked for more, of which some was not known: nothing of the older answer is old then."""
    await bff.availability(**MONTH)
    await _away(calendly)
    calendly.clock.advance(minutes=15)
    before = await bff.availability(**MONTH)
    await _back(calendly)

    async def is_read() -> bool:
        calendly.clock.advance(seconds=5)
        return (await _ask(bff, **(MONTH | {"to": "2026-12-31"}))).status_code == 200

    async def is_fresh() -> bool:
        return bool((await bff.availability(**MONTH))["state"] == "fresh")

    async with asyncio.timeout(60):
        await until(is_read, every=0.05)
        await until(is_fresh, every=0.05)

    assert before["state"] == "stale"


@pytest.fixture
async def way(fragile: RedisServer) -> AsyncIterator[Way]:
    async with way_to(fragile.port) as way:
        yield way


@pytest.fixture
async def far(calendly: Simulation, way: Way) -> AsyncIterator[Service]:
    """A service whose way to its cache may be harmed, too."""
    settings = settings_for(str(calendly.http.base_url), redis_url=f"redis://127.0.0.1:{way.port}/{CACHE}")
    async with running_service(settings, calendly.clock) as bff:
        yield bff


def _kill(fragile: RedisServer, _: Way) -> None:
    fragile.kill()


def _silence(_: RedisServer, way: Way) -> None:
    way.silenced = b""


HARMS = [
    pytest.param(_kill, id="killed", marks=pytest.mark.fault("R02")),
    pytest.param(_silence, id="black-holed", marks=pytest.mark.fault("R04")),
]
Harm = Callable[[RedisServer, Way], None]


@pytest.mark.parametrize("harm", HARMS)
async def test_while_redis_is_away_days_are_told_from_memory_and_others_read_once(
    far: Service, calendly: Simulation, fragile: RedisServer, way: Way, harm: Harm
) -> None:
    await _ask(far, **MONTH)
    await clear_calls(calendly)
    harm(fragile, way)

    known = [await _ask(far, **MONTH, timeZone=zone) for zone in ("Europe/Berlin", "Europe/Madrid")]
    from_memory = len(await calls_of(calendly, TIMES))
    others = [await _ask(far, "visit", **MONTH, timeZone=zone) for zone in ("Europe/Berlin", "Europe/Madrid")]

    assert [(answer.status_code, answer.json()["state"]) for answer in known + others] == [(200, "fresh")] * 4
    assert from_memory == 0
    assert len(await calls_of(calendly, TIMES)) == 1


@pytest.mark.parametrize("harm", HARMS)
async def test_of_many_who_ask_while_redis_is_away_hardly_anybody_waits_for_it(
    far: Service, fragile: RedisServer, way: Way, harm: Harm
) -> None:
    await _ask(far, **MONTH)
    harm(fragile, way)

    started = time.monotonic()
    answers = [
        await _ask(far, **{"from": f"2026-12-{first:02}", "to": f"2026-12-{first + days:02}"})
        for first in range(2, 22)
        for days in range(3)
    ]

    # Sixty who waited a quarter of a second each would take fifteen.
    assert time.monotonic() - started < 7
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("harm", HARMS)
async def test_once_redis_is_back_it_is_told_again_what_was_read(
    far: Service, fragile: RedisServer, way: Way, harm: Harm
) -> None:
    harm(fragile, way)
    await _ask(far, **MONTH)
    way.silenced = None
    if not fragile.runs:
        fragile.start()

    async def is_told() -> bool:
        await _ask(far, "visit", **{"from": next(dates), "to": "2026-12-31"})
        with Redis(port=fragile.port, db=CACHE) as client:
            return any(b":day:" in name for name in client.scan_iter())

    dates = cycle(f"2026-12-{day:02}" for day in range(31, 0, -1))
    await healed(is_told)
