"""Whoever only opens addresses, or makes a browser send forms, changes nothing: that takes POST, a token and JSON."""

from typing import Any

import pytest

from app import API
from tests.security.asking import ask
from tests.support.service import ORIGIN, Json, Service
from tests.support.simulation import Simulation

PARTS = ("", "/cancel", "/reschedule", "/calendar.ics")
CHANGES = (
    pytest.param("/cancel", {}, id="cancel"),
    pytest.param("/reschedule", {"start": "2026-11-23T11:00:00+01:00"}, id="reschedule"),
)

FORMS: tuple[Any, ...] = (
    pytest.param({"data": {"reason": "x"}}, id="a form"),
    pytest.param({"files": {"reason": ("x.txt", b"x")}}, id="a form with a file"),
    pytest.param({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, id="JSON as plain text"),
    pytest.param({"content": b"{}"}, id="JSON as nothing"),
    pytest.param({}, id="nothing"),
)
"""What a page of somebody else's can make a browser send without asking."""


@pytest.fixture
async def booking(bff: Service) -> Json:
    answer = await bff.book(await bff.booking())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _is_untouched(calendly: Simulation) -> bool:
    items: list[Json] = (await calendly.http.get("/_simulator/calls")).json()["items"]
    written = [call["path"] for call in items if call["method"] == "POST"]
    [event] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    return written == ["/invitees"] and event["status"] == "active"


def bearer(booking: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {booking['manage']['token']}"}


@pytest.mark.fault("B13")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_opening_an_address_changes_nothing(
    bff: Service, calendly: Simulation, booking: Json, method: str
) -> None:
    path = f"{API}/bookings/{booking['id']}"

    answers = [
        (part, await ask(bff.app, method, path + part, token))
        for part in PARTS
        for token in (None, str(booking["manage"]["token"]))
    ]

    assert await _is_untouched(calendly)
    assert {answer.status for part, answer in answers if part in {"/cancel", "/reschedule"}} == {405}


@pytest.mark.fault("B13")
@pytest.mark.parametrize("part", PARTS)
async def test_a_token_in_an_address_opens_nothing(bff: Service, booking: Json, part: str) -> None:
    method = "GET" if part in {"", "/calendar.ics"} else "POST"
    params = {"token": booking["manage"]["token"], "access_token": booking["manage"]["token"]}

    answer = await bff.http.request(
        method, f"{API}/bookings/{booking['id']}{part}", params=params, json={} if method == "POST" else None
    )

    assert answer.status_code in {401, 422}
    assert booking["manage"]["token"] not in answer.text


@pytest.mark.parametrize(
    "headers", [{"Cookie": "token={}"}, {"Authorization": "Basic {}"}, {"X-Token": "{}"}]
)
async def test_a_token_anywhere_else_opens_nothing(
    bff: Service, booking: Json, headers: dict[str, str]
) -> None:
    sent = {name: value.format(booking["manage"]["token"]) for name, value in headers.items()}

    answer = await bff.http.get(f"{API}/bookings/{booking['id']}", headers=sent)

    assert (answer.status_code, answer.json()["code"]) == (401, "manage_token_required")


@pytest.mark.fault("B13")
@pytest.mark.parametrize(("part", "body"), CHANGES)
async def test_a_post_without_the_token_changes_nothing(
    bff: Service, calendly: Simulation, booking: Json, part: str, body: Json
) -> None:
    answer = await bff.http.post(f"{API}/bookings/{booking['id']}{part}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (401, "manage_token_required")
    assert await _is_untouched(calendly)


@pytest.mark.fault("C11")
@pytest.mark.parametrize("form", FORMS)
async def test_a_form_from_another_site_changes_nothing(
    bff: Service, calendly: Simulation, booking: Json, form: dict[str, Any]
) -> None:
    """Not even where a browser would send the token along, which none does."""
    headers = bearer(booking) | form.get("headers", {})
    sent = {name: value for name, value in form.items() if name != "headers"}

    answers = [
        await bff.http.post(f"{API}{path}", headers=headers | {"Origin": origin}, **sent)
        for origin in ("https://elsewhere.example.test", "null")
        for path in (
            f"/bookings/{booking['id']}/cancel",
            f"/bookings/{booking['id']}/reschedule",
            "/bookings",
            "/bookings/preflight",
        )
    ]

    assert {answer.json()["code"] for answer in answers} == {"unsupported_media_type"}
    assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {None}
    assert await _is_untouched(calendly)


@pytest.mark.fault("C12")
@pytest.mark.parametrize(
    ("origin", "granted"),
    [
        pytest.param(ORIGIN, ORIGIN, id="our own front end"),
        pytest.param("https://elsewhere.example.test", None, id="another site"),
        pytest.param("null", None, id="no site"),
        pytest.param(f"{ORIGIN}.elsewhere.test", None, id="one that looks like it"),
    ],
)
async def test_only_our_front_end_may_send_the_token_from_a_browser(
    bff: Service, booking: Json, origin: str, granted: str | None
) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    answer = await bff.http.options(f"{API}/bookings/{booking['id']}/cancel", headers=asked)

    assert answer.headers.get("Access-Control-Allow-Origin") == granted
