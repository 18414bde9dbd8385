"""Reschedules whose end is not known at once, or cannot be reached at once."""

import asyncio

import pytest

from tests.life.stage import (
    BOOKING,
    CANCELLATION,
    LEAVING,
    STAYS,
    Stage,
    active,
    break_down,
    healed,
    lose_answer,
    made,
    moved,
    refuse_cancellation,
    said,
    status_of,
    until_active,
    writes,
)
from tests.support.service import Json, Service
from tests.support.simulation import Simulation

ELEVEN, NOON = (f"2026-11-23T{hour}:00:00+01:00" for hour in ("11", "12"))
NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY = (f"2026-11-23T{hour}:00:00.000000Z" for hour in ("08", "10"))


async def _tried_to_cancel(calendly: Simulation, times: int) -> None:
    """Wait until Calendly was asked so often to cancel something."""
    for _ in range(100):
        if [kind for kind, _ in await writes(calendly)].count("cancel") >= times:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


@pytest.mark.fault("B06")
async def test_a_new_time_that_nobody_knows_is_confirming_and_then_takes_the_place(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await lose_answer(calendly, BOOKING)

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert (answer.status_code, answer.json()["status"], answer.headers["Retry-After"]) == (
        202,
        "confirming",
        "2",
    )
    assert (await bff.settled(answer.json()))["status"] == "confirmed"
    await until_active(calendly, [ELEVEN_AT_CALENDLY])


async def test_once_it_is_known_the_same_start_tells_what_became_of_it(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await lose_answer(calendly, BOOKING)
    unknown = await bff.manage(booking, "/reschedule", {"start": ELEVEN})
    await until_active(calendly, [ELEVEN_AT_CALENDLY])

    again = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json()["id"] == unknown.json()["id"]
    assert again.json()["previous"]["status"] == "canceled"


@pytest.mark.fault("B07")
async def test_a_new_time_that_was_not_booked_leaves_the_old_and_may_be_tried_again(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await break_down(calendly, BOOKING)
    unknown = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    failed = await bff.settled(unknown.json())

    assert (failed["status"], await status_of(bff, booking)) == ("failed", "confirmed")
    assert (await moved(bff, booking, ELEVEN))["previous"]["status"] == "canceled"


@pytest.mark.parametrize(
    ("part", "body"),
    [
        pytest.param("/cancel", {}, id="cancel"),
        pytest.param("/reschedule", {"start": NOON}, id="to another time"),
    ],
)
async def test_what_is_being_moved_can_only_be_waited_for(
    bff: Service, calendly: Simulation, part: str, body: Json
) -> None:
    booking = await made(bff)
    await break_down(calendly, CANCELLATION, STAYS)
    await moved(bff, booking, ELEVEN)

    answer = await bff.manage(booking, part, body)

    assert said(answer) == (409, "booking_in_flight")
    assert answer.headers["Retry-After"]


async def test_an_old_time_that_cannot_be_canceled_yet_is_canceled_later(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await break_down(calendly, CANCELLATION, STAYS)
    new = await moved(bff, booking, ELEVEN)
    both = await active(calendly)
    await healed(calendly)

    await until_active(calendly, [ELEVEN_AT_CALENDLY])

    assert new["previous"] == {"id": booking["id"], "status": "canceling"}
    assert both == [NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY]


async def test_canceling_becomes_canceled_for_whoever_asks_again(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await break_down(calendly, CANCELLATION, STAYS)
    first = await moved(bff, booking, ELEVEN)
    await healed(calendly)
    await until_active(calendly, [ELEVEN_AT_CALENDLY])
    await asyncio.sleep(0.1)  # until that is written down

    again = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.json()["id"], again.json()["previous"]["status"]) == (first["id"], "canceled")


@pytest.mark.fault("B09")
async def test_another_replica_cancels_the_old_time_where_one_stopped(
    stage: Stage, calendly: Simulation
) -> None:
    async with stage.service() as first:
        booking = await made(first)
        await break_down(calendly, CANCELLATION, STAYS)
        await moved(first, booking, ELEVEN)
    await healed(calendly)

    async with stage.service() as second:
        await until_active(calendly, [ELEVEN_AT_CALENDLY])

        assert await status_of(second, booking) == "canceled"


async def test_an_old_time_that_has_begun_meanwhile_is_kept_and_the_new_given_back(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await refuse_cancellation(calendly, "Event in the past")

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert said(answer) == (409, "booking_not_changeable")
    assert await active(calendly) == [NINE_AT_CALENDLY]
    assert await status_of(bff, booking) == "confirmed"


async def test_an_old_time_that_begins_before_it_could_be_canceled_is_kept(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await break_down(calendly, CANCELLATION, STAYS)
    new = await moved(bff, booking, "2026-11-24T11:00:00+01:00")
    calendly.clock.advance(hours=3)
    await healed(calendly)

    await until_active(calendly, [NINE_AT_CALENDLY])

    assert await status_of(bff, new) == "canceled"


@pytest.mark.fault("R09")
async def test_a_move_that_the_store_has_lost_half_way_keeps_both_times(
    stage: Stage, calendly: Simulation
) -> None:
    """Nothing proves any more that the new one is this visitor's; to give up the old one could leave nothing."""
    async with stage.service(protocol=LEAVING) as bff:
        booking = await made(bff)
        await break_down(calendly, CANCELLATION, STAYS)
        await moved(bff, booking, ELEVEN)
        stage.redis.flush()
        await healed(calendly)

        again = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert said(again) == (409, "slot_taken")
    assert await active(calendly) == [NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY]


@pytest.mark.parametrize(
    ("times", "left"),
    [
        pytest.param(1, [NINE_AT_CALENDLY], id="undone"),
        pytest.param(STAYS, [NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY], id="being undone"),
    ],
)
async def test_what_was_confirming_and_came_too_late_reads_as_failed(
    bff: Service, calendly: Simulation, times: int, left: list[str]
) -> None:
    booking = await made(bff)
    await lose_answer(calendly, BOOKING)
    await refuse_cancellation(calendly, "Event in the past")
    await break_down(calendly, CANCELLATION, times)
    confirming = (await bff.manage(booking, "/reschedule", {"start": ELEVEN})).json()

    await _tried_to_cancel(calendly, 2)
    await until_active(calendly, left)
    await asyncio.sleep(0.1)  # until that is written down

    assert await status_of(bff, confirming) == "failed"
    assert said(await bff.manage(confirming, "/calendar.ics")) == (404, "not_found")
