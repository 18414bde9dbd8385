"""Calling an event off: once, by its host, before it begins."""

import pytest

from tests.support.simulation import GRACE, Simulation


async def cancel(calendly: Simulation, event: str, **options: object) -> tuple[int, dict[str, object]]:
    response = await calendly.call("POST", f"{event}/cancellation", **options)
    return response.status_code, response.json()


async def test_the_answer_is_the_cancellation(calendly: Simulation) -> None:
    event = (await calendly.book("intro-call"))["event"]

    status, body = await cancel(calendly, event, json={"reason": "Ill"})

    assert status == 201
    assert body == {
        "resource": {
            "canceled_by": "Ada Example",
            "reason": "Ill",
            "canceler_type": "host",
            "created_at": "2026-11-23T06:00:00.000000Z",
        }
    }


async def test_a_reason_is_not_needed(calendly: Simulation) -> None:
    event = (await calendly.book("intro-call"))["event"]

    status, _ = await cancel(calendly, event)

    assert status == 201
    assert (await calendly.read(event))["cancellation"]["reason"] is None


async def test_the_whole_event_is_off_for_everybody(calendly: Simulation) -> None:
    first = await calendly.book("workshop")
    calendly.clock.advance(minutes=1)
    await cancel(calendly, first["event"])

    event = await calendly.read(first["event"])
    invitee = await calendly.read(first["uri"])

    assert (event["status"], event["invitees_counter"]["active"]) == ("canceled", 0)
    assert event["updated_at"] == "2026-11-23T06:01:00.000000Z"
    assert (invitee["status"], invitee["rescheduled"]) == ("canceled", False)
    assert invitee["cancellation"]["canceler_type"] == "host"


async def test_the_event_of_another_cannot_be_canceled(calendly: Simulation) -> None:
    event = (await calendly.book("intro-call"))["event"]

    status, body = await cancel(calendly.as_(GRACE), event)

    assert status == 403
    assert body == {"title": "Permission Denied", "message": "You are not allowed to cancel this event"}


async def test_an_event_is_canceled_once(calendly: Simulation) -> None:
    event = (await calendly.book("intro-call"))["event"]
    await cancel(calendly, event)

    status, body = await cancel(calendly, event)

    assert status == 403
    assert body == {"title": "Permission Denied", "message": "Event is already canceled"}


async def test_an_event_that_has_begun_is_not_canceled(calendly: Simulation) -> None:
    event = (await calendly.book("intro-call"))["event"]
    calendly.clock.advance(hours=2)

    status, body = await cancel(calendly, event)

    assert status == 403
    assert body == {"title": "Permission Denied", "message": "Event in the past"}


async def test_the_id_of_an_invitee_is_no_event(calendly: Simulation) -> None:
    invitee = (await calendly.book("intro-call"))["uri"].rsplit("/", 1)[1]

    status, _ = await cancel(calendly, f"/scheduled_events/{invitee}")

    assert status == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({"reason": 7}, "must be a string", id="a number"),
        pytest.param({"reason": "x" * 10_001}, "is too long (maximum is 10000 characters)", id="too long"),
    ],
)
async def test_a_wrong_reason_is_named(calendly: Simulation, body: dict[str, object], message: str) -> None:
    event = (await calendly.book("intro-call"))["event"]

    status, answer = await cancel(calendly, event, json=body)

    assert status == 400
    assert answer["details"] == [{"message": message, "parameter": "reason"}]


async def test_a_misspelt_reason_is_refused_in_strict_mode(calendly: Simulation) -> None:
    event = (await calendly.book("intro-call"))["event"]

    status, answer = await cancel(calendly, event, json={"reasons": "Ill"})

    assert status == 400
    assert answer["message"] == "Simulator strict mode: Calendly would ignore this in silence."


async def test_a_misspelt_reason_is_ignored_otherwise(calendly: Simulation) -> None:
    await calendly.settings(strict=False)
    event = (await calendly.book("intro-call"))["event"]

    status, _ = await cancel(calendly, event, json={"reasons": "Ill"})

    assert status == 201


async def test_a_canceled_group_event_makes_way_for_a_new_one(calendly: Simulation) -> None:
    first = await calendly.book("workshop")
    await cancel(calendly, first["event"])

    second = await calendly.book("workshop")

    event = await calendly.read(second["event"])
    assert event["uri"] != first["event"]
    assert event["invitees_counter"] == {"total": 1, "active": 1, "limit": 10}
