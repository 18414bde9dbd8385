"""Requests that somebody sends who means no booking: refused as problems, repeated nowhere, kept from Calendly."""

import json
import socket
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.main_job.hostile_bodies import BASE, HOSTILE_BODIES, MARK
from tests.main_job.hostile_zones import HOSTILE_ZONES
from tests.support.canary import TOKEN
from tests.support.front_end import API, CalendlyControl, FrontEnd, faults_of

PROBLEM = "application/problem+json"
REFUSED = frozenset({400, 404, 409, 413, 422})

KNOWN_PATHS = frozenset({"/users/me", "/event_types", "/event_type_available_times"})
"""What reading may ask of Calendly."""

calls = pytest.mark.parametrize("call", ["bookings", "bookings/preflight"])

MANAGING: list[tuple[str, Any]] = [
    ("", None),
    ("/calendar.ics", None),
    ("/cancel", {}),
    ("/reschedule", {"start": "2027-01-04T03:07:00+01:00"}),
]
"""What may be done with a booking, and the body that it takes."""


def post(front_end: FrontEnd, call: str, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json", "Idempotency-Key": MARK}
    return front_end.http.post(f"{API}/{call}", content=body, headers=headers)


def said(response: httpx.Response) -> str:
    return f"{response.headers}\n{response.text}"


def test_the_corpora_are_as_large_as_promised() -> None:
    assert len(HOSTILE_BODIES) >= 60
    assert len(HOSTILE_ZONES) >= 40


@calls
@pytest.mark.parametrize("body", [pytest.param(body, id=id_) for id_, body in HOSTILE_BODIES.items()])
def test_a_hostile_body_is_refused_and_not_repeated(
    call: str, body: bytes, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    response = post(front_end, call, body)

    assert response.status_code in REFUSED, response.text
    assert response.headers["content-type"] == PROBLEM
    assert MARK not in said(response)
    assert calendly.sent_bookings() == []


def test_a_body_with_nothing_wrong_but_its_time_is_told_so(front_end: FrontEnd) -> None:
    response = post(front_end, "bookings", json.dumps(BASE).encode())

    assert response.json()["code"] == "slot_taken"


zones = pytest.mark.parametrize("zone", [pytest.param(zone, id=id_) for id_, zone in HOSTILE_ZONES.items()])


@calls
@zones
def test_a_hostile_zone_in_a_booking_is_refused_and_not_repeated(
    call: str, zone: str, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    response = post(front_end, call, json.dumps(BASE | {"timeZone": zone}).encode())

    assert [pointer for pointer, _ in faults_of(response)] == ["/timeZone"]
    assert zone.strip("\0 ") == "" or zone.strip("\0 ") not in said(response)
    assert calendly.sent_bookings() == []


@zones
def test_a_hostile_zone_in_a_query_is_refused_and_not_repeated(zone: str, front_end: FrontEnd) -> None:
    query = f"timeZone={quote(zone, safe='')}"

    response = front_end.http.get(f"{API}/event-types/visit/availability?{query}")

    assert [pointer for pointer, _ in faults_of(response)] == ["/query/timeZone"]
    assert zone.strip("\0 ") == "" or zone.strip("\0 ") not in said(response)


HOSTILE_IDS = {
    "parent": "..",
    "parent-encoded": "%2e%2e",
    "parent-and-more": "../users/me",
    "parent-and-more-encoded": "%2e%2e%2f%2e%2e%2fusers%2fme",
    "parent-encoded-twice": "%252e%252e%252fusers%252fme",
    "own-folder": ".",
    "backslashes": "..%5c..%5cusers%5cme",
    "full-url": "https://api.calendly.com/event_types/AAAAAAAAAAAAAAAA",
    "full-url-encoded": "https%3A%2F%2Fevil.example.test%2Fevent_types%2FA",
    "another-host": "//evil.example.test/event_types",
    "user-at-host": "x@evil.example.test",
    "encoded-line-ends": "x%0d%0aAuthorization:%20Bearer%20x",
    "null": "x%00y",
    "query-encoded": "x%3Fuser=1",
    "fragment-encoded": "x%23y",
    "semicolon": "x;y=1",
    "blank": "%20",
    "very-long": "x" * 8_000,
    "bad-utf-8": "%ff%fe",
    "overlong-slash": "%c0%af",
    "half-an-escape": "%",
    "wildcard": "*",
    "null-word": "null",
    "zero": "0",
    "template": "%7B%7B7*7%7D%7D",
}


def raw_get(base_url: str, target: str) -> tuple[int, str]:
    """Sends the target as it is: a proper client would tidy it up. Gives the status and all that was said."""
    parts = urlsplit(base_url)
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer.decode()


@pytest.mark.parametrize("rest", ["", "/form", "/availability", "/availability/next"])
@pytest.mark.parametrize("id_", [pytest.param(id_, id=name) for name, id_ in HOSTILE_IDS.items()])
def test_a_hostile_id_in_a_path_leads_nowhere(
    id_: str, rest: str, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    status, answer = raw_get(str(front_end.http.base_url), f"{API}/event-types/{id_}{rest}")

    assert (status, PROBLEM in answer, '"code":"not_found"' in answer) == (404, True, True)
    assert "evil" not in answer
    assert {call["path"] for call in calendly.calls()} <= KNOWN_PATHS


@pytest.mark.parametrize("rest", ["", "/calendar.ics"])
@pytest.mark.parametrize("id_", [pytest.param(id_, id=name) for name, id_ in HOSTILE_IDS.items()])
def test_a_hostile_booking_in_a_path_leads_nowhere(
    id_: str, rest: str, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    status, answer = raw_get(str(front_end.http.base_url), f"{API}/bookings/{id_}{rest}")

    assert (status, PROBLEM in answer) in {(401, True), (404, True), (405, True)}
    assert "evil" not in answer
    assert calendly.calls() == []


HOSTILE_TOKENS = {
    "one-character": "A",
    "not-base64": "!!!!",
    "null-word": "null",
    "very-long": "A" * 8_000,
    "json": '{"booking":"bk_1"}',
    "a-jwt-without-signature": "eyJhbGciOiJub25lIn0.eyJib29raW5nIjoiYmtfMSJ9.",
    "two-words": "A B",
    "calendlys-own": TOKEN,
}


@pytest.mark.parametrize(("part", "body"), MANAGING)
@pytest.mark.parametrize("token", [pytest.param(token, id=id_) for id_, token in HOSTILE_TOKENS.items()])
def test_a_token_that_somebody_made_up_opens_nothing_and_asks_calendly_nothing_about_bookings(
    token: str, part: str, body: Any, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    response = front_end.manage({"id": "bk_1", "manage": {"token": token}}, part, body)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert {each["path"] for each in calendly.calls()} <= {"/users/me"}
    assert len(token) < 9 or token not in said(response)


@pytest.mark.parametrize(("part", "body"), MANAGING)
@pytest.mark.parametrize(
    "words", [f"Basic {MARK}", f"Token {MARK}", f"bearer: {MARK}", MARK, "Bearer", f"Bearer\t{MARK}"]
)
def test_a_token_in_other_words_is_no_token(
    words: str, part: str, body: Any, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    method = "GET" if body is None else "POST"

    response = front_end.http.request(
        method, f"{API}/bookings/bk_1{part}", json=body, headers={"Authorization": words}
    )

    assert (response.status_code, response.json()["code"]) == (401, "manage_token_required")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert MARK not in said(response)
    assert calendly.calls() == []


@pytest.mark.parametrize("part", ["/cancel", "/reschedule"])
@pytest.mark.parametrize("body", [pytest.param(body, id=id_) for id_, body in HOSTILE_BODIES.items()])
def test_a_hostile_body_changes_no_booking_and_is_not_repeated(
    part: str, body: bytes, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {MARK}"}

    response = front_end.http.post(f"{API}/bookings/bk_1{part}", content=body, headers=headers)

    assert response.status_code in REFUSED, response.text
    assert response.headers["content-type"] == PROBLEM
    assert MARK not in said(response)
    assert {each["path"] for each in calendly.calls()} <= {"/users/me"}


@calls
@pytest.mark.parametrize(
    "id_", [pytest.param(id_, id=name) for name, id_ in HOSTILE_IDS.items() if name != "very-long"]
)
def test_a_hostile_id_in_a_body_leads_nowhere(
    call: str, id_: str, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    response = post(front_end, call, json.dumps(BASE | {"eventTypeId": id_}).encode())

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert {each["path"] for each in calendly.calls()} <= KNOWN_PATHS


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-Type", f"text/{MARK}"),
        ("Content-Type", f"application/json; charset={MARK}"),
        ("Content-Encoding", MARK),
        ("Idempotency-Key", f"{MARK} with blanks"),
        ("Idempotency-Key", MARK + "x" * 300),
        ("X-Request-Id", f"{MARK}<script>"),
        ("Origin", f"https://{MARK}.example.test"),
    ],
)
def test_a_hostile_header_is_not_repeated(header: str, value: str, front_end: FrontEnd) -> None:
    headers: dict[str, Any] = {"Content-Type": "application/json", "Idempotency-Key": "k", header: value}
    body = json.dumps(BASE | {"invitee": {}}).encode()

    response = front_end.http.post(f"{API}/bookings", content=body, headers=headers)

    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == PROBLEM
    assert MARK not in said(response)
