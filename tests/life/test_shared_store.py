"""Services that share a state store: each sees to its own account's bookings, and all of one user to one quota."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from simulator.app import create_simulator
from simulator.server import server_config
from tests.life.stage import (
    BOOKING,
    BRISK,
    CANCELLATION,
    LEAVING,
    LOOK,
    STAYS,
    Stage,
    active,
    bookings_sent,
    break_down,
    events,
    healed,
    lose_answer,
    made,
    moved,
    said,
    status_of,
    until_active,
    writes,
)
from tests.support.redis import RedisServer
from tests.support.service import booking_body, calls_of, clear_calls, plan_fault
from tests.support.serving import serve_config
from tests.support.simulation import ADA, GRACE, Simulation, StandingClock

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
ELEVEN = "2026-11-23T11:00:00+01:00"
AT_BOTH = "2026-11-23T16:00:00+01:00"
"""Within working hours in Berlin and in New York."""

ELEVEN_AT_CALENDLY = "2026-11-23T10:00:00.000000Z"
LONG = 4 * BRISK.quiet.total_seconds()

ADAS_OTHER = "simulator-token-ada-2"
A_DAY = 5
"""Bookings on the trial plan."""


@pytest.fixture
async def two_tokens(redis: RedisServer) -> AsyncIterator[Stage]:
    """Where Ada has two tokens, and more bookings than her services are told."""
    clock = StandingClock()
    app = create_simulator(clock=clock)
    tokens = app.state.simulation.tokens
    tokens[ADAS_OTHER] = tokens[ADA]
    with serve_config(server_config(app, host="127.0.0.1", port=0)) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            calendly = Simulation(http, clock)
            await calendly.settings(tier="enterprise")
            yield Stage(calendly, redis)


async def test_what_nobody_knows_is_left_to_a_service_of_its_account(
    stage: Stage, calendly: Simulation
) -> None:
    async with stage.service(protocol=LEAVING) as ada:
        await lose_answer(calendly, BOOKING)
        booking = (await ada.book(await ada.booking())).json()
    await clear_calls(calendly)

    async with stage.service(token=GRACE):
        await asyncio.sleep(LONG)

    assert await calls_of(calendly, "/scheduled_events") == []
    async with stage.service() as ada:
        assert (await ada.settled(booking))["status"] == "confirmed"


async def test_the_old_time_of_a_move_is_given_up_by_a_service_of_its_account(
    stage: Stage, calendly: Simulation
) -> None:
    async with stage.service(protocol=LEAVING) as ada:
        booking = await made(ada)
        await break_down(calendly, CANCELLATION, STAYS)
        await moved(ada, booking, ELEVEN)
    await healed(calendly)
    await clear_calls(calendly)

    async with stage.service(token=GRACE):
        await asyncio.sleep(LONG)

    assert (await writes(calendly), len(await active(calendly))) == ([], 2)
    async with stage.service() as ada:
        await until_active(calendly, [ELEVEN_AT_CALENDLY])
        assert await status_of(ada, booking) == "canceled"


async def test_the_same_attempt_at_two_accounts_books_at_both(stage: Stage, calendly: Simulation) -> None:
    await calendly.as_(GRACE).change("office-hours", slug="intro-call")
    async with stage.service() as ada, stage.service(token=GRACE) as grace:
        answers = [await each.book(booking_body("intro-call", AT_BOTH), KEY) for each in (ada, grace)]

    assert [(each.status_code, "Idempotency-Replayed" in each.headers) for each in answers] == [
        (201, False)
    ] * 2
    assert [each.json()["host"]["name"] for each in answers] == ["Ada Example", "Grace Example"]
    assert len({event["event_type"] for event in await events(calendly)}) == 2


async def test_two_tokens_of_one_user_share_its_bookings(two_tokens: Stage) -> None:
    async with (
        two_tokens.service(tier="trial") as one,
        two_tokens.service(tier="trial", token=ADAS_OTHER) as two,
    ):
        starts = (await one.free("no-place"))[: A_DAY + 1]
        answers = [await one.book(booking_body("no-place", start)) for start in starts[:A_DAY]]
        last = await two.book(booking_body("no-place", starts[A_DAY]))

    assert [each.status_code for each in answers] == [201] * A_DAY
    assert said(last) == (503, "booking_quota_spent")
    assert len(await bookings_sent(two_tokens.calendly)) == A_DAY


async def test_a_service_that_does_not_know_its_account_leaves_the_others_alone(
    stage: Stage, calendly: Simulation
) -> None:
    revoked = "simulator-token-that-was-revoked"
    async with stage.service() as ada, stage.service(token=revoked), stage.service(token=revoked):
        await lose_answer(calendly, BOOKING)
        booking = (await ada.book(await ada.booking())).json()
        await plan_fault(calendly, "status", status=502, path=LOOK, method="GET", times=8)

        settled = await ada.settled(booking)

    looks = [call for call in await calls_of(calendly, "/scheduled_events") if call["status"] == 502]
    assert (settled["status"], len(looks)) == ("confirmed", 8)
