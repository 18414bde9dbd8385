"""202 `confirming`: the booking was sent, and nobody knows yet. It becomes `confirmed` or `failed`, and the truth."""

import pytest

from app.features.bookings.lost import LONG_AGO
from tests.life.stage import (
    BOOKING,
    Stage,
    active,
    bookings_sent,
    break_down,
    canceled,
    lose_answer,
    moved,
    said,
    seats_of,
    status_of,
)
from tests.support.redis import RedisServer
from tests.support.service import Json, Service, plan_fault
from tests.support.simulation import ADDRESSES, Simulation

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"

AMBIGUOUS = [
    pytest.param({"kind": "commit_then_reset"}, "confirmed", id="done, then cut off"),
    pytest.param({"kind": "commit_then_status", "status": 502}, "confirmed", id="done, then a bad gateway"),
    pytest.param({"kind": "truncate"}, "confirmed", id="done, half an answer"),
    pytest.param({"kind": "reset"}, "failed", id="cut off"),
    pytest.param({"kind": "status", "status": 502}, "failed", id="bad gateway"),
    pytest.param({"kind": "html"}, "failed", id="a page that calls itself a success"),
]


async def _confirming(bff: Service, calendly: Simulation, *, done: bool = True) -> Json:
    await (lose_answer if done else break_down)(calendly, BOOKING)
    answer = await bff.book(await bff.booking(), KEY)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


@pytest.mark.fault("B06")
@pytest.mark.parametrize(("fault", "end"), AMBIGUOUS)
async def test_what_nobody_knows_is_confirming_until_it_is_known(
    bff: Service, calendly: Simulation, fault: Json, end: str
) -> None:
    await plan_fault(calendly, path=BOOKING, method="POST", **fault)

    answer = await bff.book(await bff.booking(), KEY)

    assert (answer.status_code, answer.json()["status"], answer.headers["Retry-After"]) == (
        202,
        "confirming",
        "2",
    )
    assert (await bff.settled(answer.json()))["status"] == end
    assert len(await active(calendly)) == (end == "confirmed")
    assert len(await bookings_sent(calendly)) == 1


@pytest.mark.fault("B06")
@pytest.mark.parametrize("treatment", ADDRESSES)
@pytest.mark.parametrize("slug", ["intro-call", "workshop"], ids=["one seat", "several seats"])
async def test_however_calendly_writes_addresses_nobody_is_booked_twice(
    bff: Service, calendly: Simulation, treatment: Json, slug: str
) -> None:
    await calendly.assume(**treatment)
    person = {"name": "Grace Example", "email": "Grace.Example@Example.test"}
    body = await bff.booking(slug, invitee=person)
    await lose_answer(calendly, BOOKING)
    unknown = await bff.book(body, KEY)

    settled = await bff.settled(unknown.json())
    again = await bff.book(body, KEY)

    assert (unknown.status_code, settled["status"], again.status_code) == (202, "confirmed", 201)
    assert len(await seats_of(calendly, person["email"])) == 1


async def test_a_confirming_booking_tells_what_was_asked_for(bff: Service, calendly: Simulation) -> None:
    booking = await _confirming(bff, calendly)

    assert (booking["start"], booking["invitee"]["email"]) == (
        "2026-11-23T09:00:00+01:00",
        "grace@example.test",
    )
    assert (booking["calendarLinks"], booking["hosted"]) == (None, {"cancelUrl": None, "rescheduleUrl": None})


async def test_its_token_goes_on_to_be_good_once_it_is_confirmed(bff: Service, calendly: Simulation) -> None:
    booking = await _confirming(bff, calendly)
    await bff.settled(booking)

    assert (await canceled(bff, booking))["status"] == "canceled"
    assert await active(calendly) == []


async def test_what_is_confirmed_comes_with_a_token_that_knows_its_event(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    settled = await bff.settled(await _confirming(bff, calendly))
    calendly.clock.advance(seconds=LONG_AGO.total_seconds() + 1)
    redis.flush()

    again = (await bff.manage(settled)).json()

    assert (again["status"], again["manage"]) == ("confirmed", settled["manage"])


async def test_while_nobody_knows_its_key_gets_the_same_booking(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await break_down(calendly, BOOKING)

    unknown, again = await bff.book(body, KEY), await bff.book(body, KEY)

    assert (unknown.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == unknown.json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_once_it_is_known_its_key_gets_the_booking(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await lose_answer(calendly, BOOKING)
    unknown = await bff.book(body, KEY)
    settled = await bff.settled(unknown.json())

    again = await bff.book(body, KEY)

    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (again.json()["id"], again.json()["status"]) == (settled["id"], "confirmed")
    assert len(await bookings_sent(calendly)) == 1


@pytest.mark.fault("B07")
async def test_a_booking_that_failed_can_be_tried_again_with_its_key(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    await break_down(calendly, BOOKING)
    failed = await bff.settled((await bff.book(body, KEY)).json())

    again = await bff.book(body, KEY)

    assert (failed["status"], again.status_code) == ("failed", 201)
    assert "Idempotency-Replayed" not in again.headers
    assert len(await active(calendly)) == 1


async def test_a_booking_that_failed_leaves_its_time_to_others(bff: Service, calendly: Simulation) -> None:
    booking = await _confirming(bff, calendly, done=False)
    await bff.settled(booking)
    other = {"name": "Ada Example", "email": "other@example.test"}

    answer = await bff.book(await bff.booking(start=booking["start"], invitee=other))

    assert answer.status_code == 201


async def test_somebody_who_says_the_same_gets_no_token_of_what_is_confirming(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    await break_down(calendly, BOOKING)
    await bff.book(body, KEY)

    joined = await bff.book(body, "another")

    assert (joined.status_code, joined.json()["manage"]) == (202, None)


@pytest.mark.parametrize(
    ("part", "body", "expected"),
    [
        pytest.param("/cancel", {}, (409, "booking_in_flight"), id="cancel"),
        pytest.param(
            "/reschedule", {"start": "2026-11-23T11:00:00Z"}, (409, "booking_in_flight"), id="reschedule"
        ),
        pytest.param("/calendar.ics", None, (409, "booking_in_flight"), id="calendar file"),
    ],
)
async def test_what_is_confirming_can_only_be_waited_for(
    bff: Service, calendly: Simulation, part: str, body: Json | None, expected: tuple[int, str]
) -> None:
    booking = await _confirming(bff, calendly, done=False)

    answer = await bff.manage(booking, part, body)

    assert (said(answer), answer.headers["Retry-After"]) == (expected, "2")


@pytest.mark.parametrize(
    ("part", "body", "expected"),
    [
        pytest.param("/cancel", {}, (409, "booking_not_changeable"), id="cancel"),
        pytest.param(
            "/reschedule", {"start": "2026-11-23T11:00:00Z"}, (409, "booking_not_changeable"), id="reschedule"
        ),
        pytest.param("/calendar.ics", None, (404, "not_found"), id="calendar file"),
    ],
)
async def test_what_failed_is_no_booking(
    bff: Service, calendly: Simulation, part: str, body: Json | None, expected: tuple[int, str]
) -> None:
    booking = await _confirming(bff, calendly, done=False)
    await bff.settled(booking)

    answer = await bff.manage(booking, part, body)

    assert said(answer) == expected


async def test_another_replica_carries_on_where_one_stopped(stage: Stage, calendly: Simulation) -> None:
    async with stage.service() as first:
        booking = await _confirming(first, calendly)

    async with stage.service() as second:
        settled = await second.settled(booking)

    assert settled["status"] == "confirmed"


async def test_with_the_record_lost_calendly_is_asked(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    booking = await _confirming(bff, calendly)
    redis.flush()

    read = (await bff.manage(booking)).json()

    assert (read["status"], read["start"]) == ("confirmed", booking["start"])
    assert (await moved(bff, read, "2026-11-23T11:00:00+01:00"))["rescheduledFrom"] == booking["id"]


async def test_with_the_record_lost_a_booking_that_is_nowhere_counts_as_failed_in_time(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    await calendly.settings(roles={"ada": "admin"})
    booking = await _confirming(bff, calendly, done=False)
    redis.flush()

    soon = await status_of(bff, booking)
    calendly.clock.advance(seconds=LONG_AGO.total_seconds() + 1)
    later = await status_of(bff, booking)

    assert (soon, later) == ("confirming", "failed")
