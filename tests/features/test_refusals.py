"""Bookings and preflights that end in a refusal: what it offers instead, and what it may cost upstream."""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from redis import Redis

from app import API
from tests.support.redis import CACHE, RedisServer
from tests.support.service import (
    Json,
    Service,
    booking_body,
    calls_of,
    clear_calls,
    plan_fault,
)
from tests.support.simulation import MONDAY, Simulation

TIMES = "/event_type_available_times"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
AT_NIGHT = "2026-12-01T03:00:00+01:00"
FILLED = {
    "title": "Invalid Argument",
    "message": "The supplied parameters are invalid.",
    "details": [{"parameter": "event.start_time", "code": "already_filled", "message": "No."}],
}
UNEXPLAINED = {"title": "Invalid Argument", "message": "No."}

both = pytest.mark.parametrize("path", ["/bookings", "/bookings/preflight"])


async def _post(bff: Service, path: str, body: Json) -> httpx.Response:
    return await bff.http.post(API + path, json=body, headers={"Idempotency-Key": KEY})


async def _refuse(calendly: Simulation, body: Json) -> None:
    await plan_fault(calendly, "status", path="^/invitees$", method="POST", status=400, body=body)


async def _days_asked_for(calendly: Simulation) -> list[tuple[date, date]]:
    """First and last UTC date of each reading of free times."""
    calls = await calls_of(calendly, TIMES)
    return [
        (
            date.fromisoformat(call["query"]["start_time"][:10]),
            date.fromisoformat(call["query"]["end_time"][:10]),
        )
        for call in calls
    ]


@pytest.mark.fault("B01")
async def test_a_refused_start_is_no_alternative_though_calendly_still_lists_it(
    bff: Service, calendly: Simulation
) -> None:
    starts = await bff.free("intro-call")
    await _refuse(calendly, FILLED)

    answer = await bff.book(booking_body("intro-call", starts[3]))

    offered = [slot["start"] for slot in answer.json()["alternatives"]]
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert sorted(offered) == sorted({*starts[:7]} - {starts[3]})


@both
@pytest.mark.parametrize(
    "start",
    [
        pytest.param("2000-01-01T00:00:00Z", id="last century"),
        pytest.param("2026-11-22T09:00:00+01:00", id="yesterday"),
        pytest.param("2026-11-23T07:00:00+01:00", id="now"),
        pytest.param("2027-11-24T06:00:01Z", id="a second beyond the horizon"),
        pytest.param("2100-12-31T23:59:59-23:59", id="the last start there is"),
    ],
)
async def test_a_start_that_nobody_may_ask_for_is_taken_after_one_look_at_the_coming_month(
    bff: Service, calendly: Simulation, start: str, path: str
) -> None:
    answer = await _post(bff, path, booking_body("intro-call", start))

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert await _days_asked_for(calendly) == [(MONDAY.date(), MONDAY.date() + timedelta(days=31))]


async def test_the_last_start_within_the_horizon_is_looked_for_where_it_is(
    bff: Service, calendly: Simulation
) -> None:
    wanted = MONDAY + timedelta(days=366)

    await bff.preflight(booking_body("intro-call", wanted.isoformat()))

    assert await _days_asked_for(calendly) == [
        (wanted.date(), wanted.date() + timedelta(days=1)),
        (wanted.date() - timedelta(days=7), wanted.date() + timedelta(days=24)),
    ]


@pytest.mark.fault("C09")
async def test_checking_many_far_dates_leaves_no_more_keys_than_one_month_has_days(
    bff: Service, redis: RedisServer
) -> None:
    for year in range(2028, 2100, 3):
        await bff.preflight(booking_body("intro-call", f"{year}-06-01T09:00:00Z"))

    with Redis(port=redis.port, db=CACHE) as client:
        kept = [key.decode().rsplit(":", 1)[1] for key in client.keys("bff:*:*:day:*")]
    month = [(MONDAY.date() + timedelta(days=number)).isoformat() for number in range(31)]
    assert sorted(kept) == month


async def test_checks_of_one_missing_slot_at_once_share_one_reading(
    bff: Service, calendly: Simulation
) -> None:
    await bff.free("intro-call")
    await clear_calls(calendly)
    await plan_fault(calendly, "delay", path=TIMES, seconds=0.4)

    answers = await asyncio.gather(*(bff.preflight(booking_body("intro-call", AT_NIGHT)) for _ in range(20)))

    assert {answer.json()["code"] for answer in answers} == {"slot_taken"}
    assert len(await calls_of(calendly, TIMES)) == 1


@both
async def test_versions_that_somebody_made_up_cost_one_reading_of_the_catalogue_in_five_seconds(
    bff: Service, calendly: Simulation, path: str
) -> None:
    body = await bff.booking()
    calendly.clock.advance(seconds=6)
    await clear_calls(calendly)

    answers = [
        await _post(bff, path, body | {"formVersion": version}) for version in ("made-up", "another", "third")
    ]

    assert [answer.json()["code"] for answer in answers] == ["form_changed"] * 3
    assert len(await calls_of(calendly, "/event_types")) == 1


async def test_five_seconds_later_another_version_is_worth_another_reading(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking(formVersion="made-up")
    await clear_calls(calendly)

    for seconds in (6, 5, 5):
        calendly.clock.advance(seconds=seconds)
        await bff.preflight(body)

    assert len(await calls_of(calendly, "/event_types")) == 2


@pytest.mark.parametrize(
    "unread",
    [pytest.param("/users/me", id="the event type"), pytest.param(TIMES, id="the free times")],
)
async def test_a_refusal_that_cannot_be_looked_into_is_our_failure_and_frees_the_key(
    bff: Service, calendly: Simulation, unread: str
) -> None:
    body = await bff.booking()
    await _refuse(calendly, UNEXPLAINED)
    await plan_fault(calendly, "status", path=unread, times=10, status=401)

    refused = await bff.book(body, KEY)
    await calendly.http.delete("/_simulator/faults")
    again = await bff.book(body, KEY)

    problem: dict[str, Any] = refused.json()
    assert (refused.status_code, problem["code"]) == (502, "upstream_failed")
    assert problem["hostedUrl"]
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, None)
