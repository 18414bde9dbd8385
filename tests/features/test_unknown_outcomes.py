"""Bookings that were sent and whose answer never came: told as they are, never sent again, found out in the end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import SOON, Json, Service, calls_of, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"

MADE = [
    pytest.param({"kind": "commit_then_reset"}, id="connection lost after the booking"),
    pytest.param({"kind": "commit_then_status", "status": 502}, id="gateway gave up after the booking"),
    pytest.param({"kind": "commit_then_status", "status": 201, "body": {}}, id="an odd success"),
    pytest.param({"kind": "truncate"}, id="half an answer"),
]
NOT_MADE = [
    pytest.param({"kind": "status", "status": 500}, id="server error"),
    pytest.param({"kind": "status", "status": 503}, id="away"),
    pytest.param({"kind": "html", "status": 200}, id="a page that calls itself a success"),
    pytest.param({"kind": "reset"}, id="connection lost before the booking"),
]

made = pytest.mark.parametrize("fault", MADE)
not_made = pytest.mark.parametrize("fault", NOT_MADE)
either = pytest.mark.parametrize("fault", MADE + NOT_MADE)


@pytest.fixture
async def hasty(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """A service that finds out soon."""
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    settings = settings_for(str(calendly.http.base_url), **stores)
    async with running_service(settings, calendly.clock, SOON) as service:
        yield service


async def _sent(calendly: Simulation) -> int:
    return len(await calls_of(calendly, "/invitees", "POST"))


async def _fail(calendly: Simulation, fault: Json) -> None:
    await plan_fault(calendly, **fault, path="^/invitees$", method="POST")


@either
async def test_a_booking_that_may_have_been_made_is_confirming_and_is_never_sent_again(
    bff: Service, calendly: Simulation, fault: Json
) -> None:
    body = await bff.booking()
    await _fail(calendly, fault)

    answers = [await bff.book(body, KEY) for _ in range(3)]

    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(202, "confirming")] * 3
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true"]
    assert {answer.headers["Retry-After"] for answer in answers} == {"2"}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await _sent(calendly) == 1


async def test_what_is_confirming_tells_what_was_asked_for_and_gives_no_links(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking("visit", location={"optionId": "physical-2"}, guests=["ada@example.test"])
    await _fail(calendly, {"kind": "commit_then_reset"})

    booking: dict[str, Any] = (await bff.book(body)).json()

    assert booking["manage"]["token"]
    assert booking["location"]["detail"] == "Example Lodge, 2 Sample Square, Potsdam"
    assert (booking["start"], booking["end"]) == ("2026-11-23T09:00:00+01:00", "2026-11-23T10:00:00+01:00")
    assert (booking["invitee"], booking["guests"]) == (body["invitee"], ["ada@example.test"])
    assert (booking["calendarLinks"], booking["hosted"]) == (None, {"cancelUrl": None, "rescheduleUrl": None})


@pytest.mark.fault("B06")
@made
async def test_what_was_made_is_confirmed_in_the_end_and_answered_so(
    hasty: Service, calendly: Simulation, fault: Json
) -> None:
    body = await hasty.booking()
    await _fail(calendly, fault)
    first = (await hasty.book(body, KEY)).json()

    booking = await hasty.settled(first)
    answers = [await hasty.book(body, KEY) for _ in range(2)]

    assert (booking["status"], booking["id"]) == ("confirmed", first["id"])
    assert booking["hosted"]["cancelUrl"].startswith("http")
    assert [(answer.status_code, answer.headers["Idempotency-Replayed"]) for answer in answers] == [
        (201, "true")
    ] * 2
    assert answers[0].content == answers[1].content
    assert (answers[0].json()["id"], answers[0].json()["status"]) == (first["id"], "confirmed")
    assert await _sent(calendly) == 1


@pytest.mark.fault("B07")
@not_made
async def test_what_was_not_made_has_failed_in_the_end_and_may_be_tried_again_with_its_key(
    hasty: Service, calendly: Simulation, fault: Json
) -> None:
    body = await hasty.booking()
    await _fail(calendly, fault)
    first = (await hasty.book(body, KEY)).json()

    failed = await hasty.settled(first)
    again = await hasty.book(body, KEY)

    assert (failed["status"], failed["calendarLinks"]) == ("failed", None)
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, None)
    assert again.json()["id"] != first["id"]
    assert await _sent(calendly) == 2


@pytest.mark.fault("B08")
async def test_while_calendly_cannot_be_looked_at_nothing_is_called_failed(
    hasty: Service, calendly: Simulation
) -> None:
    body = await hasty.booking()
    await _fail(calendly, {"kind": "commit_then_reset"})
    first = (await hasty.book(body, KEY)).json()
    await plan_fault(calendly, "status", path="^/scheduled_events$", times=1000, status=500)

    await asyncio.sleep(3 * SOON.quiet.total_seconds())
    meanwhile = (await hasty.manage(first)).json()["status"]
    await calendly.http.delete("/_simulator/faults")

    assert meanwhile == "confirming"
    assert (await hasty.settled(first))["status"] == "confirmed"
    assert await _sent(calendly) == 1


async def test_until_it_is_known_the_time_is_not_given_to_anybody_else(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    await _fail(calendly, {"kind": "status", "status": 500})
    await bff.book(body, KEY)
    eve = {"name": "Eve Example", "email": "eve@example.test"}

    answer = await bff.book(body | {"invitee": eve}, "another")

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert body["start"] not in [slot["start"] for slot in answer.json()["alternatives"]]
    assert await _sent(calendly) == 1


@pytest.mark.parametrize(
    ("part", "body"), [("/cancel", {}), ("/reschedule", {"start": "2026-12-01T10:00:00Z"})]
)
async def test_until_it_is_known_it_can_be_neither_canceled_nor_moved(
    bff: Service, calendly: Simulation, part: str, body: Json
) -> None:
    await _fail(calendly, {"kind": "commit_then_reset"})
    booking = (await bff.book(await bff.booking(), KEY)).json()

    answer = await bff.manage(booking, part, body)

    assert (answer.status_code, answer.json()["code"]) == (409, "booking_in_flight")
    assert answer.headers["Retry-After"] == "2"


async def test_until_it_is_known_there_is_no_calendar_file(bff: Service, calendly: Simulation) -> None:
    await _fail(calendly, {"kind": "commit_then_reset"})
    booking = (await bff.book(await bff.booking(), KEY)).json()

    answer = await bff.manage(booking, "/calendar.ics")

    assert (answer.status_code, answer.json()["code"]) == (409, "booking_in_flight")


@pytest.mark.parametrize(
    ("part", "code"), [("/cancel", "booking_not_changeable"), ("/calendar.ics", "not_found")]
)
async def test_what_has_failed_can_be_read_and_no_more(
    hasty: Service, calendly: Simulation, part: str, code: str
) -> None:
    await _fail(calendly, {"kind": "reset"})
    failed = await hasty.settled((await hasty.book(await hasty.booking(), KEY)).json())

    answer = await hasty.manage(failed, part, {} if part == "/cancel" else None)

    assert answer.json()["code"] == code
