"""`POST /invitees` that is refused: the same status, title, message and details as Calendly's."""

from typing import Any

import pytest

from tests.support.simulation import BASE, GRACE, INVITEE, Json, Simulation

ALL_KEYS = {
    "utm_campaign": None,
    "utm_source": None,
    "utm_medium": None,
    "utm_content": None,
    "utm_term": None,
    "salesforce_uuid": None,
}
FILLED = {
    "message": "That start time has been filled",
    "parameter": "event.start_time",
    "code": "already_filled",
}


def person(**changes: Any) -> Json:
    return {key: value for key, value in (INVITEE | changes).items() if value is not None}


FAULTS = [
    pytest.param({"event_type": 7}, "event_type", "must be a string", id="event type a number"),
    pytest.param({"event_type": " "}, "event_type", "must be filled", id="event type blank"),
    pytest.param(
        {"event_type": "intro-call"}, "event_type", "is not a valid URI of this resource", id="a slug"
    ),
    pytest.param(
        {"event_type": "https://other.example.test/event_types/A"},
        "event_type",
        "is not a valid URI of this resource",
        id="event type of another origin",
    ),
    pytest.param({"start_time": 5}, "start_time", "must be a string", id="start a number"),
    pytest.param({"start_time": "noon"}, "start_time", "must be a date time", id="start a word"),
    pytest.param(
        {"start_time": "2026-11-24T09:00:00"}, "start_time", "must be a date time", id="start without zone"
    ),
    pytest.param(
        {"start_time": "2026-11-20T09:00:00Z"}, "start_time", "must be in the future", id="start past"
    ),
    pytest.param(
        {"start_time": "2026-11-23T06:00:00Z"}, "start_time", "must be in the future", id="start now"
    ),
    pytest.param({"invitee": "Grace"}, "invitee", "must be a hash", id="invitee a string"),
    pytest.param({"invitee": person(email=None)}, "invitee.email", "is missing", id="no e-mail"),
    pytest.param({"invitee": person(email="")}, "invitee.email", "must be filled", id="blank e-mail"),
    pytest.param({"invitee": person(email=1)}, "invitee.email", "must be a string", id="e-mail a number"),
    pytest.param(
        {"invitee": person(email="grace@localhost")}, "invitee.email", "is in invalid format", id="bad e-mail"
    ),
    pytest.param({"invitee": person(timezone=None)}, "invitee.timezone", "is missing", id="no zone"),
    pytest.param(
        {"invitee": person(timezone="Berlin")}, "invitee.timezone", "is not a valid timezone", id="bad zone"
    ),
    pytest.param(
        {"invitee": person(timezone="../etc/passwd")},
        "invitee.timezone",
        "is not a valid timezone",
        id="zone a path",
    ),
    pytest.param(
        {"invitee": person(name=None)},
        "invitee",
        "either name or first_name must be filled",
        id="no name at all",
    ),
    pytest.param(
        {"invitee": person(name=" ")}, "invitee", "either name or first_name must be filled", id="blank name"
    ),
    pytest.param({"invitee": person(name=3)}, "invitee.name", "must be a string", id="name a number"),
    pytest.param(
        {"invitee": person(text_reminder_number="not a phone")},
        "invitee.text_reminder_number",
        "is not a valid phone number",
        id="bad text reminder number",
    ),
    pytest.param({"location": "zoom"}, "location", "must be a hash", id="location a string"),
    pytest.param({"location": {"location": "x"}}, "location.kind", "is missing", id="location without kind"),
    pytest.param(
        {"location": {"kind": "ask_invitee", "location": "x" * 256}},
        "location.location",
        "is too long (maximum is 255 characters)",
        id="long location",
    ),
    pytest.param(
        {"questions_and_answers": {}}, "questions_and_answers", "must be an array", id="answers a hash"
    ),
    pytest.param(
        {"questions_and_answers": ["yes"]}, "questions_and_answers[0]", "must be a hash", id="answer a string"
    ),
    pytest.param(
        {"questions_and_answers": [{"answer": "a", "position": 0}]},
        "questions_and_answers[0].question",
        "is missing",
        id="answer without question",
    ),
    pytest.param(
        {"questions_and_answers": [{"question": "q", "answer": "a"}]},
        "questions_and_answers[0].position",
        "is missing",
        id="answer without position",
    ),
    pytest.param(
        {"questions_and_answers": [{"question": "q", "answer": "a", "position": "0"}]},
        "questions_and_answers[0].position",
        "must be an integer",
        id="position a string",
    ),
    pytest.param(
        {"questions_and_answers": [{"question": "q", "answer": "a", "position": True}]},
        "questions_and_answers[0].position",
        "must be an integer",
        id="position a boolean",
    ),
    pytest.param(
        {"questions_and_answers": [{"question": "q", "answer": "", "position": 0}]},
        "questions_and_answers[0].answer",
        "must be filled",
        id="blank answer",
    ),
    pytest.param({"tracking": []}, "tracking", "must be a hash", id="tracking a list"),
    pytest.param(
        {"tracking": {key: None for key in ALL_KEYS if key != "utm_term"}},
        "tracking.utm_term",
        "is missing",
        id="partial tracking",
    ),
    pytest.param(
        {"tracking": ALL_KEYS | {"utm_source": 1}},
        "tracking.utm_source",
        "must be a string",
        id="tracking a number",
    ),
    pytest.param(
        {"tracking": ALL_KEYS | {"utm_source": "x" * 256}},
        "tracking.utm_source",
        "is too long (maximum is 255 characters)",
        id="long tracking",
    ),
    pytest.param(
        {"event_guests": "ada@example.test"}, "event_guests", "must be an array", id="guests a string"
    ),
    pytest.param({"event_guests": ["ada"]}, "event_guests[0]", "is in invalid format", id="bad guest"),
    pytest.param({"event_guests": [1]}, "event_guests[0]", "is in invalid format", id="guest a number"),
    pytest.param(
        {"event_guests": [f"guest{number}@example.test" for number in range(11)]},
        "event_guests",
        "size cannot be greater than 10",
        id="eleven guests",
    ),
]


@pytest.mark.parametrize(("changes", "parameter", "message"), FAULTS)
async def test_a_body_with_one_fault_gets_that_fault(
    calendly: Simulation, changes: Json, parameter: str, message: str
) -> None:
    response = await calendly.send(await calendly.booking("intro-call", **changes))

    assert response.status_code == 400
    assert response.json() == {
        "title": "Invalid Argument",
        "message": "The supplied parameters are invalid.",
        "details": [{"message": message, "parameter": parameter}],
    }


@pytest.mark.parametrize("field", ["event_type", "start_time", "invitee"])
async def test_a_required_field_may_not_be_missing(calendly: Simulation, field: str) -> None:
    body = await calendly.booking("intro-call")
    del body[field]

    response = await calendly.send(body)

    assert response.status_code == 400
    assert response.json()["details"] == [{"message": "is missing", "parameter": field}]


async def test_all_faults_of_form_are_told_together(calendly: Simulation) -> None:
    response = await calendly.send({})

    parameters = [detail["parameter"] for detail in response.json()["details"]]
    assert parameters == ["event_type", "start_time", "invitee"]


async def test_only_the_first_fault_is_told_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(allDetails=False)

    response = await calendly.send({})

    assert [detail["parameter"] for detail in response.json()["details"]] == ["event_type"]


async def test_a_refused_booking_leaves_nothing_behind(calendly: Simulation) -> None:
    await calendly.send(await calendly.booking("intro-call", event_guests=["ada"]))

    bookings = await calendly.http.get("/_simulator/bookings")
    assert bookings.json() == {"items": []}


async def test_a_filled_slot_is_refused(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")
    await calendly.send(body)

    response = await calendly.send(body)

    assert response.status_code == 400
    assert response.json() == {
        "title": "Invalid Argument",
        "message": "The supplied parameters are invalid.",
        "details": [FILLED],
    }


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("2026-11-23T08:10:00Z", id="off the grid"),
        pytest.param("2026-11-23T06:30:00Z", id="within the notice"),
        pytest.param("2026-11-22T23:00:00-08:00", id="before working hours"),
        pytest.param("2026-11-28T09:00:00Z", id="on a Saturday"),
        pytest.param("2027-11-23T08:00:00Z", id="beyond the horizon"),
        pytest.param("9999-12-31T23:59:59Z", id="at the end of time"),
    ],
)
async def test_a_start_that_was_never_offered_is_refused(calendly: Simulation, start: str) -> None:
    response = await calendly.send(await calendly.booking("intro-call", start_time=start))

    assert response.status_code == 400
    assert response.json()["details"] == [FILLED]


async def test_never_offered_and_filled_differ_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(unofferedStartCode="not_available")
    await calendly.book("intro-call")

    filled = await calendly.send(
        await calendly.booking("intro-call", start_time="2026-11-23T08:00:00.000000Z")
    )
    unoffered = await calendly.send(await calendly.booking("intro-call", start_time="2026-11-28T09:00:00Z"))

    assert filled.json()["details"][0]["code"] == "already_filled"
    assert unoffered.json()["details"][0]["code"] == "not_available"


async def test_a_full_group_is_refused(calendly: Simulation) -> None:
    body = await calendly.booking("workshop")
    await calendly.send(body)
    await calendly.send(body)

    response = await calendly.send(body)

    assert response.json()["details"] == [FILLED]


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        pytest.param("retired", "is not active", id="inactive"),
        pytest.param("paid-session", "collects a payment and cannot be booked through the API", id="paid"),
        pytest.param("poll-lunch", "is a poll and cannot be booked through the API", id="poll"),
    ],
)
async def test_what_the_api_cannot_book_is_refused(calendly: Simulation, slug: str, message: str) -> None:
    body = await calendly.booking(slug, start_time="2026-11-24T09:00:00Z")

    response = await calendly.send(body)

    assert response.status_code == 400
    assert response.json()["details"] == [{"message": message, "parameter": "event.event_type"}]


async def test_what_the_api_cannot_book_has_another_status_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(unbookableStatus=403)

    response = await calendly.send(await calendly.booking("paid-session"))

    assert response.status_code == 403


async def test_an_unknown_event_type_is_not_found(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call", event_type=f"{BASE}/event_types/NOSUCHTHINGATALL")

    response = await calendly.send(body)

    assert response.status_code == 404
    assert response.json() == {
        "title": "Resource Not Found",
        "message": "The server could not find the requested resource.",
    }


async def test_the_event_type_of_another_cannot_be_booked(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")

    response = await calendly.as_(GRACE).send(body)

    assert response.status_code == 403
    assert response.json() == {
        "title": "Permission Denied",
        "message": "You do not have permission to access this resource.",
    }


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"start_time": NaN}', id="not a number"),
        pytest.param(b'"\\ud800"', id="lone surrogate"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="endless nesting"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(calendly: Simulation, content: bytes) -> None:
    response = await calendly.call(
        "POST", "/invitees", content=content, headers={"content-type": "application/json"}
    )

    assert response.status_code == 400
    assert response.json() == {
        "title": "Invalid Argument",
        "message": "The request body must be a JSON object.",
    }


async def test_a_body_of_another_type_is_refused(calendly: Simulation) -> None:
    response = await calendly.call("POST", "/invitees", data={"event_type": "x"})

    assert response.status_code == 400
    assert response.json()["message"] == "The Content-Type must be application/json."


async def test_a_charset_beside_the_type_is_allowed(calendly: Simulation) -> None:
    response = await calendly.call(
        "POST", "/invitees", content=b"{}", headers={"content-type": "application/json; charset=utf-8"}
    )

    assert response.json()["message"] == "The supplied parameters are invalid."
