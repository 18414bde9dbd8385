"""The next free times: how far they are looked for, at what cost, and what is said where a part cannot be read."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import API
from app.features.availability.mapping import utc_dates
from app.features.availability.ranges import search_steps
from app.slots.planning import MAX_WINDOW, ONE_DAY
from app.time_zones import time_zones
from tests.support.service import Service, calls_of, clear_calls, plan_fault, sent
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"
A_DAY = 1440
"""Minutes."""

NEXT = "/event-types/intro-call/availability/next"
ZONES = [ZoneInfo(name) for name in sorted(time_zones())]


async def _ask(bff: Service, **params: Any) -> dict[str, Any]:
    answer = await bff.get(NEXT, **params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _nothing_for(calendly: Simulation, days: int, horizon: int = 365) -> None:
    """From now on; what comes after, nobody has read yet."""
    await calendly.change("intro-call", minimum_notice=days * A_DAY, horizon=horizon)


async def test_it_is_the_first_slots_of_the_free_times(bff: Service) -> None:
    found = await _ask(bff, timeZone="Asia/Kolkata", limit=20)

    free = await bff.free("intro-call", timeZone="Asia/Kolkata")
    assert [slot["start"] for slot in found["slots"]] == free[:20]
    assert found["timeZone"] == "Asia/Kolkata"


async def test_without_wishes_it_is_five_in_the_hosts_zone(bff: Service) -> None:
    found = await _ask(bff)

    assert (len(found["slots"]), found["timeZone"]) == (5, "Europe/Berlin")
    assert found["slots"][0] == {"start": "2026-11-23T09:00:00+01:00", "spotsLeft": 1}


async def test_a_slot_of_a_later_step_is_found_once_and_in_order(bff: Service, calendly: Simulation) -> None:
    await _nothing_for(calendly, 29)

    found = await _ask(bff, limit=20, timeZone="Pacific/Kiritimati")

    starts = [datetime.fromisoformat(slot["start"]).astimezone(UTC) for slot in found["slots"]]
    assert len(starts) == 20
    assert starts == sorted(set(starts))


@pytest.mark.parametrize(
    ("empty", "calls", "until"),
    [
        pytest.param(0, 1, "2026-12-22", id="busy"),
        pytest.param(31, 2, "2027-01-21", id="after a month"),
        pytest.param(61, 3, "2027-02-20", id="after two"),
        pytest.param(100, 3, "2027-02-20", id="empty"),
    ],
)
async def test_it_looks_no_farther_than_it_must(
    bff: Service, calendly: Simulation, empty: int, calls: int, until: str
) -> None:
    await _nothing_for(calendly, empty)

    found = await _ask(bff)

    assert len(await calls_of(calendly, TIMES)) == calls
    assert found["searchedUntil"] == until
    assert len(found["slots"]) == (0 if empty == 100 else 5)


async def test_whatever_the_zone_an_empty_calendar_costs_three_calls(
    bff: Service, calendly: Simulation
) -> None:
    await _nothing_for(calendly, 100)

    await _ask(bff, timeZone="America/St_Johns")

    assert len(await calls_of(calendly, TIMES)) == 3


async def test_what_a_calendar_page_has_read_costs_nothing(bff: Service, calendly: Simulation) -> None:
    await bff.free("intro-call")
    await clear_calls(calendly)

    await _ask(bff)

    assert await calls_of(calendly, TIMES) == []


@pytest.mark.fault("U25")
async def test_what_was_found_before_a_failure_is_answered_and_how_far_it_goes(
    bff: Service, calendly: Simulation
) -> None:
    await _nothing_for(calendly, 29)
    known = await bff.free("intro-call", to="2026-12-22")
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)

    found = await _ask(bff, limit=20)

    assert 0 < len(known) < 20
    assert [slot["start"] for slot in found["slots"]] == known
    assert (found["searchedUntil"], found["state"]) == ("2026-12-22", "fresh")


@pytest.mark.fault("U25")
@pytest.mark.parametrize("read", ["2026-11-23", "2026-12-22", "2027-01-21"])
async def test_nothing_found_before_a_failure_is_a_problem_and_no_empty_list(
    bff: Service, calendly: Simulation, read: str
) -> None:
    await _nothing_for(calendly, 100)
    assert await bff.free("intro-call", to=read) == []
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)

    answer = await bff.get(NEXT)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_a_booking_is_gone_though_its_step_was_read_before_and_the_next_was_waited_for(
    bff: Service, calendly: Simulation
) -> None:
    await _nothing_for(calendly, 29)
    start = (await bff.free("intro-call", to="2026-12-22"))[0]
    await clear_calls(calendly)
    await plan_fault(calendly, "delay", path=TIMES, seconds=1.5)
    asking = asyncio.create_task(_ask(bff, limit=20))
    await sent(calendly, TIMES, "GET")

    await calendly.book("intro-call", start_time=start)
    instant = datetime.fromisoformat(start)
    await bff.account.forget_days(instant, instant + timedelta(minutes=30))

    assert start not in [slot["start"] for slot in (await asking)["slots"]]


async def test_a_slot_that_passes_while_the_next_step_is_waited_for_is_not_shown(
    bff: Service, calendly: Simulation
) -> None:
    await calendly.change("intro-call", minimum_notice=0, horizon=1)
    calendly.clock.moment = datetime(2026, 11, 23, 7, 58, 30, tzinfo=UTC)
    first = (await bff.free("intro-call", to="2026-12-22"))[0]
    calendly.clock.advance(seconds=60)
    await clear_calls(calendly)
    await plan_fault(calendly, "delay", path=TIMES, times=2, seconds=0.3)
    asking = asyncio.create_task(_ask(bff, limit=20))
    await sent(calendly, TIMES, "GET")

    calendly.clock.advance(seconds=40)

    found = await asking
    assert first == "2026-11-23T09:00:00+01:00"
    assert found["slots"][0]["start"] == "2026-11-23T09:30:00+01:00"


async def test_while_calendly_fails_older_slots_are_given_and_marked(
    bff: Service, calendly: Simulation
) -> None:
    before = await _ask(bff)
    await plan_fault(calendly, "status", times=20, status=503)
    calendly.clock.advance(minutes=40)

    found = await _ask(bff)

    assert (before["state"], found["state"]) == ("fresh", "stale")
    assert (found["asOf"], found["slots"]) == ("2026-11-23T06:00:00Z", before["slots"])


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        pytest.param("limit=0", "/query/limit", "invalid", id="none"),
        pytest.param("limit=-1", "/query/limit", "invalid", id="fewer than none"),
        pytest.param("limit=21", "/query/limit", "invalid", id="too many"),
        pytest.param("limit=few", "/query/limit", "invalid", id="a word"),
        pytest.param("limit=2.5", "/query/limit", "invalid", id="a fraction"),
        pytest.param("limit=", "/query/limit", "invalid", id="empty"),
        pytest.param("limit=5&limit=6", "/query/limit", "duplicate", id="twice"),
        pytest.param("timeZone=Europe/Atlantis", "/query/timeZone", "time_zone_unknown", id="zone"),
        pytest.param("from=2026-12-01", "/query", "unknown_field", id="unknown parameter"),
    ],
)
@pytest.mark.fault("C08")
async def test_a_wrong_question_is_pointed_at(bff: Service, query: str, pointer: str, code: str) -> None:
    answer = await bff.http.get(f"{API}{NEXT}?{query}")

    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]


async def test_browsers_and_shared_caches_may_keep_it_for_a_moment(bff: Service) -> None:
    answer = await bff.get(NEXT)

    assert answer.headers["Cache-Control"].startswith("public, max-age=5, ")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2030, 12, 31)))
def test_a_search_goes_through_ninety_days_in_steps_of_one_call_each(zone: ZoneInfo, today: date) -> None:
    steps = search_steps(today, zone)

    assert [day for step in steps for day in step.dates] == [today + timedelta(days=n) for n in range(90)]
    assert all(later.first - earlier.last == ONE_DAY for earlier, later in pairwise(steps))
    assert max(len(utc_dates(step.first, step.last, zone)) for step in steps) <= MAX_WINDOW
