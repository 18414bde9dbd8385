"""Free times: how old, and at what cost upstream."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.redis import CACHE, RedisServer
from tests.support.service import Service, calls_of, clear_calls, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"


async def _renewed(bff: Service) -> dict[str, Any]:
    """The first answer that is fresh again."""
    for _ in range(100):
        found = await bff.availability()
        if found["state"] == "fresh":
            return found
        await asyncio.sleep(0.05)
    raise TimeoutError


async def test_a_cold_month_far_from_utc_costs_two_calls(bff: Service, calendly: Simulation) -> None:
    await bff.availability(**{"from": "2026-12-01", "to": "2026-12-31", "timeZone": "Asia/Kolkata"})

    assert 1 <= len(await calls_of(calendly, TIMES)) <= 2


async def test_no_call_spans_more_than_calendly_allows(bff: Service, calendly: Simulation) -> None:
    await bff.availability(**{"from": "2026-11-23", "to": "2027-01-23", "timeZone": "America/New_York"})

    spans = [
        datetime.fromisoformat(call["query"]["end_time"])
        - datetime.fromisoformat(call["query"]["start_time"])
        for call in await calls_of(calendly, TIMES)
    ]
    assert len(spans) == 3
    assert max(spans) <= timedelta(days=31)


async def test_zones_share_the_days_they_have_in_common(bff: Service, calendly: Simulation) -> None:
    range_ = {"from": "2026-12-01", "to": "2026-12-14"}
    await bff.availability(**range_, timeZone="Asia/Tokyo")
    await clear_calls(calendly)

    await bff.availability(**range_, timeZone="America/Los_Angeles")

    asked = [call["query"]["start_time"][:10] for call in await calls_of(calendly, TIMES)]
    assert asked == ["2026-12-15"]


async def test_ranges_within_a_known_one_cost_nothing(bff: Service, calendly: Simulation) -> None:
    await bff.availability(**{"from": "2026-12-01", "to": "2026-12-31"})
    await clear_calls(calendly)

    await bff.availability(**{"from": "2026-12-03", "to": "2026-12-09"})
    await bff.availability(**{"from": "2026-12-20", "to": "2026-12-28"})

    assert await calls_of(calendly, TIMES) == []


async def test_a_fresh_answer_says_when_it_was_read(bff: Service, calendly: Simulation) -> None:
    await bff.availability()
    calendly.clock.advance(seconds=30)

    found = await bff.availability()

    assert (found["state"], found["asOf"]) == ("fresh", "2026-11-23T06:00:00Z")


async def test_what_is_older_than_its_lifetime_is_answered_marked_while_it_is_read_again(
    bff: Service, calendly: Simulation
) -> None:
    await bff.availability()
    await clear_calls(calendly)
    calendly.clock.advance(seconds=31)

    found = [await bff.availability() for _ in range(5)]
    renewed = await _renewed(bff)

    assert (found[0]["state"], found[0]["asOf"]) == ("stale", "2026-11-23T06:00:00Z")
    assert renewed["asOf"] == "2026-11-23T06:00:31Z"
    assert len(await calls_of(calendly, TIMES)) == 1


async def test_what_is_older_than_that_is_read_before_it_is_answered(
    bff: Service, calendly: Simulation
) -> None:
    await bff.availability()
    calendly.clock.advance(minutes=11)

    found = await bff.availability()

    assert (found["state"], found["asOf"]) == ("fresh", "2026-11-23T06:11:00Z")


@pytest.mark.fault("U13")
async def test_while_calendly_fails_an_older_answer_is_given_and_marked(
    bff: Service, calendly: Simulation
) -> None:
    before = await bff.availability()
    await plan_fault(calendly, "status", times=20, status=503)
    calendly.clock.advance(minutes=40)

    found = await bff.availability()

    assert (found["state"], found["asOf"]) == ("stale", "2026-11-23T06:00:00Z")
    assert found["days"] == before["days"]


async def test_an_answer_is_as_old_as_its_oldest_part(bff: Service, calendly: Simulation) -> None:
    await bff.availability(**{"from": "2026-12-01", "to": "2026-12-03"})
    calendly.clock.advance(seconds=10)

    found = await bff.availability(**{"from": "2026-12-01", "to": "2026-12-05"})

    assert (found["state"], found["asOf"]) == ("fresh", "2026-11-23T06:00:00Z")


@pytest.mark.fault("U25")
async def test_what_was_never_read_is_a_problem_and_no_empty_list(bff: Service, calendly: Simulation) -> None:
    await bff.availability(**{"from": "2026-12-01", "to": "2026-12-03"})
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)

    answer = await bff.get(
        "/event-types/intro-call/availability", **{"from": "2026-12-01", "to": "2026-12-04"}
    )

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_an_answer_that_is_too_old_is_given_no_longer(bff: Service, calendly: Simulation) -> None:
    await bff.availability()
    await bff.get("/event-types")
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)
    calendly.clock.advance(minutes=61)

    answer = await bff.get("/event-types/intro-call/availability")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_browsers_and_shared_caches_may_keep_it_for_moments(bff: Service, calendly: Simulation) -> None:
    fresh = await bff.get("/event-types/intro-call/availability")
    calendly.clock.advance(seconds=31)
    stale = await bff.get("/event-types/intro-call/availability")

    # Sent for 30 seconds, and when it was 31 seconds old for one more, and then kept for max-age: the rest of the
    # hour is left.
    later = "stale-while-revalidate={}, stale-if-error={}"
    assert fresh.headers["Cache-Control"] == f"public, max-age=5, {later.format(25, 3600 - 30 - 5)}"
    assert stale.headers["Cache-Control"] == f"public, max-age=1, {later.format(5, 3600 - 31 - 1 - 1)}"


@pytest.mark.parametrize(
    ("age", "left"),
    [
        # Sent for as long as nobody asks Calendly again, kept for a second, and shown for no longer than the hour.
        pytest.param(timedelta(minutes=57), 59, id="three minutes are left"),
        pytest.param(timedelta(minutes=57, seconds=59), 0, id="no more than the second is left"),
        pytest.param(timedelta(minutes=59, seconds=50), 0, id="some seconds are left"),
        pytest.param(timedelta(minutes=60), 0, id="nothing is left"),
    ],
)
async def test_shared_caches_may_show_it_in_an_outage_for_what_is_left_of_the_hour(
    bff: Service, calendly: Simulation, age: timedelta, left: int
) -> None:
    before = await bff.availability()
    await plan_fault(calendly, "status", times=1_000, status=503)
    calendly.clock.moment += age
    await bff.availability()

    # Read in vain, and from then on known to be away.
    answers = [
        await bff.get(f"/event-types/intro-call/availability?view={view}") for view in ("slots", "days")
    ]

    assert {answer.json()["asOf"] for answer in answers} == {before["asOf"]}
    assert answers[-1].headers["Cache-Control"].endswith(f", stale-if-error={left}")


async def test_a_booking_made_elsewhere_is_seen_after_half_a_minute(
    bff: Service, calendly: Simulation
) -> None:
    first = (await bff.free("intro-call"))[0]
    await calendly.book("intro-call")
    calendly.clock.advance(seconds=31)

    await bff.availability()

    assert first not in [slot["start"] for day in (await _renewed(bff))["days"] for slot in day["slots"]]


async def test_replicas_share_what_they_read(bff: Service, calendly: Simulation, redis: RedisServer) -> None:
    await bff.availability()
    await clear_calls(calendly)
    settings = settings_for(str(calendly.http.base_url), redis_url=redis.url(CACHE))
    async with running_service(settings, calendly.clock) as replica:
        await replica.availability()

    assert await calls_of(calendly, TIMES) == []


async def test_one_call_renews_what_visitors_in_all_zones_look_at(bff: Service, calendly: Simulation) -> None:
    zones = ("Asia/Tokyo", "Europe/Berlin", "America/Los_Angeles")
    week = {"from": "2026-12-01", "to": "2026-12-07"}
    for zone in zones:
        await bff.get("/event-types/intro-call/availability", timeZone=zone, **week)
    await clear_calls(calendly)
    calendly.clock.advance(seconds=31)

    async def states() -> set[str]:
        answers = [
            await bff.get("/event-types/intro-call/availability", timeZone=zone, **week) for zone in zones
        ]
        return {answer.json()["state"] for answer in answers}

    assert "stale" in await states()
    for _ in range(500):
        if await states() == {"fresh"}:
            break
        await asyncio.sleep(0.01)
    assert await states() == {"fresh"}
    assert len(await calls_of(calendly, TIMES)) == 1
