"""`POST /bookings` and its preflight, where everything goes well or the time is not free."""

from datetime import datetime

import pytest

from app import API
from tests.support.service import Json, Service, booking_body, calls_of, clear_calls, plan_fault
from tests.support.simulation import Simulation

BOOKING = "/invitees"
QUESTION = {"name": "Why?", "type": "string", "position": 0, "required": True}


async def _sent(calendly: Simulation) -> list[Json]:
    return [dict(call["body"]) for call in await calls_of(calendly, BOOKING, "POST")]


async def _booked(calendly: Simulation) -> list[Json]:
    items: list[Json] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    return items


async def _taken_by_somebody_else(calendly: Simulation) -> Json:
    return await calendly.book(
        "intro-call", invitee={"name": "Eve Example", "email": "eve@example.test", "timezone": "UTC"}
    )


async def test_a_booking_is_confirmed_with_all_that_a_visitor_needs(bff: Service) -> None:
    answer = await bff.book(await bff.booking("intro-call"))

    booking = answer.json()
    assert answer.status_code == 201
    assert booking.pop("id").startswith("bk_")
    assert booking.pop("eventTypeId")
    assert all(url.startswith("http") for url in booking.pop("hosted").values())
    assert booking.pop("location")["kind"] == "google_conference"
    assert booking.pop("manage").keys() == {"token", "expiresAt"}
    assert booking.pop("calendarLinks").keys() == {"google", "outlook", "office365", "yahoo"}
    assert booking == {
        "status": "confirmed",
        "name": "Intro call",
        "start": "2026-11-23T09:00:00+01:00",
        "end": "2026-11-23T09:30:00+01:00",
        "timeZone": "Europe/Berlin",
        "host": {"name": "Ada Example"},
        "invitee": {"name": "Grace Example", "email": "grace@example.test"},
        "guests": [],
        "answers": [],
        "rescheduledFrom": None,
        "createdAt": "2026-11-23T06:00:00Z",
    }


async def test_a_booking_can_be_managed_until_a_week_after_its_end(bff: Service) -> None:
    booking = (await bff.book(await bff.booking("intro-call"))).json()

    assert booking["manage"]["expiresAt"] == "2026-11-30T08:30:00Z"
    assert len(booking["manage"]["token"]) < 400


async def test_a_booking_costs_one_look_at_what_the_visitor_has_already(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking("intro-call")
    await clear_calls(calendly)

    await bff.book(body)

    calls = (await calendly.http.get("/_simulator/calls")).json()["items"]
    assert [(call["method"], call["path"].split("/")[1]) for call in calls] == [
        ("GET", "scheduled_events"),
        ("POST", "invitees"),
        ("GET", "scheduled_events"),
    ]
    assert "grace@example.test" not in str(calls[0]["query"])


async def test_a_booking_is_never_stored_by_anybody_on_the_way(bff: Service) -> None:
    answer = await bff.book(await bff.booking())

    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_booking_is_made_at_calendly(bff: Service, calendly: Simulation) -> None:
    await bff.book(await bff.booking(timeZone="Asia/Kolkata", guests=["ada@example.test"]))

    [event] = await _booked(calendly)
    assert event["start_time"] == "2026-11-23T08:00:00.000000Z"
    assert [invitee["timezone"] for invitee in event["invitees"]] == ["Asia/Kolkata"]


async def test_times_of_a_booking_are_in_the_visitors_zone(bff: Service) -> None:
    answer = await bff.book(await bff.booking(timeZone="Asia/Kolkata"))

    assert answer.json()["start"] == "2026-11-23T13:30:00+05:30"


async def test_first_and_last_name_are_shown_as_one(bff: Service) -> None:
    person = {"firstName": "Grace", "lastName": "Example", "email": "grace@example.test"}

    answer = await bff.book(await bff.booking(invitee=person))

    assert answer.json()["invitee"]["name"] == "Grace Example"


async def test_a_conference_that_is_being_set_up_is_pending(bff: Service) -> None:
    answer = await bff.book(await bff.booking())

    assert answer.json()["location"]["status"] == "pending"


@pytest.mark.parametrize(("outcome", "status"), [("pushed", "ready"), ("failed", "failed")])
async def test_a_conference_that_is_set_up_says_how_it_went(
    bff: Service, calendly: Simulation, outcome: str, status: str
) -> None:
    await calendly.settings(conferenceReadySeconds=0, conferenceOutcome=outcome)

    answer = await bff.book(await bff.booking())

    assert answer.json()["location"]["status"] == status


async def test_a_place_is_told_with_its_address(bff: Service) -> None:
    answer = await bff.book(await bff.booking("visit", location={"optionId": "physical-1"}))

    location = answer.json()["location"]
    assert (location["kind"], location["label"], location["status"]) == ("physical", "In person", "ready")
    assert location["detail"].startswith("Example House, 1 Sample Street, Berlin")


async def test_an_event_type_without_a_place_is_booked_without_one(
    bff: Service, calendly: Simulation
) -> None:
    answer = await bff.book(await bff.booking("no-place"))

    assert answer.json()["location"] is None
    assert "location" not in (await _sent(calendly))[0]


async def test_answers_are_told_with_their_questions(bff: Service, calendly: Simulation) -> None:
    await calendly.change("intro-call", custom_questions=[QUESTION])
    [question] = (await bff.get("/event-types/intro-call")).json()["questions"]

    answer = await bff.book(await bff.booking(answers=[{"questionId": question["id"], "value": "To learn"}]))

    assert answer.json()["answers"] == [{"questionId": question["id"], "label": "Why?", "value": "To learn"}]


@pytest.mark.parametrize("kind", ["status", "reset"])
async def test_a_booking_stands_where_its_event_cannot_be_read(
    bff: Service, calendly: Simulation, kind: str
) -> None:
    await plan_fault(calendly, kind, path="/scheduled_events/", times=5)

    answer = await bff.book(await bff.booking("visit", location={"optionId": "physical-2"}))

    assert answer.status_code == 201
    assert answer.json()["end"] == "2026-11-23T10:00:00+01:00"
    assert answer.json()["location"]["detail"] == "Example Lodge, 2 Sample Square, Potsdam"


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "2026-12-01T10:00:00Z"])
async def test_a_booking_stands_where_its_event_has_a_time_beyond_time(
    bff: Service, calendly: Simulation, end: str
) -> None:
    event = {
        "uri": "https://calendly.example.test/scheduled_events/A",
        "event_type": None,
        "name": None,
        "status": "active",
        "start_time": "0001-01-01T00:00:00Z",
        "end_time": end,
        "location": None,
    }
    await plan_fault(calendly, "status", path="/scheduled_events/", status=200, body={"resource": event})
    body = await bff.booking("no-place", timeZone="America/New_York")

    answer = await bff.book(body, key="beyond")

    assert answer.status_code == 201
    assert datetime.fromisoformat(answer.json()["start"]) == datetime.fromisoformat(body["start"])
    assert (await bff.book(body, key="beyond")).headers["Idempotency-Replayed"] == "true"


async def test_a_booked_time_is_offered_no_longer_by_any_event_type(bff: Service) -> None:
    body = await bff.booking("intro-call")
    cached = await bff.free("no-place")

    await bff.book(body)

    assert body["start"] in cached
    assert body["start"] not in await bff.free("intro-call")
    assert body["start"] not in await bff.free("no-place")


async def test_preflight_says_what_would_be_booked(bff: Service) -> None:
    answer = await bff.preflight(await bff.booking("workshop"))

    shown = answer.json()
    assert shown.pop("eventTypeId")
    assert shown == {
        "start": "2026-11-24T09:00:00+01:00",
        "end": "2026-11-24T11:00:00+01:00",
        "timeZone": "Europe/Berlin",
        "spotsLeft": 2,
    }


async def test_preflight_sends_nothing_that_could_book(bff: Service, calendly: Simulation) -> None:
    await bff.preflight(await bff.booking())

    assert await _sent(calendly) == []


@pytest.mark.parametrize("path", ["/bookings", "/bookings/preflight"])
@pytest.mark.parametrize("slug", ["paid-session", "poll-lunch"])
async def test_what_only_calendlys_page_can_book_leads_there(bff: Service, slug: str, path: str) -> None:
    answer = await bff.http.post(
        API + path, json=booking_body(slug, "2026-12-01T09:00:00Z"), headers={"Idempotency-Key": "k"}
    )

    hosted = (await bff.get(f"/event-types/{slug}")).json()["hostedUrl"]
    assert (answer.status_code, answer.json()["code"]) == (409, "use_hosted_page")
    assert answer.json()["hostedUrl"] == hosted


@pytest.mark.parametrize("slug", ["secret-offer", "retired", "unheard-of"])
async def test_what_is_hidden_cannot_be_booked(bff: Service, slug: str) -> None:
    answer = await bff.book(booking_body(slug, "2026-12-01T09:00:00Z"))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("2026-11-22T09:00:00+01:00", id="yesterday"),
        pytest.param("2026-11-23T06:30:00+01:00", id="half an hour ago"),
        pytest.param("2026-12-01T03:00:00+01:00", id="at night"),
        pytest.param("2026-12-01T09:00:01+01:00", id="a second late"),
        pytest.param("2000-01-01T00:00:00Z", id="last century"),
        pytest.param("2100-12-31T23:59:59Z", id="next century"),
    ],
)
async def test_a_time_that_is_not_offered_is_taken(bff: Service, calendly: Simulation, start: str) -> None:
    answer = await bff.book(booking_body("intro-call", start))

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert await _sent(calendly) == []


@pytest.mark.fault("B01")
async def test_a_time_that_was_just_taken_comes_with_the_nearest_free_ones(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking(timeZone="Asia/Kolkata")
    await _taken_by_somebody_else(calendly)

    answer = await bff.book(body)

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert [slot["start"] for slot in answer.json()["alternatives"]] == [
        "2026-11-23T14:00:00+05:30",
        "2026-11-23T14:30:00+05:30",
        "2026-11-23T15:00:00+05:30",
        "2026-11-23T15:30:00+05:30",
        "2026-11-23T16:00:00+05:30",
        "2026-11-23T16:30:00+05:30",
    ]
    assert answer.json()["hostedUrl"].startswith("http")


async def test_a_taken_time_is_taken_even_where_calendly_does_not_say_what_is_free(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    await _taken_by_somebody_else(calendly)
    await plan_fault(calendly, "status", path="/event_type_available_times", times=10, status=500)

    answer = await bff.book(body)

    assert (answer.status_code, answer.json()["code"], answer.json()["alternatives"]) == (
        409,
        "slot_taken",
        [],
    )


async def test_a_time_that_came_free_is_found_though_the_cache_lacks_it(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    taken = await _taken_by_somebody_else(calendly)
    calendly.clock.advance(seconds=31)
    await bff.free("intro-call")
    await calendly.call("POST", taken["event"] + "/cancellation", json={})

    answer = await bff.book(body)

    assert answer.status_code == 201
