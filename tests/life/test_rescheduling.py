"""`POST /bookings/{id}/reschedule`: the new time first, the old one after, and whatever fails, a time."""

import asyncio

import pytest

from tests.life.stage import (
    BOOKING,
    active,
    bookings_sent,
    canceled,
    events,
    made,
    moved,
    said,
    sent,
    status_of,
    writes,
)
from tests.support.redis import RedisServer
from tests.support.service import Json, Service, booking_body, clear_calls, plan_fault
from tests.support.simulation import INVITEE, Simulation

NINE, ELEVEN, NOON = (f"2026-11-23T{hour}:00:00+01:00" for hour in ("09", "11", "12"))
NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY = (f"2026-11-23T{hour}:00:00.000000Z" for hour in ("08", "10"))


async def _event_ids(calendly: Simulation) -> list[str]:
    return [event["uri"].rsplit("/", 1)[1] for event in await events(calendly)]


async def test_a_moved_booking_is_a_new_one_in_place_of_the_old(bff: Service) -> None:
    booking = await made(bff)

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    new = answer.json()
    assert (answer.status_code, new["status"], new["start"]) == (201, "confirmed", ELEVEN)
    assert new["id"] != booking["id"]
    assert new["rescheduledFrom"] == booking["id"]
    assert new["previous"] == {"id": booking["id"], "status": "canceled"}
    assert new["emails"] == ["confirmation", "cancellation"]


async def test_each_token_tells_of_its_own_booking(bff: Service) -> None:
    old = await made(bff)
    new = await moved(bff, old, ELEVEN)

    assert await status_of(bff, old) == "canceled"
    assert (await bff.manage(new)).json() == {
        name: value for name, value in new.items() if name not in {"previous", "emails"}
    }


async def test_the_new_time_is_booked_before_the_old_is_canceled(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    [old] = await _event_ids(calendly)
    await clear_calls(calendly)

    await moved(bff, booking, ELEVEN)

    assert await writes(calendly) == [("book", ELEVEN_AT_CALENDLY), ("cancel", old)]
    assert await active(calendly) == [ELEVEN_AT_CALENDLY]


async def test_both_days_are_true_again(bff: Service) -> None:
    booking = await made(bff)
    tuesday = "2026-11-24T12:00:00+01:00"
    before = await bff.free("no-place")

    await moved(bff, booking, tuesday)

    after = await bff.free("no-place")
    assert (booking["start"] in before, tuesday in before) == (False, True)
    assert (booking["start"] in after, tuesday in after) == (True, False)


async def test_times_stay_in_the_visitors_zone(bff: Service) -> None:
    booking = await made(bff, timeZone="Asia/Kolkata")

    assert (await moved(bff, booking, ELEVEN))["start"] == "2026-11-23T15:30:00+05:30"


@pytest.mark.fault("B12")
async def test_the_same_start_again_answers_the_same(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    first = await bff.manage(booking, "/reschedule", {"start": ELEVEN})
    await clear_calls(calendly)

    again = await bff.manage(booking, "/reschedule", {"start": "2026-11-23T10:00:00Z"})

    assert (again.status_code, again.content) == (201, first.content)
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert await writes(calendly) == []


@pytest.mark.fault("B12")
async def test_what_has_moved_moves_no_more_with_its_old_token(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await moved(bff, booking, ELEVEN)

    answer = await bff.manage(booking, "/reschedule", {"start": NOON})

    assert said(answer) == (409, "booking_not_changeable")
    assert await active(calendly) == [ELEVEN_AT_CALENDLY]


async def test_with_its_new_token_it_moves_on_and_back(bff: Service, calendly: Simulation) -> None:
    there = await moved(bff, await made(bff), ELEVEN)

    back = await moved(bff, there, NINE)

    assert back["rescheduledFrom"] == there["id"]
    assert await active(calendly) == [NINE_AT_CALENDLY]


@pytest.mark.fault("B12")
async def test_moved_to_two_times_at_once_it_comes_to_one(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await plan_fault(calendly, "delay", path=BOOKING, method="POST", seconds=0.2)

    answers = await asyncio.gather(
        *(bff.manage(booking, "/reschedule", {"start": start}) for start in (ELEVEN, NOON))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await active(calendly)) == 1


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(NINE, id="its own"),
        pytest.param("2026-11-23T03:00:00+01:00", id="at night"),
        pytest.param("2026-11-22T11:00:00+01:00", id="yesterday"),
    ],
)
async def test_a_time_that_is_not_offered_leaves_the_old(
    bff: Service, calendly: Simulation, start: str
) -> None:
    booking = await made(bff)
    await clear_calls(calendly)

    answer = await bff.manage(booking, "/reschedule", {"start": start})

    assert said(answer) == (409, "slot_taken")
    assert len(answer.json()["alternatives"]) == 6
    assert (await writes(calendly), await status_of(bff, booking)) == ([], "confirmed")


async def test_a_time_that_calendly_gave_to_another_leaves_the_old(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await bff.free("intro-call")
    await calendly.book("intro-call", invitee=INVITEE | {"email": "other@example.test"})
    await clear_calls(calendly)

    answer = await bff.manage(booking, "/reschedule", {"start": "2026-11-23T09:30:00+01:00"})

    assert said(answer) == (409, "slot_taken")
    assert answer.json()["alternatives"][0]["start"] == "2026-11-23T10:00:00+01:00"
    assert [kind for kind, _ in await writes(calendly)] == ["book"]
    assert await status_of(bff, booking) == "confirmed"


async def test_one_seat_of_a_group_is_moved_on_calendlys_page(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff, "workshop")
    other = (await bff.free("workshop"))[1]
    await clear_calls(calendly)

    answer = await bff.manage(booking, "/reschedule", {"start": other})

    assert said(answer) == (409, "use_hosted_page")
    assert answer.json()["hostedUrl"] == booking["hosted"]["rescheduleUrl"]
    assert await writes(calendly) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"secret": True}, id="hidden"),
        pytest.param({"active": False}, id="switched off"),
        pytest.param({"is_paid": True}, id="paid for"),
        pytest.param({"locations": [{"kind": "zoom_conference"}]}, id="its place is gone"),
        pytest.param(
            {"custom_questions": [{"name": "Why?", "type": "string", "position": 0, "required": True}]},
            id="a question was added",
        ),
    ],
)
async def test_what_the_event_type_no_longer_takes_is_moved_on_calendlys_page(
    bff: Service, calendly: Simulation, change: Json
) -> None:
    booking = await made(bff)
    await calendly.change("intro-call", **change)
    calendly.clock.advance(seconds=61)
    await bff.get("/event-types")
    await clear_calls(calendly)

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert said(answer) == (409, "use_hosted_page")
    assert answer.json()["hostedUrl"] == booking["hosted"]["rescheduleUrl"]
    assert (await writes(calendly), await status_of(bff, booking)) == ([], "confirmed")


async def test_what_calendly_takes_no_longer_is_moved_on_its_page_though_we_do_not_know_why(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await calendly.change("intro-call", locations=[{"kind": "zoom_conference"}])

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert said(answer) == (409, "use_hosted_page")
    assert await active(calendly) == [NINE_AT_CALENDLY]


async def test_a_question_that_may_be_left_out_keeps_nobody_from_moving(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    question = {"name": "Why?", "type": "string", "position": 0, "required": False}
    await calendly.change("intro-call", custom_questions=[question])
    calendly.clock.advance(seconds=61)
    await bff.get("/event-types")

    assert (await moved(bff, booking, ELEVEN))["status"] == "confirmed"


async def test_what_is_canceled_moves_no_more(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await canceled(bff, booking)

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert said(answer) == (409, "booking_not_changeable")
    assert await active(calendly) == []


async def test_what_has_begun_moves_no_more(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    calendly.clock.advance(hours=2)

    answer = await bff.manage(booking, "/reschedule", {"start": NOON})

    assert said(answer) == (409, "booking_not_changeable")
    assert await active(calendly) == [NINE_AT_CALENDLY]


async def test_a_spent_quota_leaves_the_old_time_and_leads_to_calendlys_page(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await plan_fault(calendly, "status", status=429, path=BOOKING, method="POST")

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert said(answer) == (503, "booking_quota_spent")
    assert answer.json()["hostedUrl"] == booking["hosted"]["rescheduleUrl"]
    assert await status_of(bff, booking) == "confirmed"


async def test_event_types_that_cannot_be_read_lead_to_the_page_of_the_booking_and_not_to_one_that_books_anew(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await plan_fault(calendly, "status", status=503, path="^/users/me$", times=100)
    calendly.clock.advance(hours=1, minutes=1)

    answer = await bff.manage(booking, "/reschedule", {"start": ELEVEN})

    assert said(answer) == (502, "upstream_failed")
    assert answer.json()["hostedUrl"] == booking["hosted"]["rescheduleUrl"]


@pytest.mark.fault("R09")
async def test_a_booking_is_moved_after_the_store_lost_everything(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    booking = await made(bff)
    redis.flush()

    new = await moved(bff, booking, ELEVEN)
    redis.flush()

    assert (await status_of(bff, booking), await status_of(bff, new)) == ("canceled", "confirmed")
    assert await active(calendly) == [ELEVEN_AT_CALENDLY]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no start"),
        pytest.param({"start": "2026-11-23T11:00:00"}, id="no offset"),
        pytest.param({"start": ELEVEN, "timeZone": "Europe/Berlin"}, id="unknown field"),
        pytest.param({"start": None}, id="null"),
    ],
)
async def test_a_body_that_is_wrong_moves_nothing(bff: Service, calendly: Simulation, body: Json) -> None:
    answer = await bff.manage(await made(bff), "/reschedule", body)

    assert said(answer) == (422, "invalid_request")
    assert len(await bookings_sent(calendly)) == 1


async def test_others_cannot_have_the_time_to_which_a_booking_is_moving(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await bff.free("intro-call")
    await plan_fault(calendly, "delay", path=BOOKING, method="POST", seconds=0.4)
    moving = asyncio.create_task(bff.manage(booking, "/reschedule", {"start": ELEVEN}))
    await sent(calendly, 2)
    other = {"name": "Other Example", "email": "other@example.test"}

    answer = await bff.book(booking_body("intro-call", ELEVEN) | {"invitee": other})

    assert said(answer) == (409, "slot_taken")
    assert (await moving).status_code == 201
    assert len(await bookings_sent(calendly)) == 2
