"""`POST /bookings/{id}/cancel`: once is enough, twice does no harm, and what cannot be canceled says so."""

from typing import Any

import pytest

from app import API
from tests.life.stage import (
    CANCELLATION,
    Stage,
    active,
    break_down,
    canceled,
    canceled_by_host,
    events,
    lose_answer,
    made,
    moved,
    refuse_cancellation,
    said,
    status_of,
    writes,
)
from tests.support.redis import RedisServer, running_redis
from tests.support.service import SOON, Service, booking_body, clear_calls, running_service
from tests.support.simulation import Simulation


async def test_a_canceled_booking_is_canceled_at_calendly(bff: Service, calendly: Simulation) -> None:
    answer = await bff.manage(await made(bff), "/cancel", {})

    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert await active(calendly) == []


async def test_a_canceled_booking_tells_the_rest_as_it_was(bff: Service) -> None:
    booking = await made(bff, "visit", location={"optionId": "physical-1"}, guests=["guest-one@example.test"])

    shown = await canceled(bff, booking)

    assert shown == booking | {"status": "canceled", "calendarLinks": None}


@pytest.mark.parametrize("reason", [None, "I am ill."])
async def test_the_reason_reaches_the_host(bff: Service, calendly: Simulation, reason: str | None) -> None:
    booking = await made(bff)

    await bff.manage(booking, "/cancel", {} if reason is None else {"reason": reason})

    [event] = await events(calendly)
    assert event["cancellation"]["reason"] == reason


async def test_a_canceled_time_is_free_again(bff: Service) -> None:
    booking = await made(bff)
    taken = await bff.free("no-place")

    await canceled(bff, booking)

    assert booking["start"] not in taken
    assert booking["start"] in await bff.free("no-place")


@pytest.mark.fault("B12")
async def test_canceling_again_answers_the_same_and_does_nothing(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    first = await canceled(bff, booking)
    await clear_calls(calendly)

    again = await canceled(bff, booking)

    assert again == first
    assert await writes(calendly) == []


async def test_what_the_host_canceled_counts_as_canceled(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await canceled_by_host(calendly)
    await clear_calls(calendly)

    assert (await canceled(bff, booking))["status"] == "canceled"
    assert await writes(calendly) == []


async def test_canceled_by_both_at_once_is_canceled(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await refuse_cancellation(calendly, "Event is already canceled")

    assert (await canceled(bff, booking))["status"] == "canceled"


@pytest.mark.fault("B12")
async def test_whoever_canceled_may_have_the_same_time_again(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await canceled(bff, booking)

    again = await made(bff, start=booking["start"])

    assert again["id"] != booking["id"]
    assert len(await active(calendly)) == 1


async def test_one_seat_of_a_group_is_canceled_on_calendlys_page(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff, "workshop")

    answer = await bff.manage(booking, "/cancel", {})

    assert said(answer) == (409, "use_hosted_page")
    assert answer.json()["hostedUrl"] == booking["hosted"]["cancelUrl"]
    assert await status_of(bff, booking) == "confirmed"
    assert [kind for kind, _ in await writes(calendly)] == ["book"]


async def test_what_has_begun_cannot_be_canceled(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    calendly.clock.advance(hours=2)

    answer = await bff.manage(booking, "/cancel", {})

    assert said(answer) == (409, "booking_not_changeable")
    assert await status_of(bff, booking) == "confirmed"


async def test_a_cancellation_whose_answer_is_lost_is_looked_at(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await lose_answer(calendly, CANCELLATION)

    assert (await canceled(bff, booking))["status"] == "canceled"


async def test_a_cancellation_that_did_not_happen_is_not_called_one(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await break_down(calendly, CANCELLATION)

    answer = await bff.manage(booking, "/cancel", {})

    assert said(answer) == (504, "upstream_timeout")
    assert await status_of(bff, booking) == "confirmed"
    assert (await canceled(bff, booking))["status"] == "canceled"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({"reason": "x" * 1001}, "/reason", id="too long"),
        pytest.param({"reason": 1}, "/reason", id="no text"),
        pytest.param({"why": "x"}, "", id="unknown field, whose name is not repeated"),
        pytest.param([], "", id="no object"),
    ],
)
async def test_a_body_that_is_wrong_cancels_nothing(
    bff: Service, calendly: Simulation, body: Any, pointer: str
) -> None:
    booking = await made(bff)

    answer = await bff.manage(booking, "/cancel", body)

    assert said(answer) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert len(await active(calendly)) == 1


async def test_without_a_token_nothing_is_canceled(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)

    answer = await bff.http.post(f"{API}/bookings/{booking['id']}/cancel", json={})

    assert said(answer) == (401, "manage_token_required")
    assert len(await active(calendly)) == 1


async def test_the_token_of_one_booking_cancels_no_other(bff: Service, calendly: Simulation) -> None:
    one, other = await made(bff), await made(bff)

    answer = await bff.manage(one | {"manage": other["manage"]}, "/cancel", {})

    assert said(answer) == (404, "not_found")
    assert len(await active(calendly)) == 2


@pytest.mark.fault("R09")
async def test_a_booking_is_canceled_after_the_store_lost_everything(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    booking = await made(bff)
    redis.flush()

    assert (await canceled(bff, booking))["status"] == "canceled"
    assert await active(calendly) == []


async def test_the_old_token_of_a_moved_booking_says_canceled_and_leaves_the_new(
    bff: Service,
) -> None:
    booking = await made(bff)
    new = await moved(bff, booking, "2026-11-23T11:00:00+01:00")

    assert (await canceled(bff, booking))["status"] == "canceled"
    assert await status_of(bff, new) == "confirmed"


async def test_a_cancellation_needs_no_state(
    stage: Stage, calendly: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_redis(tmp_path_factory.mktemp("state")) as own:
        settings = stage.settings()
        state = settings.bff.model_copy(update={"state_url": own.url()})
        apart = settings.model_copy(update={"bff": state})
        async with running_service(apart, calendly.clock, SOON) as bff:
            booking = await made(bff)
            own.kill()

            assert (await canceled(bff, booking))["status"] == "canceled"

    assert await active(calendly) == []


async def test_a_cancellation_spends_nothing_of_the_booking_quota(bff: Service, calendly: Simulation) -> None:
    await calendly.settings(tier="trial")
    starts = await bff.free("intro-call")
    answers = [await bff.book(booking_body("intro-call", start)) for start in starts[:6]]

    last = await canceled(bff, answers[0].json())

    assert said(answers[-1]) == (503, "booking_quota_spent")
    assert last["status"] == "canceled"
