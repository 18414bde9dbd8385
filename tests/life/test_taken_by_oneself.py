"""A time that is gone because this very person has it, or had it: what is told, and what Calendly then has."""

import asyncio

import pytest
from redis import Redis

from app.intents import names
from tests.life.stage import (
    BOOKING,
    LOOK,
    Stage,
    active,
    bookings_sent,
    canceled,
    made,
    patiently,
    said,
    sent,
)
from tests.support.redis import STATE, RedisServer
from tests.support.service import (
    Json,
    Service,
    booking_body,
    plan_fault,
)
from tests.support.simulation import Simulation

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
NINE, ELEVEN = (f"2026-11-23T{hour}:00:00+01:00" for hour in ("09", "11"))
NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY = (f"2026-11-23T{hour}:00:00.000000Z" for hour in ("08", "10"))
NOTHING = {
    "collection": [],
    "pagination": {"count": 0, "next_page": None, "previous_page": None, "next_page_token": None},
}
NUMBER, OTHER_NUMBER = "+493012345678", "+493087654321"


def _call(start: str, number: str) -> Json:
    return booking_body("phone-consult", start) | {"location": {"optionId": "outbound_call", "value": number}}


@pytest.mark.parametrize("lost", [False, True], ids=["by our records", "by Calendly"])
async def test_whoever_asks_for_another_place_is_not_told_that_it_is_booked(
    bff: Service, redis: RedisServer, *, lost: bool
) -> None:
    assert (await bff.book(_call(NINE, NUMBER), KEY)).status_code == 201
    if lost:
        redis.flush()

    other = await bff.book(_call(NINE, OTHER_NUMBER), "another")
    same = await bff.book(_call(NINE, NUMBER), "third")

    assert said(other) == (409, "slot_taken")
    assert (same.status_code, same.json()["status"], same.json()["location"]["detail"]) == (
        201,
        "confirmed",
        NUMBER,
    )


async def test_what_was_just_canceled_is_not_told_as_booked_where_the_lists_lag(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    booking = await made(bff)
    listed = (await calendly.call("GET", LOOK[1:-1], params={"user": await calendly.me()})).json()
    invitees = (await calendly.call("GET", f"{listed['collection'][0]['uri']}/invitees")).json()
    await canceled(bff, booking)
    redis.flush()
    for path, body in ((LOOK, listed), ("/invitees$", invitees), ("^/event_type_available_times", NOTHING)):
        await plan_fault(calendly, "status", status=200, body=body, path=path, method="GET", times=9)

    answer = await bff.book(booking_body("intro-call", NINE), KEY)

    assert said(answer) == (409, "slot_taken")
    assert await active(calendly) == []


async def test_two_bookings_do_not_move_into_each_others_place(bff: Service, calendly: Simulation) -> None:
    nine, eleven = [(await bff.book(booking_body("intro-call", start))).json() for start in (NINE, ELEVEN)]

    answers = await asyncio.gather(
        bff.manage(nine, "/reschedule", {"start": ELEVEN}), bff.manage(eleven, "/reschedule", {"start": NINE})
    )

    assert {said(answer) for answer in answers} == {(409, "slot_taken")}
    assert await active(calendly) == [NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY]


async def test_a_slower_click_on_the_same_new_time_gets_the_same_booking(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await bff.free("intro-call")
    event = "^/scheduled_events/[^/]+$"
    await plan_fault(calendly, "delay", path=event, method="GET", seconds=0.5)

    slow = asyncio.create_task(bff.manage(booking, "/reschedule", {"start": ELEVEN}))
    await asyncio.sleep(0.1)
    quick = await bff.manage(booking, "/reschedule", {"start": ELEVEN})
    late = await patiently(lambda: bff.manage(booking, "/reschedule", {"start": ELEVEN}))

    assert [quick.status_code, (await slow).status_code, late.status_code] == [201] * 3
    assert quick.json() == (await slow).json() == late.json()


@pytest.mark.fault("R09")
async def test_emptied_before_what_is_in_the_air_has_arrived_nothing_is_doubled(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    """An event type that would take the same person twice."""
    body = await bff.booking("workshop")
    await plan_fault(calendly, "delay", path=BOOKING, method="POST", seconds=0.5)
    first = asyncio.create_task(bff.book(body, KEY))
    await sent(calendly, 1)
    redis.flush()

    at_once = await bff.book(body, KEY)
    in_time = await patiently(lambda: bff.book(body, KEY))

    assert said(at_once) == (409, "booking_in_flight")
    assert ((await first).status_code, in_time.status_code) == (201, 201)
    assert len(await bookings_sent(calendly)) == 1


@pytest.mark.fault("R09")
async def test_emptied_meanwhile_a_replica_that_knew_nothing_waits_as_well(
    stage: Stage, calendly: Simulation, redis: RedisServer
) -> None:
    async with stage.service() as one:
        body = await one.booking("workshop")
        await plan_fault(calendly, "delay", path=BOOKING, method="POST", seconds=1)
        first = asyncio.create_task(one.book(body, KEY))
        await sent(calendly, 1)
        redis.flush()
        async with stage.service() as two:
            await asyncio.sleep(0.2)  # a round of the other's resolver
            at_once = await two.book(body, KEY)
            in_time = await patiently(lambda: two.book(body, KEY))
        answer = await first

    assert said(at_once) == (409, "booking_in_flight")
    assert (in_time.status_code, answer.status_code) == (201, 201)
    assert len(await bookings_sent(calendly)) == 1


@pytest.mark.parametrize(("days", "told"), [(1, (503, "upstream_busy")), (3, (409, "slot_taken"))])
async def test_with_few_calls_left_long_kept_records_are_believed(
    bff: Service, calendly: Simulation, redis: RedisServer, days: int, told: tuple[int, str]
) -> None:
    await calendly.book("intro-call", start_time=NINE_AT_CALENDLY)
    body = booking_body("intro-call", NINE)
    await bff.app.state.resources.runner.names()
    with Redis(port=redis.port, db=STATE) as store:
        store.hincrby(names.NAMING, "since", -days * 86_400_000)
    await plan_fault(calendly, "status", status=429, path=LOOK, method="GET")

    answer = await bff.book(body)

    assert said(answer) == told
    assert answer.json().get("hostedUrl") or answer.json()["alternatives"]


@pytest.mark.parametrize(
    ("command", "undo"),
    [
        pytest.param("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", id="full"),
        pytest.param("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", id="a replica"),
    ],
)
async def test_what_was_answered_is_answered_again_by_a_store_that_takes_no_more(
    bff: Service, redis: RedisServer, command: str, undo: str
) -> None:
    body = await bff.booking()
    first = await bff.book(body, KEY)
    redis.told(*command.split())
    try:
        again = await bff.book(body, KEY)
    finally:
        redis.told(*undo.split())

    assert (again.status_code, again.json()) == (201, first.json())
