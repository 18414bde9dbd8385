"""How a problem looks, whatever it is; and that every route owns up to its problems."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import pytest
from starlette.routing import BaseRoute, Route

from app import API
from app.admission import JsonRoute
from app.features.documentation.pages import problem_types
from app.main import create_app
from app.webhooks.subscriptions import PATH
from tests.support.contract import declared_codes, operation_of
from tests.support.service import Json, Service, running_service, settings_for
from tests.support.simulation import Simulation

OPERATIONS = [
    (method.upper(), path)
    for path, item in create_app().openapi()["paths"].items()
    for method in item
    if path.startswith(API)
]
BODILESS = {"/connect/links", "/connect/{token}"}
BODIES: dict[str, Json] = {"cancel": {}, "reschedule": {"start": "2026-12-01T09:00:00Z"}}
"""Of the routes that take another body than a booking."""

QUERIES = {f"{API}/availability": {"eventTypeIds": "visit"}}
"""Of the routes that need one."""

READING = {
    "upstream_failed",
    "upstream_refused_us",
    "upstream_busy",
    "overloaded",
    "upstream_timeout",
    "internal",
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/api/v1/nothing", id="unknown"),
        pytest.param("GET", "/api/v1/event-types/", id="slash at the end"),
        pytest.param("GET", "/api/v2/event-types", id="another version"),
        pytest.param("GET", "/API/v1/event-types", id="in capitals"),
        pytest.param("GET", "//api/v1/event-types", id="two slashes"),
        pytest.param("GET", "/api/v1/../../etc/passwd", id="upwards"),
        pytest.param("GET", "/", id="no demo page"),
        pytest.param("PATCH", "/nothing", id="a write to nothing"),
    ],
)
async def test_an_unknown_path_is_a_problem(bff: Service, method: str, path: str) -> None:
    answer = await bff.http.request(method, path, json={} if method == "PATCH" else None)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/event-types", "GET"),
        ("POST", "/api/v1/event-types/visit", "GET"),
        ("GET", "/api/v1/bookings", "POST"),
        ("PUT", "/api/v1/bookings/preflight", "POST"),
        ("POST", "/api/v1/bookings/bk_1", "GET"),
        ("DELETE", "/api/v1/bookings/bk_1", "GET"),
        ("GET", "/api/v1/bookings/bk_1/cancel", "POST"),
        ("GET", "/api/v1/bookings/bk_1/reschedule", "POST"),
        ("POST", "/api/v1/bookings/bk_1/calendar.ics", "GET"),
        ("DELETE", "/livez", "GET"),
    ],
)
async def test_an_unknown_method_is_a_problem_that_names_the_known_ones(
    bff: Service, method: str, path: str, allowed: str
) -> None:
    answer = await bff.http.request(method, path, json={} if method in {"POST", "PUT"} else None)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "marker"])
async def test_a_body_for_nothing_is_not_judged(bff: Service, content_type: str) -> None:
    answer = await bff.http.post(
        "/api/v1/nothing", content=b"{marker", headers={"Content-Type": content_type}
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/api/v1/event-types", "/api/v1/event-types/visit/availability", "/problems"]
)
async def test_a_body_for_what_can_only_be_read_is_not_judged(bff: Service, path: str) -> None:
    answer = await bff.http.post(path, content=b"{marker", headers={"Content-Type": "marker"})

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"


def test_every_route_that_takes_a_body_judges_it_first() -> None:
    """Those that connect accounts take none: what is sent to them is not read. What Calendly delivers is judged by its
    signature instead, over its bytes as they came.
    """
    writes = [
        route
        for route in _routes(create_app().routes)
        if (route.methods or set()) - {"GET", "HEAD"}
        and route.path not in BODILESS
        and not route.path.startswith(PATH)
    ]

    assert {route.path for route in writes} == {
        f"{API}/bookings",
        f"{API}/bookings/preflight",
        f"{API}/bookings/{{bookingId}}/cancel",
        f"{API}/bookings/{{bookingId}}/reschedule",
    }
    assert [route.path for route in writes if not isinstance(route, JsonRoute)] == []


def _routes(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    """All of them, however deep: the framework keeps those of an included router in one of its own."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            yield from _routes(getattr(getattr(route, "original_router", None), "routes", ()))


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_a_crash_is_a_problem_that_tells_nothing(calendly: Simulation, method: str, path: str) -> None:
    def broken_clock() -> datetime:
        raise ZeroDivisionError("marker")

    body = {
        "eventTypeId": "visit",
        "start": "2026-12-01T09:00:00Z",
        "timeZone": "Europe/Berlin",
        "invitee": {"name": "Grace Example", "email": "grace@example.test"},
    }
    async with running_service(settings_for(str(calendly.http.base_url)), broken_clock) as bff:
        answer = await bff.http.request(
            method,
            path.replace("{eventTypeId}", "visit").replace("{bookingId}", "bk_1"),
            params=QUERIES.get(path),
            json=BODIES.get(path.rpartition("/")[2], body) if method == "POST" else None,
            headers={"Idempotency-Key": "k", "Authorization": "Bearer marker"},
        )

    problem = answer.json()
    assert problem.pop("requestId")
    assert problem == {
        "type": "/problems/internal",
        "title": "Something went wrong on our side.",
        "status": 500,
        "code": "internal",
    }


async def test_a_callers_own_request_id_is_kept(bff: Service) -> None:
    answer = await bff.http.get("/api/v1/nothing", headers={"X-Request-Id": "front-end_1.2-3"})

    assert answer.json()["requestId"] == "front-end_1.2-3"


@pytest.mark.parametrize(
    "given",
    ["short", "a" * 65, "with blank inside", "new\tline-inside", "<script>alert</script>", "ünicode-id"],
)
@pytest.mark.fault("C15")
async def test_a_request_id_that_could_do_harm_is_replaced(bff: Service, given: str) -> None:
    answer = await bff.http.get("/api/v1/nothing", headers={b"X-Request-Id": given.encode()})

    assert answer.headers["X-Request-Id"] != given
    assert len(answer.json()["requestId"]) == 16


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_route_declares_what_reading_from_calendly_can_end_in(method: str, path: str) -> None:
    operation = operation_of(method, path)

    assert operation is not None
    declared = {code for status in operation["responses"] for code in declared_codes(operation, status)}
    assert declared >= READING


def test_every_problem_is_declared_by_some_route_or_can_happen_to_any() -> None:
    declared = {
        code
        for method, path in (*OPERATIONS, ("POST", PATH), ("POST", "/connect/links"))
        if (operation := operation_of(method, path)) is not None
        for status in operation["responses"]
        for code in declared_codes(operation, status)
    }

    assert set(problem_types()) - declared == {"method_not_allowed"}
