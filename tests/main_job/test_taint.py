"""Calendly puts our token and people's addresses into everything it says: none of it reaches a visitor or a log."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app.resources import system_clock
from tests.support.canary import CANARIES, TOKEN, VISITOR_EMAIL, leaks
from tests.support.form_filler import Filling, filled
from tests.support.front_end import API, CalendlyControl, FrontEnd, both_sides
from tests.support.service import served_service, settings_for
from tests.support.simulation import running_simulator

Json = dict[str, Any]

TAINT = " ".join(CANARIES.values())
DETAIL = {"parameter": TAINT, "message": TAINT, "code": TAINT}
TAINTED_ERROR = {"title": TAINT, "message": TAINT, "details": [DETAIL], "required_scopes": [TAINT]}
TAINTED_HEADERS = dict.fromkeys(("X-Taint", "Retry-After", "X-RateLimit-Reset", "Set-Cookie"), TAINT)

STATUSES = (400, 401, 403, 404, 409, 418, 422, 424, 429, 500, 502, 503)

TOO_MANY = 429
WAIT_ASKED_FOR = 1
"""Seconds, by a Calendly that has enough of us. Without a number the service waits a minute, and asks nothing."""

FAULTS: dict[str, Json] = {
    **{
        f"status-{status}": {
            "kind": "status",
            "status": status,
            "body": TAINTED_ERROR,
            "headers": TAINTED_HEADERS
            | ({"X-RateLimit-Reset": str(WAIT_ASKED_FOR)} if status == TOO_MANY else {}),
        }
        for status in STATUSES
    },
    "redirect": {"kind": "status", "status": 302, "headers": {"Location": f"http://127.0.0.1:9/{TOKEN}"}},
    "words": {"kind": "status", "status": 500, "body": TAINT},
    "page": {"kind": "html", "body": f"<html>{TAINT}</html>"},
    "no-resource": {"kind": "status", "status": 200, "body": {"resource": TAINT, "collection": TAINT}},
    "wrong-types": {"kind": "status", "status": 200, "body": {"resource": {"uri": TAINT, "email": [TAINT]}}},
    "a-list": {"kind": "status", "status": 200, "body": [TAINT]},
    "truncated": {"kind": "truncate"},
    "reset": {"kind": "reset"},
}

LOST: dict[str, Json] = {
    "commit-then-status": {"kind": "commit_then_status", "status": 500, "body": TAINTED_ERROR},
    "commit-then-reset": {"kind": "commit_then_reset"},
}
"""The booking was made, and all we hear is this."""

READS = (
    "/event-types",
    "/event-types/visit",
    "/event-types/visit/form",
    "/event-types/visit/availability",
    "/event-types/visit/availability/next",
    "/availability?eventTypeIds=visit,intro-call",
)

UPSTREAM_CODES = frozenset({"upstream_failed", "upstream_refused_us", "upstream_busy", "upstream_timeout"})
NO_SUCH_EVENT_TYPE = "not_found"
"""What 404 means where Calendly was asked about one event type."""

BODY: Json = {
    "eventTypeId": "visit",
    "start": "2027-01-04T09:00:00+01:00",
    "timeZone": "Europe/Berlin",
    "invitee": {"name": "Grace Example", "email": VISITOR_EMAIL},
    "location": {"optionId": "physical-1"},
}


UNCLEAR = frozenset({*(f"status-{status}" for status in STATUSES if status >= 500), *LOST}) | {
    "redirect",
    "words",
    "page",
    "no-resource",
    "wrong-types",
    "a-list",
    "truncated",
    "reset",
}
"""After which nobody knows whether there is a booking."""


def each_of(faults: Mapping[str, Json]) -> pytest.MarkDecorator:
    """The test gets `fault`, and afterwards the service is no longer told to wait."""
    chosen = [pytest.param(fault, id=id_) for id_, fault in faults.items()]
    return pytest.mark.parametrize("fault", chosen, indirect=True)


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Json]:
    given: Json = request.param
    yield given
    if given.get("status") == TOO_MANY:
        time.sleep(WAIT_ASKED_FOR + 0.3)


@pytest.fixture
def truthful(request: pytest.FixtureRequest) -> range:
    """Statuses that do not say more about a booking than can be known."""
    return range(202, 203) if request.node.callspec.id in UNCLEAR else range(400, 600)


def without_own(booking: Json) -> str:
    return str(booking | {"invitee": None, "manage": None})


@pytest.fixture
def newcomer(calendly: CalendlyControl) -> Iterator[FrontEnd]:
    """A service that has never had an answer from Calendly, and does not leave it alone for what it has met."""
    simulator = str(calendly.http.base_url)
    with (
        served_service(settings_for(simulator), system_clock) as service,
        both_sides(service, simulator) as (front_end, _),
    ):
        yield front_end


@each_of(FAULTS)
def test_whatever_calendly_says_visitors_get_a_problem_of_ours(
    fault: Json, newcomer: FrontEnd, calendly: CalendlyControl
) -> None:
    calendly.fail("", **fault)

    answers = [newcomer.http.get(API + path) for path in READS]
    answers += [newcomer.send(call, BODY) for call in ("bookings", "preflight")]

    assert calendly.calls()
    assert {answer.json()["code"] for answer in answers} <= UPSTREAM_CODES
    assert [answer for answer in answers if TOKEN in answer.text] == []


@each_of(FAULTS | LOST)
def test_nothing_of_a_refused_booking_is_repeated(
    fault: Json, truthful: range, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    body = filled(front_end.form("intro-call"), Filling(start=front_end.starts("intro-call")[0]))
    calendly.fail("^/invitees$", **fault)

    response = front_end.book(body)

    assert response.status_code in truthful
    assert len(calendly.sent_bookings()) == 1
    assert leaks("the answer", without_own(response.json())) == []


@each_of(FAULTS)
def test_nothing_of_a_look_that_failed_is_repeated(
    fault: Json, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    body = filled(front_end.form("intro-call"), Filling(start=front_end.starts("intro-call")[0]))
    calendly.fail("^/scheduled_events$", **fault)

    response = front_end.book(body)

    assert response.json()["code"] in UPSTREAM_CODES | {NO_SUCH_EVENT_TYPE}
    assert calendly.sent_bookings() == []
    assert leaks("the answer", response.text) == []


@each_of(FAULTS)
@pytest.mark.parametrize("part", ["", "/calendar.ics", "/cancel", "/reschedule"])
def test_nothing_of_what_calendly_says_to_whoever_manages_a_booking_is_repeated(
    fault: Json, part: str, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    starts = front_end.starts("intro-call")
    booking = front_end.book(filled(front_end.form("intro-call"), Filling(start=starts[0]))).json()
    calendly.fail("^/scheduled_events/", **fault)

    response = front_end.manage(booking, part, {"/cancel": {}, "/reschedule": {"start": starts[5]}}.get(part))

    assert response.json()["code"] in UPSTREAM_CODES | {NO_SUCH_EVENT_TYPE}
    assert leaks("the answer", response.text) == []


@each_of(FAULTS)
def test_nothing_of_unread_free_times_is_repeated(
    fault: Json, newcomer: FrontEnd, calendly: CalendlyControl
) -> None:
    newcomer.read("/event-types")
    calendly.fail("available_times", **fault)

    answers = [
        newcomer.http.get(f"{API}/event-types/visit/availability"),
        newcomer.http.get(f"{API}/event-types/visit/availability/next"),
        newcomer.http.get(f"{API}/availability?eventTypeIds=visit,intro-call"),
        newcomer.preflight(BODY),
        newcomer.book(BODY),
    ]

    assert {answer.json()["code"] for answer in answers} <= UPSTREAM_CODES | {NO_SUCH_EVENT_TYPE}
    assert calendly.calls("GET", "/event_type_available_times")
    assert [leaks("the answer", answer.text) for answer in answers] == [[]] * len(answers)


@each_of(FAULTS)
def test_a_booking_whose_event_cannot_be_read_stands_and_repeats_nothing(
    fault: Json, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    body = filled(front_end.form("intro-call"), Filling(start=front_end.starts("intro-call")[0]))
    calendly.fail("^/scheduled_events/", **fault)

    response = front_end.book(body)

    booking = response.json()
    assert (response.status_code, booking["location"]["status"]) == (201, "pending")
    assert [call for call in calendly.calls("GET") if call["path"].startswith("/scheduled_events/")]
    assert leaks("the booking", without_own(booking)) == []


def test_a_wait_that_is_no_number_is_a_problem_like_any_other() -> None:
    with (
        running_simulator() as simulator,
        served_service(settings_for(simulator), system_clock) as service,
        both_sides(service, simulator) as (front_end, calendly),
    ):
        calendly.fail("", kind="status", status=TOO_MANY, body=TAINTED_ERROR, headers=TAINTED_HEADERS)

        response = front_end.http.get(f"{API}/event-types")

    assert (response.status_code, response.json()["code"]) == (503, "upstream_busy")
    assert leaks("the answer", response.text) == []


def test_what_a_client_says_of_itself_is_neither_logged_nor_stored(front_end: FrontEnd) -> None:
    said = dict.fromkeys(("User-Agent", "X-Request-Id", "Referer", "X-Forwarded-For"), VISITOR_EMAIL)
    body = filled(front_end.form("intro-call"), Filling(start=front_end.starts("intro-call")[0]))

    answers = [
        front_end.http.post(f"{API}/bookings", json=body, headers=said | {"Idempotency-Key": VISITOR_EMAIL}),
        front_end.http.get(f"{API}/event-types/{VISITOR_EMAIL}", headers=said),
        front_end.http.get(f"{API}/event-types", params={"slug": VISITOR_EMAIL}, headers=said),
        front_end.http.get(f"{API}/event-types", params={VISITOR_EMAIL: VISITOR_EMAIL}, headers=said),
        front_end.http.get(f"/{VISITOR_EMAIL}", headers=said),
    ]

    assert [answer.status_code for answer in answers] == [201, 404, 200, 422, 404]
