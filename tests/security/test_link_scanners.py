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

FORMS: tuple[dict[str, Any], ...] = (
    {"data": {"reason": "x"}},
    {"files": {"reason": ("x.txt", b"x")}},
    {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
    {"content": b"{}"},
    {},
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
async def test_a_token_in_an_address_opens_nothing(bff: Service, calendly: Simulation, booking: Json) -> None:
    token = str(booking["manage"]["token"])

    answers = [
        await bff.http.request(
            "POST" if part in {"/cancel", "/reschedule"} else "GET",
            f"{API}/bookings/{booking['id']}{part}",
            params={"token": token, "access_token": token},
            json={} if part in {"/cancel", "/reschedule"} else None,
        )
        for part in PARTS
    ]

    assert {answer.status_code for answer in answers} <= {401, 422}
    assert [answer.text for answer in answers if token in answer.text] == []
    assert await _is_untouched(calendly)


async def test_a_token_anywhere_else_opens_nothing(bff: Service, booking: Json) -> None:
    token = str(booking["manage"]["token"])

    answers = [
        await bff.http.get(f"{API}/bookings/{booking['id']}", headers={name: value})
        for name, value in (
            ("Cookie", f"token={token}"),
            ("Authorization", f"Basic {token}"),
            ("X-Token", token),
        )
    ]

    assert {answer.json()["code"] for answer in answers} == {"manage_token_required"}


@pytest.mark.fault("B13")
@pytest.mark.parametrize(("part", "body"), CHANGES)
async def test_a_post_without_the_token_changes_nothing(
    bff: Service, calendly: Simulation, booking: Json, part: str, body: Json
) -> None:
    answer = await bff.http.post(f"{API}/bookings/{booking['id']}{part}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (401, "manage_token_required")
    assert await _is_untouched(calendly)


@pytest.mark.fault("C11")
@pytest.mark.parametrize("path", ["/bookings/{}/cancel", "/bookings/{}/reschedule", "/bookings"])
async def test_a_form_from_another_site_changes_nothing(
    bff: Service, calendly: Simulation, booking: Json, path: str
) -> None:
    """Not even where a browser would send the token along, which none does."""
    answers = [
        await bff.http.post(
            API + path.format(booking["id"]),
            **form | {"headers": bearer(booking) | {"Origin": origin} | form.get("headers", {})},
        )
        for origin in ("https://elsewhere.example.test", "null")
        for form in FORMS
    ]

    assert {answer.json()["code"] for answer in answers} == {"unsupported_media_type"}
    assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {None}
    assert await _is_untouched(calendly)


@pytest.mark.fault("C12")
async def test_only_our_front_end_may_send_the_token_from_a_browser(bff: Service) -> None:
    origins = (ORIGIN, "https://elsewhere.example.test", "null", f"{ORIGIN}.elsewhere.test")
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    granted = [
        (
            await bff.http.options(f"{API}/bookings/bk_1/cancel", headers=asked | {"Origin": origin})
        ).headers.get("Access-Control-Allow-Origin")
        for origin in origins
    ]

    assert granted == [ORIGIN, None, None, None]
