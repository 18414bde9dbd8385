"""`POST /bookings` where Calendly, or what it has by now, says no."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import API
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import (
    Json,
    Service,
    booking_body,
    calls_of,
    clear_calls,
    plan_fault,
    running_service,
    settings_for,
)
from tests.support.simulation import Simulation

BOOKING = "/invitees"
QUESTION = {"name": "Why?", "type": "string", "position": 0, "required": True}


async def _booked(calendly: Simulation) -> list[Json]:
    items: list[Json] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    return items


async def _refused(calendly: Simulation, body: Json, status: int = 400) -> None:
    await plan_fault(calendly, "status", path=BOOKING, method="POST", status=status, body=body)


@pytest.mark.parametrize("path", ["/bookings", "/bookings/preflight"])
async def test_a_form_of_another_version_is_told_the_present_one(bff: Service, path: str) -> None:
    body = await bff.booking(formVersion="0123456789ab")

    answer = await bff.http.post(API + path, json=body, headers={"Idempotency-Key": "k"})

    form = (await bff.get("/event-types/intro-call/form")).json()
    assert (answer.status_code, answer.json()["code"]) == (409, "form_changed")
    assert answer.json()["formVersion"] == form["version"]


async def test_a_newer_form_than_ours_is_read_and_accepted(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await bff.get("/event-types")
    await calendly.change("intro-call", custom_questions=[{**QUESTION, "required": False}])
    calendly.clock.advance(seconds=59)
    stale = (await bff.get("/event-types/intro-call/form")).json()["version"]
    calendly.clock.advance(seconds=2)
    newer = (await bff.get("/event-types/intro-call/form")).json()["version"]

    answer = await bff.book(body | {"formVersion": newer})

    assert stale != newer
    assert answer.status_code == 201


async def test_a_refusal_because_the_form_changed_meanwhile_says_so(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    await calendly.change("intro-call", locations=[{"kind": "zoom_conference"}])

    answer = await bff.book(body)

    assert (answer.status_code, answer.json()["code"]) == (409, "form_changed")


async def test_a_refusal_because_there_is_a_new_question_says_that_the_form_changed(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    await calendly.change("intro-call", custom_questions=[QUESTION])

    answer = await bff.book(body)

    assert (answer.status_code, answer.json()["code"]) == (409, "form_changed")


@pytest.mark.fault("U24")
async def test_a_refusal_because_the_event_type_is_gone_is_not_found(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    await calendly.change("intro-call", active=False)

    answer = await bff.book(body)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_refusal_that_nothing_explains_is_our_failure(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await _refused(calendly, {"title": "Invalid Argument", "message": "No."})

    answer = await bff.book(body)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert answer.json()["hostedUrl"]


async def test_a_spent_quota_says_how_long_and_where_else(bff: Service, calendly: Simulation) -> None:
    await calendly.settings(tier="trial")
    bodies = [booking_body("intro-call", start) for start in (await bff.free("intro-call"))[:6]]

    answers = [await bff.book(body) for body in bodies]

    last = answers[-1]
    assert [answer.status_code for answer in answers] == [201] * 5 + [503]
    assert last.json()["code"] == "booking_quota_spent"
    assert int(last.headers["Retry-After"]) > 0
    assert last.json()["hostedUrl"]


async def test_a_quota_that_is_known_to_be_spent_is_asked_for_no_more(
    bff: Service, calendly: Simulation
) -> None:
    await calendly.settings(tier="trial")
    bodies = [booking_body("intro-call", start) for start in (await bff.free("intro-call"))[:8]]
    for body in bodies[:5]:
        await bff.book(body)

    answers = [await bff.book(bodies[5]), await bff.book(bodies[6]), await bff.preflight(bodies[7])]

    assert [answer.json()["code"] for answer in answers] == ["booking_quota_spent"] * 3
    assert all(answer.json()["hostedUrl"] for answer in answers)
    assert len(await calls_of(calendly, BOOKING, "POST")) == 5


@pytest.mark.fault("U23")
async def test_a_token_that_may_not_book_leads_to_the_hosted_page(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await _refused(calendly, {"title": "Permission Denied", "message": "No."}, 403)

    answer = await bff.book(body)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_refused_us")
    assert answer.json()["hostedUrl"]


@pytest.fixture
async def ticking(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """A service whose clock goes on, so that what was booked is later than what was read before."""
    began = time.monotonic()
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    settings = settings_for(str(calendly.http.base_url), **stores)

    def clock() -> datetime:
        return calendly.clock() + timedelta(seconds=time.monotonic() - began)

    async with running_service(settings, clock) as service:
        yield service


@pytest.mark.fault("B02")
async def test_of_many_who_want_one_slot_one_gets_it_and_calendly_hears_of_no_other(
    ticking: Service, calendly: Simulation
) -> None:
    body = await ticking.booking()
    people: list[dict[str, Any]] = [
        body | {"invitee": {"name": "Grace Example", "email": f"grace{number}@example.test"}}
        for number in range(10)
    ]

    answers = await asyncio.gather(*(ticking.book(person) for person in people))

    codes = sorted(answer.json().get("code", "booked") for answer in answers)
    assert codes == ["booked"] + ["slot_taken"] * 9
    assert len(await calls_of(calendly, BOOKING, "POST")) == 1
    assert len(await _booked(calendly)) == 1


async def test_a_refusal_repeats_nothing_of_either_side(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking(invitee={"name": "Marker Visitor", "email": "marker@example.test"})
    await clear_calls(calendly)
    await _refused(calendly, {"title": "Marker Title", "message": "marker@example.test is odd"})

    answer = await bff.book(body)

    assert "marker" not in answer.text.lower()
