"""The same person for the same time under another key: no second booking, and no way into the first."""

import asyncio

import httpx
import pytest

from tests.support.service import Json, Service, calls_of, plan_fault
from tests.support.simulation import Simulation

FIRST, OTHER = "8e03978e-40d5-43dd-bc93-6894a57f9324", "f1f4dd2c-6b0f-44a9-9c50-0a9b4f3b8a55"

slugs = pytest.mark.parametrize("slug", ["intro-call", "workshop"], ids=["one seat", "several seats"])


async def _sent(calendly: Simulation) -> int:
    return len(await calls_of(calendly, "/invitees", "POST"))


def _assert_joined(answer: httpx.Response, body: Json) -> None:
    """Confirmed, in the caller's own words, and nothing to manage it by."""
    booking = answer.json()
    assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (201, "true")
    assert (booking["status"], booking["start"], booking["invitee"]) == (
        "confirmed",
        body["start"],
        body["invitee"],
    )
    assert (booking["manage"], booking["hosted"]) == (None, {"cancelUrl": None, "rescheduleUrl": None})


@pytest.mark.fault("B05")
async def test_the_same_body_under_another_key_joins_the_booking(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking("workshop")
    await bff.book(body, FIRST)

    answers = [await bff.book(body, OTHER) for _ in range(2)]

    for answer in answers:
        _assert_joined(answer, body)
    assert await _sent(calendly) == 1


async def test_whoever_joins_learns_nothing_that_they_did_not_say(bff: Service) -> None:
    body = await bff.booking("workshop")
    first = (await bff.book(body, FIRST)).json()

    joined = (await bff.book(body, OTHER)).text

    secrets = [first["manage"]["token"], *first["hosted"].values()]
    assert [secret for secret in secrets if secret in joined] == []


OTHER_WORDS = [
    pytest.param({"guests": ["ada@example.test"]}, id="guests"),
    pytest.param({"timeZone": "Asia/Kolkata"}, id="zone"),
]
OTHER_NAME = pytest.param(
    {"invitee": {"name": "Another Name", "email": "GRACE@example.test"}}, id="name and capitals"
)


@pytest.mark.fault("B05")
@pytest.mark.parametrize(
    ("slug", "change"),
    [
        pytest.param("intro-call", *OTHER_NAME.values, id="one seat, name and capitals"),
        pytest.param("workshop", *OTHER_NAME.values, id="several seats, name and capitals"),
        *(pytest.param("workshop", *each.values, id=f"several seats, {each.id}") for each in OTHER_WORDS),
    ],
)
async def test_another_body_for_the_same_person_and_time_is_taken(
    bff: Service, calendly: Simulation, slug: str, change: Json
) -> None:
    body = await bff.booking(slug)
    await bff.book(body, FIRST)

    answer = await bff.book(body | change, OTHER)

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert await _sent(calendly) == 1


@pytest.mark.fault("B05")
@pytest.mark.parametrize("change", OTHER_WORDS)
async def test_another_body_for_the_only_seat_that_the_person_has_gives_nothing_to_manage_it_by(
    bff: Service, calendly: Simulation, change: Json
) -> None:
    body = await bff.booking("intro-call")
    first = (await bff.book(body, FIRST)).json()

    answer = await bff.book(body | change, OTHER)

    told = answer.json()
    assert (answer.status_code, told.get("manage"), told.get("code")) in {
        (201, None, None),
        (409, None, "slot_taken"),
    }
    assert first["hosted"]["cancelUrl"] not in answer.text
    assert await _sent(calendly) == 1


@pytest.mark.fault("B05")
@slugs
async def test_two_keys_at_once_for_one_person_and_time_make_one_booking(
    bff: Service, calendly: Simulation, slug: str
) -> None:
    body = await bff.booking(slug)

    answers = await asyncio.gather(*(bff.book(body, f"key-{number}") for number in range(10)))

    codes = sorted(answer.json().get("code", "booked") for answer in answers)
    assert set(codes) <= {"booked", "booking_in_flight", "slot_taken"}
    assert (
        len([answer for answer in answers if answer.status_code == 201 and answer.json()["manage"]]) == 1
    ), codes
    assert await _sent(calendly) == 1


async def test_what_is_confirming_is_joined_without_its_token(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking("workshop")
    await plan_fault(calendly, "commit_then_reset", path="^/invitees$", method="POST")
    await bff.book(body, FIRST)

    answer = await bff.book(body, OTHER)

    assert (answer.status_code, answer.json()["status"], answer.json()["manage"]) == (202, "confirming", None)
    assert await _sent(calendly) == 1


@pytest.mark.fault("B11")
async def test_what_the_visitor_booked_at_calendly_itself_is_joined(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking("workshop")
    await calendly.book("workshop")
    before = await _sent(calendly)

    answer = await bff.book(body, FIRST)

    _assert_joined(answer, body)
    assert await _sent(calendly) == before


@slugs
async def test_a_canceled_booking_is_made_anew_under_another_key(
    bff: Service, calendly: Simulation, slug: str
) -> None:
    body = await bff.booking(slug)
    first = (await bff.book(body, FIRST)).json()
    await calendly.http.delete("/_simulator/faults")
    for event in (await calendly.http.get("/_simulator/bookings")).json()["items"]:
        if any(invitee["email"] == "grace@example.test" for invitee in event["invitees"]):
            await calendly.call("POST", f"{event['uri']}/cancellation", json={})

    answer = await bff.book(body, OTHER)

    assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (201, None)
    assert answer.json()["id"] != first["id"]
    assert answer.json()["manage"]
    assert await _sent(calendly) == 2
