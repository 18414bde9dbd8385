"""What a front end gets when Calendly, or the way to it, fails: each failure caused at its far end."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app import API
from tests.support.ports import free_port
from tests.support.service import (
    Json,
    Service,
    booking_body,
    calls_of,
    plan_fault,
    running_service,
    settings_for,
)
from tests.support.simulation import Simulation, StandingClock
from tests.support.stopwatch import Stopwatch

ROUTES = [
    "/event-types",
    "/event-types/visit",
    "/event-types/visit/form",
    "/event-types/visit/availability",
    "/event-types/visit/availability/next",
    "/availability?eventTypeIds=visit,intro-call",
]
REFUSAL = {"title": "Marker", "message": "marker@example.test and Bearer marker", "details": []}

FAILURES = [
    pytest.param(
        {"kind": "status", "status": 500}, 502, "upstream_failed", id="500", marks=pytest.mark.fault("U13")
    ),
    pytest.param({"kind": "status", "status": 503}, 502, "upstream_failed", id="503"),
    pytest.param({"kind": "status", "status": 400, "body": REFUSAL}, 502, "upstream_failed", id="400"),
    pytest.param({"kind": "status", "status": 200, "body": {"odd": 1}}, 502, "upstream_failed", id="odd"),
    pytest.param(
        {"kind": "status", "status": 301, "headers": {"location": "http://127.0.0.1:1/"}},
        502,
        "upstream_failed",
        id="redirect",
    ),
    pytest.param({"kind": "html"}, 502, "upstream_failed", id="html", marks=pytest.mark.fault("U14")),
    pytest.param({"kind": "reset"}, 502, "upstream_failed", id="reset"),
    pytest.param({"kind": "truncate"}, 502, "upstream_failed", id="truncated"),
    pytest.param({"kind": "status", "status": 401, "body": REFUSAL}, 502, "upstream_refused_us", id="401"),
    pytest.param({"kind": "status", "status": 403, "body": REFUSAL}, 502, "upstream_refused_us", id="403"),
    pytest.param(
        {"kind": "status", "status": 429}, 503, "upstream_busy", id="429", marks=pytest.mark.fault("U12")
    ),
]


@pytest.mark.parametrize(("fault", "status", "code"), FAILURES)
async def test_a_read_that_fails_upstream_is_a_problem_of_ours(
    bff: Service, calendly: Simulation, fault: Json, status: int, code: str
) -> None:
    await plan_fault(calendly, **fault, times=10)

    answer = await bff.get("/event-types")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "marker" not in answer.text.lower()


@pytest.mark.parametrize("route", ROUTES)
async def test_every_read_fails_in_the_same_way(bff: Service, calendly: Simulation, route: str) -> None:
    await plan_fault(calendly, "status", times=10, status=500)

    answer = await bff.http.get(API + route)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


@pytest.mark.parametrize("path", ["/bookings", "/bookings/preflight"])
@pytest.mark.parametrize(
    ("status", "code"), [(500, "upstream_failed"), (401, "upstream_refused_us"), (429, "upstream_busy")]
)
async def test_a_booking_whose_slot_cannot_be_read_leads_to_the_hosted_page(
    bff: Service, calendly: Simulation, status: int, code: str, path: str
) -> None:
    await bff.get("/event-types")
    await plan_fault(calendly, "status", status=status, times=10, path="/event_type_available_times")
    body = booking_body("intro-call", "2026-12-01T09:00:00+01:00")

    answer = await bff.http.post(API + path, json=body, headers={"Idempotency-Key": "k"})

    assert answer.json()["code"] == code
    assert answer.json()["hostedUrl"].startswith("http")
    assert await calls_of(calendly, "/invitees", "POST") == []


@pytest.mark.fault("U11")
async def test_a_wait_that_calendly_asks_for_is_passed_on(bff: Service, calendly: Simulation) -> None:
    await plan_fault(calendly, "status", times=10, status=429, headers={"x-ratelimit-reset": "42"})

    answer = await bff.get("/event-types")

    assert answer.headers["Retry-After"] == "42"


@pytest.mark.fault("U05")
async def test_a_silent_calendly_is_given_up_before_a_visitor_is(calendly: Simulation) -> None:
    await plan_fault(calendly, "delay", times=10, seconds=30)
    usual = settings_for(str(calendly.http.base_url))
    hasty = usual.calendly.model_copy(update={"read_timeout": timedelta(seconds=1)})
    async with running_service(usual.model_copy(update={"calendly": hasty}), calendly.clock) as bff:
        watch = Stopwatch()

        answer = await bff.get("/event-types")

    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")
    assert watch.stop() < 10


async def test_an_account_that_is_gone_is_our_failure_and_not_the_visitors(
    bff: Service, calendly: Simulation
) -> None:
    await plan_fault(calendly, "status", path="/users/me", status=404)

    answer = await bff.get("/event-types/visit")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


@pytest.mark.fault("U02")
async def test_a_calendly_that_is_away_is_a_problem() -> None:
    async with running_service(settings_for(f"http://127.0.0.1:{free_port()}"), StandingClock()) as bff:
        answer = await bff.get("/event-types")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_one_short_failure_is_not_noticed(bff: Service, calendly: Simulation) -> None:
    await plan_fault(calendly, "status", times=1, status=503)

    assert (await bff.get("/event-types")).status_code == 200


@pytest.mark.fault("U19")
async def test_a_calendly_whose_clock_is_fast_loses_no_slot_that_is_ours_to_show(
    bff: Service, calendly: Simulation
) -> None:
    await calendly.settings(clockOffsetSeconds=timedelta(seconds=50).total_seconds())

    answer = await bff.get("/event-types/intro-call/availability")

    assert answer.status_code == 200


@pytest.mark.fault("U19")
async def test_a_calendly_two_minutes_ahead_still_tells_what_is_free_today(
    bff: Service, calendly: Simulation
) -> None:
    await calendly.settings(clockOffsetSeconds=120)

    with capture_logs() as logged:
        starts = await bff.free("intro-call", **{"from": "2026-11-23", "to": "2026-11-23"})

    assert starts[0] == "2026-11-23T09:00:00+01:00"
    alarms = [each for each in logged if each["event"] == "calendly.clock_skewed"]
    assert {(each["log_level"], each["seconds"]) for each in alarms} == {("error", 120)}


@pytest.mark.parametrize("seconds", [-60, 0, 60])
async def test_clocks_a_minute_apart_are_no_alarm(bff: Service, calendly: Simulation, seconds: int) -> None:
    await calendly.settings(clockOffsetSeconds=seconds)

    with capture_logs() as logged:
        await bff.free("intro-call")

    assert "calendly.clock_skewed" not in {each["event"] for each in logged}


async def test_the_service_recovers_by_itself(bff: Service, calendly: Simulation) -> None:
    await plan_fault(calendly, "status", times=2, status=500)
    failed = await bff.get("/event-types")

    answer = await bff.get("/event-types")

    assert (failed.status_code, answer.status_code) == (502, 200)
