"""Whatever a booking said, it says again at its new time: held against what Calendly was sent, key by key."""

import pytest

from tests.life.stage import bookings_sent, made, moved
from tests.main_job.golden import BOOKABLE, Golden
from tests.support.form_filler import Filling, filled
from tests.support.service import Json, Service
from tests.support.simulation import Simulation

MOVABLE = [pytest.param(each, id=each.id) for each in BOOKABLE if each.slug != "workshop"]
"""All that is published and can be booked, at every place; one seat of a group cannot be moved."""

GRACE = {"name": "Grace Example", "email": "grace@example.test"}
TRACKING = {"utmSource": "newsletter", "utmCampaign": "winter"}


async def _both(bff: Service, calendly: Simulation, body: Json) -> tuple[Json, Json]:
    """What Calendly was sent for the booking, and for its new time."""
    booking = await bff.book(body)
    assert booking.status_code == 201, booking.text
    await moved(bff, booking.json(), (await bff.free(body["eventTypeId"]))[4])
    first, second = await bookings_sent(calendly)
    assert first.pop("start_time") != second.pop("start_time")
    return first, second


@pytest.mark.parametrize("golden", MOVABLE)
async def test_everything_goes_along(bff: Service, calendly: Simulation, golden: Golden) -> None:
    form = (await bff.get(f"/event-types/{golden.slug}/form")).json()
    start = (await bff.free(golden.slug))[0]
    body = filled(form, Filling(start=start, option=golden.option, everything=True))
    body |= {"invitee": GRACE | {"phone": "+49 30 901820"}, "tracking": TRACKING}

    first, second = await _both(bff, calendly, body)

    assert second == first
    assert {"event_guests", "tracking"} <= second.keys()
    assert second["invitee"]["text_reminder_number"] == "+4930901820"


@pytest.mark.parametrize(
    "invitee",
    [
        pytest.param({"firstName": "Grace", "lastName": "Example"}, id="two names"),
        pytest.param({"firstName": "Grace"}, id="a first name alone"),
        pytest.param({"name": "Grace"}, id="one name"),
    ],
)
async def test_a_name_goes_along_as_it_was_given(bff: Service, calendly: Simulation, invitee: Json) -> None:
    body = await bff.booking(invitee=invitee | {"email": "grace@example.test"}, timeZone="Asia/Kolkata")

    first, second = await _both(bff, calendly, body)

    assert second == first


async def test_what_was_left_out_stays_out(bff: Service, calendly: Simulation) -> None:
    first, second = await _both(bff, calendly, await bff.booking())

    assert second == first
    assert second.keys() == {"event_type", "invitee", "location"}


async def test_an_answer_follows_its_question_to_another_place(bff: Service, calendly: Simulation) -> None:
    asked = {"name": "Why?", "type": "string", "position": 0, "required": True}
    await calendly.change("intro-call", custom_questions=[asked])
    [question] = (await bff.get("/event-types/intro-call")).json()["questions"]
    booking = await made(bff, answers=[{"questionId": question["id"], "value": "To learn"}])
    before = asked | {"name": "Who?", "required": False}
    await calendly.change("intro-call", custom_questions=[before, asked | {"position": 1}])
    calendly.clock.advance(seconds=61)
    await bff.get("/event-types")

    await moved(bff, booking, (await bff.free("intro-call"))[4])

    assert (await bookings_sent(calendly))[-1]["questions_and_answers"] == [
        {"question": "Why?", "answer": "To learn", "position": 1}
    ]


async def test_the_answer_to_a_question_that_is_gone_is_left_behind(
    bff: Service, calendly: Simulation
) -> None:
    asked = {"name": "Why?", "type": "string", "position": 0, "required": True}
    await calendly.change("intro-call", custom_questions=[asked])
    [question] = (await bff.get("/event-types/intro-call")).json()["questions"]
    booking = await made(bff, answers=[{"questionId": question["id"], "value": "To learn"}])
    await calendly.change("intro-call", custom_questions=[])
    calendly.clock.advance(seconds=61)
    await bff.get("/event-types")

    await moved(bff, booking, (await bff.free("intro-call"))[4])

    assert "questions_and_answers" not in (await bookings_sent(calendly))[-1]
