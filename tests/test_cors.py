"""Which pages may call from a browser: exact origins, on every answer, failures too."""

from datetime import UTC, datetime

import httpx
import pytest

from app import API
from app.main import create_app
from tests.support.service import ORIGIN, Service, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

STRANGERS = [
    "null",
    "",
    "https://booking.example.test.evil.test",
    "https://evilbooking.example.test",
    "https://booking.example.testevil",
    "http://booking.example.test",
    "https://booking.example.test:444",
    "https://booking.example.test/",
    "https://BOOKING.example.test",
    "https://sub.booking.example.test",
    "https://booking-example.test",
    "https://booking.example.test@evil.test",
    "*",
]


def _granted(answer: httpx.Response) -> str | None:
    origin: str | None = answer.headers.get("Access-Control-Allow-Origin")
    return origin


def _varies(answer: httpx.Response) -> bool:
    return "origin" in answer.headers.get("Vary", "").lower()


async def _from(bff: Service, origin: str, path: str = "/event-types") -> httpx.Response:
    return await bff.http.get(API + path, headers={"Origin": origin})


async def test_an_allowed_origin_may_read_answers(bff: Service) -> None:
    answer = await _from(bff, ORIGIN)

    assert _granted(answer) == ORIGIN


async def test_an_allowed_origin_may_read_what_a_front_end_needs(bff: Service) -> None:
    answer = await _from(bff, ORIGIN)

    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {"Idempotency-Replayed", "Retry-After", "X-Request-Id"}


async def test_nobody_may_send_cookies(bff: Service) -> None:
    answer = await _from(bff, ORIGIN)

    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.fault("C12")
@pytest.mark.parametrize("origin", STRANGERS)
async def test_any_other_origin_gets_no_grant(bff: Service, origin: str) -> None:
    answer = await _from(bff, origin)

    assert _granted(answer) is None


@pytest.mark.fault("C12")
@pytest.mark.parametrize(
    "headers", [{}, {"Origin": ORIGIN}, {"Origin": "null"}], ids=["none", "ours", "null"]
)
@pytest.mark.parametrize("path", ["/api/v1/event-types", "/api/v1/nothing", "/livez", "/problems"])
async def test_every_answer_varies_with_the_origin(bff: Service, path: str, headers: dict[str, str]) -> None:
    answer = await bff.http.get(path, headers=headers)

    assert _varies(answer)


@pytest.mark.parametrize("path", ["/nothing", "/event-types/unheard-of", "/event-types?x=1"])
async def test_refusals_can_be_read_by_the_front_end(bff: Service, path: str) -> None:
    answer = await _from(bff, ORIGIN, path)

    assert answer.status_code in {404, 422}
    assert _granted(answer) == ORIGIN


async def test_a_refused_body_can_be_read_by_the_front_end(bff: Service) -> None:
    answer = await bff.http.post(f"{API}/bookings", content=b"x", headers={"Origin": ORIGIN})

    assert (answer.status_code, _granted(answer)) == (415, ORIGIN)


async def test_calendlys_failures_can_be_read_by_the_front_end(bff: Service, calendly: Simulation) -> None:
    await plan_fault(calendly, "status", times=10, status=500)

    answer = await _from(bff, ORIGIN)

    assert (answer.status_code, _granted(answer)) == (502, ORIGIN)


async def test_a_crash_can_be_read_by_the_front_end(calendly: Simulation) -> None:
    def broken_clock() -> datetime:
        raise ZeroDivisionError("marker")

    settings = settings_for(str(calendly.http.base_url))
    async with running_service(settings, broken_clock) as bff:
        answer = await _from(bff, ORIGIN)

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert _granted(answer) == ORIGIN
    assert "marker" not in answer.text


async def _preflight(bff: Service, origin: str, method: str, header: str) -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header,
    }
    return await bff.http.options(f"{API}/bookings", headers=asked)


@pytest.mark.parametrize("header", ["content-type", "idempotency-key", "x-request-id", "authorization"])
async def test_a_preflight_grants_what_a_booking_needs(bff: Service, header: str) -> None:
    answer = await _preflight(bff, ORIGIN, "POST", header)

    assert (answer.status_code, _granted(answer)) == (200, ORIGIN)
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert _varies(answer)


@pytest.mark.parametrize(
    ("origin", "method", "header"),
    [
        pytest.param("https://evil.test", "POST", "content-type", id="stranger"),
        pytest.param("null", "POST", "content-type", id="null"),
        pytest.param(ORIGIN, "DELETE", "content-type", id="another method"),
        pytest.param(ORIGIN, "POST", "x-evil", id="another header"),
    ],
)
async def test_a_preflight_for_anything_else_is_refused(
    bff: Service, origin: str, method: str, header: str
) -> None:
    answer = await _preflight(bff, origin, method, header)

    assert (answer.status_code, answer.content, _granted(answer)) == (204, b"", None)
    assert answer.headers["Cache-Control"] == "no-store"
    assert _varies(answer)


async def test_without_allowed_origins_no_page_is_granted_anything() -> None:
    app = create_app(settings_for("http://127.0.0.1:1", allowed_origins=()), clock=lambda: datetime.now(UTC))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://bff.example.test"
    ) as http:
        answer = await http.get("/livez", headers={"Origin": ORIGIN})

    assert _granted(answer) is None
