"""What the store has lost, Calendly still knows: whoever tries again is told the same, or that nobody can tell now."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis

from app.intents import names
from tests.life.stage import (
    BOOKING,
    BRISK,
    LOOK,
    STAYS,
    Stage,
    bookings_sent,
    break_down,
    healed,
    patiently,
    said,
)
from tests.support.redis import STATE, RedisServer
from tests.support.service import Json, Service, booking_body, calls_of, clear_calls, plan_fault, sent
from tests.support.simulation import Simulation

TOO_MANY = 429
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
NIGHT = "2026-11-23T03:00:00+01:00"

slugs = pytest.mark.parametrize("slug", ["intro-call", "workshop"], ids=["one seat", "several seats"])


async def _booked(bff: Service, slug: str) -> Json:
    """The body of a booking that stands."""
    body = await bff.booking(slug)
    assert (await bff.book(body, KEY)).status_code == 201
    return body


@pytest.mark.fault("R09")
@slugs
async def test_every_repetition_is_told_the_same(
    bff: Service, calendly: Simulation, redis: RedisServer, slug: str
) -> None:
    body = await _booked(bff, slug)
    redis.flush()

    answers = []
    for _ in range(2):
        answers += [await patiently(lambda: bff.book(body, KEY)), await bff.book(body, KEY)]
        redis.flush()
        calendly.clock.advance(seconds=30)

    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 4
    assert answers[0].json()["manage"] is None
    assert len(await bookings_sent(calendly)) == 1


@pytest.mark.fault("R09")
@slugs
async def test_where_calendly_does_not_tell_nobody_is_sent_to_another_time(
    bff: Service, calendly: Simulation, redis: RedisServer, slug: str
) -> None:
    body = await _booked(bff, slug)
    redis.flush()
    await plan_fault(calendly, "status", status=500, path=LOOK, method="GET", times=STAYS)

    unknown = await patiently(lambda: bff.book(body, KEY))
    await healed(calendly)
    known = await bff.book(body, KEY)

    assert said(unknown) == (502, "upstream_failed")
    assert unknown.json()["hostedUrl"]
    assert (known.status_code, known.json()["status"], known.json()["manage"]) == (201, "confirmed", None)
    assert len(await bookings_sent(calendly)) == 1


@pytest.mark.fault("R09")
async def test_after_a_loss_it_is_said_for_how_long_nothing_is_booked(
    stage: Stage, redis: RedisServer
) -> None:
    async with stage.service(protocol=replace(BRISK, quiet=timedelta(minutes=1))) as bff:
        body = await bff.booking()
        await bff.preflight(body)
        redis.flush()

        answers = [await bff.book(body), await bff.preflight(body)]

    assert [said(answer) for answer in answers] == [(409, "booking_in_flight")] * 2
    assert all(50 < answer.json()["retryAfter"] <= 61 for answer in answers)
    assert all("records of bookings were lost" in answer.json()["detail"] for answer in answers)


@pytest.mark.fault("R09")
async def test_a_loss_is_noticed_while_looks_take_long(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    await break_down(calendly, BOOKING)
    assert (await bff.book(await bff.booking())).status_code == 202
    await plan_fault(calendly, "delay", path=LOOK, method="GET", seconds=20, times=STAYS)
    await clear_calls(calendly)
    await sent(calendly, "/scheduled_events", "GET")

    redis.flush()
    await asyncio.sleep(1)

    with Redis(port=redis.port, db=STATE) as store:
        assert store.hexists(names.NAMING, "lost")


@pytest.mark.parametrize(("status", "wait"), [(429, "42"), (500, "2")])
async def test_whoever_joins_a_booking_that_calendly_does_not_show_may_try_again(
    bff: Service, calendly: Simulation, status: int, wait: str
) -> None:
    reset = {"X-RateLimit-Reset": "42"} if status == TOO_MANY else {}
    body = await _booked(bff, "workshop")
    await plan_fault(
        calendly,
        "status",
        status=status,
        headers=reset,
        path="^/scheduled_events/",
        method="GET",
        times=STAYS,
    )

    answer = await bff.book(body, "another")

    assert (said(answer), answer.headers["Retry-After"]) == ((409, "booking_in_flight"), wait)
    assert "whether that booking still stands" in answer.json()["detail"]
    assert len(await bookings_sent(calendly)) == 1


async def test_a_crowd_of_one_person_costs_one_look(bff: Service, calendly: Simulation) -> None:
    body = booking_body("intro-call", NIGHT)
    await bff.free("intro-call")
    await plan_fault(calendly, "delay", path=LOOK, method="GET", seconds=1)
    await clear_calls(calendly)

    answers = await asyncio.gather(*(bff.book(body) for _ in range(50)))

    assert {said(answer) for answer in answers} == {(409, "slot_taken")}
    assert len(await calls_of(calendly, "/scheduled_events")) == 1
