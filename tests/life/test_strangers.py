"""Whoever knows a name, an address and a time gets no hold of the booking that they belong to."""

import pytest

from app.features.bookings.lost import LONG_AGO
from tests.life.stage import (
    BOOKING,
    active,
    bookings_sent,
    break_down,
    lose_answer,
    made,
    said,
    seats_of,
    status_of,
)
from tests.support.redis import RedisServer
from tests.support.service import Json, Service
from tests.support.simulation import INVITEE, Simulation

NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY = (f"2026-11-23T{hour}:00:00.000000Z" for hour in ("08", "10"))


async def test_moving_to_where_somebody_of_the_same_name_is_gives_no_token_for_their_booking(
    bff: Service, calendly: Simulation
) -> None:
    stranger = await made(bff)  # as "Grace Example", which anybody can say
    await bff.free("intro-call")
    await calendly.book("intro-call", invitee=INVITEE, start_time=ELEVEN_AT_CALENDLY)

    answer = await bff.manage(stranger, "/reschedule", {"start": "2026-11-23T11:00:00+01:00"})

    assert said(answer) == (409, "slot_taken")
    assert await active(calendly) == [NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY]
    assert await status_of(bff, stranger) == "confirmed"


KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
VICTIM = {"name": "Victoria Example", "email": "victoria@example.test", "timezone": "Europe/Berlin"}
SECRETS = ("Victoria", "/cancellations/", "/reschedulings/", "token")

slugs = pytest.mark.parametrize("slug", ["intro-call", "workshop"], ids=["one seat", "several seats"])


async def _posed(bff: Service, calendly: Simulation, slug: str) -> tuple[Json, Json]:
    """Somebody books with another's address, which comes to nothing; then that person books. The body, the answer."""
    body = await bff.booking(slug, invitee={"name": "Mallory Example", "email": VICTIM["email"]})
    await break_down(calendly, BOOKING)
    unknown = await bff.book(body, KEY)
    assert unknown.status_code == 202, unknown.text
    start = (await bookings_sent(calendly))[-1]["start_time"]
    await calendly.book(slug, invitee=VICTIM, start_time=start)
    return body, dict(unknown.json())


@slugs
async def test_who_poses_as_another_gets_no_hold_of_what_they_then_book(
    bff: Service, calendly: Simulation, slug: str
) -> None:
    body, posed = await _posed(bff, calendly, slug)

    read = await bff.settled(posed)
    again = await bff.book(body, KEY)

    for booking in (read, again.json()):
        assert (booking["status"], booking["manage"], booking["location"]) == ("confirmed", None, None)
        assert not any(secret in str(booking | {"manage": None}) for secret in SECRETS)
    assert again.status_code == 201
    assert len(await seats_of(calendly, VICTIM["email"])) == 1


@pytest.mark.parametrize(
    ("part", "body"), [("/cancel", {}), ("/reschedule", {"start": "2026-11-24T11:00:00+01:00"})]
)
async def test_who_poses_as_another_can_change_nothing_of_theirs(
    bff: Service, calendly: Simulation, redis: RedisServer, part: str, body: Json
) -> None:
    _, posed = await _posed(bff, calendly, "intro-call")
    await bff.settled(posed)

    recorded = await bff.manage(posed, part, body)
    redis.flush()
    forgotten = await bff.manage(posed, part, body)

    assert said(recorded) == said(forgotten) == (409, "booking_not_changeable")
    assert len(await seats_of(calendly, VICTIM["email"])) == 1


@slugs
async def test_with_the_record_lost_who_poses_as_another_is_told_no_more(
    bff: Service, calendly: Simulation, redis: RedisServer, slug: str
) -> None:
    _, posed = await _posed(bff, calendly, slug)
    redis.flush()

    read = (await bff.manage(posed)).json()

    assert (read["status"], read["manage"], read["location"]) == ("confirmed", None, None)
    assert not any(secret in str(read | {"manage": None}) for secret in SECRETS)


async def test_who_poses_as_another_gets_a_calendar_file_of_what_they_said(
    bff: Service, calendly: Simulation
) -> None:
    _, posed = await _posed(bff, calendly, "intro-call")
    await bff.settled(posed)

    answer = await bff.manage(posed, "/calendar.ics")

    assert answer.status_code == 200
    assert not any(secret in answer.text for secret in SECRETS)


async def test_a_move_of_which_nobody_knows_takes_no_other_booking_of_that_address(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    mine = await made(bff, invitee={"name": "Mallory Example", "email": VICTIM["email"]})
    await bff.free("intro-call")
    await break_down(calendly, BOOKING)
    moving = await bff.manage(mine, "/reschedule", {"start": "2026-11-23T11:00:00+01:00"})
    await calendly.book("intro-call", invitee=VICTIM, start_time=ELEVEN_AT_CALENDLY)
    redis.flush()
    calendly.clock.advance(seconds=LONG_AGO.total_seconds() + 1)

    status = await status_of(bff, moving.json())

    assert (moving.status_code, status) == (202, "confirming")
    assert await active(calendly) == [NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY]


@slugs
async def test_who_has_answers_lost_still_gets_hold_of_their_own(
    bff: Service, calendly: Simulation, redis: RedisServer, slug: str
) -> None:
    await lose_answer(calendly, BOOKING)
    mine = (await bff.book(await bff.booking(slug), KEY)).json()
    redis.flush()

    read = (await bff.manage(mine)).json()

    assert read["status"] == "confirmed"
    assert read["manage"]["token"] != mine["manage"]["token"]
