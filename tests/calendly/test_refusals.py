"""What each of Calendly's refusals becomes, and for how long it asks us to wait."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.calendly.client import CalendlyClient
from app.calendly.envelopes import ErrorBody, ErrorDetail
from app.calendly.failures import (
    AccessRefusedError,
    BookingRefusedError,
    OutcomeUnknownError,
)
from app.calendly.waits import asked_wait
from app.errors import (
    AppError,
    BookingQuotaSpentError,
    NotFoundError,
    SlotTakenError,
    UpstreamBusyError,
    UpstreamFailedError,
)
from tests.calendly import rig
from tests.calendly.test_client import BOOKING
from tests.support.stopwatch import Stopwatch

PAST = rig.refusal(parameter="start_time", message="must be in the future")
PAST_AS_MESSAGE = {"title": "Invalid Argument", "message": "start_time must be in the future"}
CODES_ODD = {"title": "Invalid Argument", "details": "none"}
HTML = {"content_type": "text/html", "content": b"<p>no</p>"}


def with_body(body: dict[str, Any]) -> dict[str, Any]:
    return {"json": body}


BOOKING_REFUSALS = [
    pytest.param(400, with_body(rig.refusal("already_filled")), SlotTakenError, id="filled"),
    pytest.param(
        409, with_body(rig.refusal("already_filled")), SlotTakenError, id="filled, by another status"
    ),
    pytest.param(400, with_body(PAST), SlotTakenError, id="past, in a detail"),
    pytest.param(400, with_body(PAST_AS_MESSAGE), SlotTakenError, id="past, in the message"),
    pytest.param(400, with_body(rig.refusal("invalid_location_choice")), BookingRefusedError, id="location"),
    pytest.param(400, with_body(CODES_ODD), BookingRefusedError, id="details of another shape"),
    pytest.param(400, HTML, BookingRefusedError, id="HTML"),
    pytest.param(404, with_body({"title": "Resource Not Found"}), BookingRefusedError, id="gone"),
    pytest.param(401, with_body({"title": "Unauthenticated"}), AccessRefusedError, id="token"),
    pytest.param(403, with_body({"title": "Permission Denied"}), AccessRefusedError, id="permission"),
    pytest.param(429, with_body({}), BookingQuotaSpentError, id="quota", marks=pytest.mark.fault("U11")),
    pytest.param(413, with_body({}), UpstreamFailedError, id="any other refusal"),
    pytest.param(408, with_body({}), OutcomeUnknownError, id="gateway gave up"),
    pytest.param(500, with_body({}), OutcomeUnknownError, id="server error", marks=pytest.mark.fault("U13")),
    pytest.param(503, HTML, OutcomeUnknownError, id="server away", marks=pytest.mark.fault("U14")),
    pytest.param(201, HTML, OutcomeUnknownError, id="HTML as success", marks=pytest.mark.fault("U14")),
    pytest.param(201, with_body({}), OutcomeUnknownError, id="success of unknown shape"),
    pytest.param(204, {}, OutcomeUnknownError, id="success without a body"),
]


@pytest.mark.parametrize(("status", "reply", "failure"), BOOKING_REFUSALS)
async def test_a_refused_booking_says_what_it_means(
    calendly: respx.Router,
    client: CalendlyClient,
    status: int,
    reply: dict[str, Any],
    failure: type[AppError],
) -> None:
    route = calendly.post("/invitees").respond(status, **reply)

    with pytest.raises(AppError) as raised:
        await client.create_invitee(BOOKING)

    assert type(raised.value) is failure
    assert route.call_count == 1


async def test_a_refused_booking_carries_calendlys_codes(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    calendly.post("/invitees").respond(400, json=rig.refusal("invalid_location_choice"))

    with pytest.raises(BookingRefusedError) as raised:
        await client.create_invitee(BOOKING)

    assert (raised.value.upstream_status, raised.value.codes) == (400, ("invalid_location_choice",))


READ_REFUSALS = [
    pytest.param(400, {"json": rig.refusal()}, UpstreamFailedError, 1, id="we asked wrongly"),
    pytest.param(401, {"json": {}}, AccessRefusedError, 1, id="token"),
    pytest.param(403, HTML, AccessRefusedError, 1, id="permission"),
    pytest.param(404, {"json": {}}, NotFoundError, 1, id="gone"),
    pytest.param(410, {"json": {}}, NotFoundError, 1, id="gone for good"),
    pytest.param(424, {"json": {}}, UpstreamFailedError, 1, id="calendar away"),
    pytest.param(429, {"json": {}}, UpstreamBusyError, 1, id="rate", marks=pytest.mark.fault("U11")),
    *[
        pytest.param(
            status, {"json": {}}, UpstreamFailedError, 2, id=f"{status}", marks=pytest.mark.fault("U13")
        )
        for status in (500, 502, 503, 504)
    ],
    pytest.param(501, {"json": {}}, UpstreamFailedError, 1, id="a server error that stays"),
    pytest.param(503, HTML, UpstreamFailedError, 2, id="HTML with 503", marks=pytest.mark.fault("U14")),
    pytest.param(200, HTML, UpstreamFailedError, 1, id="HTML with 200", marks=pytest.mark.fault("U14")),
    pytest.param(200, {"json": []}, UpstreamFailedError, 1, id="unknown shape"),
]


@pytest.mark.parametrize(("status", "reply", "failure", "calls"), READ_REFUSALS)
async def test_a_refused_read_says_what_it_means(
    calendly: respx.Router, status: int, reply: dict[str, Any], failure: type[AppError], calls: int
) -> None:
    route = calendly.get("/users/me").respond(status, **reply)

    with pytest.raises(AppError) as raised:
        await rig.client_on(calendly).get_current_user()

    assert type(raised.value) is failure
    assert route.call_count == calls


@pytest.mark.fault("U13")
async def test_a_read_that_fails_once_succeeds(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get("/users/me").mock(
        side_effect=[httpx.Response(502), httpx.Response(200, json=rig.resource(rig.user()))]
    )

    user = await client.get_current_user()

    assert user.slug == "ada"


async def test_a_wait_that_calendly_asks_for_beyond_the_deadline_is_refused(calendly: respx.Router) -> None:
    route = calendly.get("/users/me").respond(503, headers={"Retry-After": "1"})
    client = rig.client_on(calendly, read_deadline=timedelta(seconds=0.9))

    with pytest.raises(UpstreamBusyError) as raised:
        await client.get_current_user()

    assert (raised.value.retry_after, route.call_count) == (1, 1)


async def test_a_wait_that_calendly_asks_for_is_kept(calendly: respx.Router) -> None:
    replies = [
        httpx.Response(503, headers={"Retry-After": "1"}),
        httpx.Response(200, json=rig.resource(rig.user())),
    ]
    calendly.get("/users/me").mock(side_effect=replies)
    started = time.monotonic()

    await rig.client_on(calendly).get_current_user()

    assert time.monotonic() - started >= 1


@settings(max_examples=40, deadline=None)
@given(own=st.integers(0, 60), asked=st.none() | st.integers(0, 10**9), budget=st.integers(1, 50))
async def test_no_wait_outlasts_the_budget(own: int, asked: int | None, budget: int) -> None:
    calendly = respx.Router(base_url=rig.ORIGIN)
    headers = {} if asked is None else {"Retry-After": str(asked)}
    calendly.get("/users/me").respond(503, headers=headers)
    client = rig.client_on(calendly, read_deadline=rig.ms(budget), retry_wait=lambda: own / 1000)
    watch = Stopwatch()

    with pytest.raises(AppError):
        await client.get_current_user()

    assert watch.stop() < budget / 1000 + 0.3
    await client.aclose()


async def test_a_wait_of_our_own_beyond_the_deadline_is_refused(calendly: respx.Router) -> None:
    route = calendly.get("/users/me").respond(503)
    client = rig.client_on(calendly, read_deadline=rig.ms(300), retry_wait=lambda: 0.4)

    with pytest.raises(UpstreamFailedError):
        await client.get_current_user()

    assert route.call_count == 1


WAITS = [
    pytest.param({"X-RateLimit-Reset": "30"}, 30, 30, id="reset", marks=pytest.mark.fault("U11")),
    pytest.param({"Retry-After": "7"}, 7, 7, id="seconds", marks=pytest.mark.fault("U11")),
    pytest.param(
        {"Retry-After": format_datetime(rig.NOW + timedelta(seconds=90), usegmt=True)},
        90,
        90,
        id="date",
        marks=pytest.mark.fault("U11"),
    ),
    pytest.param({"Retry-After": "Sun, 22 Nov 2026 12:01:30 -0000"}, 90, 90, id="date without a zone"),
    pytest.param({"Retry-After": "Sun, 01 Nov 2026 12:00:00 GMT"}, 1, 1, id="date that has passed"),
    pytest.param({"X-RateLimit-Reset": "soon", "Retry-After": "5"}, 5, 5, id="one of two makes sense"),
    pytest.param({}, 60, 60, id="no hint", marks=pytest.mark.fault("U12")),
    pytest.param({"X-RateLimit-Reset": "-5"}, 60, 60, id="negative", marks=pytest.mark.fault("U12")),
    pytest.param({"Retry-After": "later"}, 60, 60, id="text", marks=pytest.mark.fault("U12")),
    pytest.param({"X-RateLimit-Reset": "0"}, 1, 1, id="nought", marks=pytest.mark.fault("U12")),
    pytest.param({"X-RateLimit-Reset": "1000000000"}, 900, 86_400, id="ages", marks=pytest.mark.fault("U12")),
]


@pytest.mark.parametrize(("headers", "read_wait", "booking_wait"), WAITS)
async def test_a_429_says_how_long_to_wait(
    calendly: respx.Router, client: CalendlyClient, headers: dict[str, str], read_wait: int, booking_wait: int
) -> None:
    calendly.get("/users/me").respond(429, headers=headers)
    calendly.post("/invitees").respond(429, headers=headers)

    with pytest.raises(UpstreamBusyError) as read:
        await client.get_current_user()
    with pytest.raises(BookingQuotaSpentError) as booking:
        await client.create_invitee(BOOKING)

    assert (read.value.retry_after, booking.value.retry_after) == (read_wait, booking_wait)


@pytest.mark.fault("U12")
@given(
    text=st.text() | st.datetimes(timezones=st.just(UTC)).map(format_datetime), longest=st.integers(1, 10**6)
)
def test_no_hint_makes_us_wait_longer_than_allowed(text: str, longest: int) -> None:
    wait = asked_wait({"retry-after": text}, datetime(2026, 11, 22, tzinfo=UTC), longest)

    assert wait is None or 1 <= wait <= longest


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        pytest.param(["users:read"], ("users:read",), id="as Calendly says"),
        pytest.param(None, ("users:read",), id="as we know"),
        pytest.param(["ada@example.test"], ("users:read",), id="what is no scope is not passed on"),
    ],
)
async def test_a_refused_token_is_reported_with_the_scopes_it_needs(
    calendly: respx.Router, client: CalendlyClient, said: list[str] | None, scopes: tuple[str, ...]
) -> None:
    calendly.get("/users/me").respond(403, json={"title": "Insufficient scope", "required_scopes": said})

    with capture_logs() as logs, pytest.raises(AccessRefusedError) as raised:
        await client.get_current_user()

    assert raised.value.required_scopes == scopes
    refused = [entry for entry in logs if entry["event"] == "calendly.refused_us"]
    assert refused[0]["required_scopes"] == list(scopes)
    assert refused[0]["log_level"] == "error"


@pytest.mark.parametrize(
    ("named", "scopes", "told"),
    [
        pytest.param(None, (), ("calendly.not_a_host", "warning"), id="somebody else may"),
        pytest.param(
            ["scheduled_events:read"],
            ("scheduled_events:read",),
            ("calendly.refused_us", "error"),
            id="a scope is missing",
        ),
    ],
)
async def test_of_an_event_no_scope_is_said_to_be_missing_that_calendly_does_not_name(
    calendly: respx.Router,
    client: CalendlyClient,
    named: list[str] | None,
    scopes: tuple[str, ...],
    told: tuple[str, str],
) -> None:
    said = {"title": "Permission Denied", "message": "You are not allowed to view this event"}
    calendly.get("/scheduled_events/EV").respond(403, json=said | {"required_scopes": named})

    with capture_logs() as logs, pytest.raises(AccessRefusedError) as raised:
        await client.get_scheduled_event("EV")

    assert (raised.value.required_scopes, raised.value.may_be_for_a_host) == (scopes, not scopes)
    assert told in {(each["event"], each["log_level"]) for each in logs}


async def test_a_call_leaves_one_line_without_url_token_or_text(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    calendly.get("/scheduled_events").respond(
        400,
        json=rig.refusal("bad_email", parameter="grace@example.test", message="grace@example.test is bad"),
    )

    with capture_logs() as logs, pytest.raises(UpstreamFailedError):
        await client.list_scheduled_events(
            user=rig.USER,
            min_start_time=rig.NOW,
            max_start_time=rig.NOW,
            invitee_email="grace@example.test",
        )

    assert [entry["event"] for entry in logs] == ["calendly.refused_call", "calendly.call"]
    assert logs[0]["codes"] == ["bad_email"]
    assert not any(secret in str(logs) for secret in (rig.TOKEN, "grace", "example.test", "http"))


def test_an_error_body_shows_its_codes_and_not_its_text() -> None:
    detail = ErrorDetail(message="grace@example.test is bad", code="bad_email")

    shown = repr(ErrorBody(message="grace@example.test is bad", details=[detail]))

    assert shown == "<ErrorBody ('bad_email',)>"
