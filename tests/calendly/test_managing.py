"""What is asked and told of bookings that were made: events, invitees, cancellations."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import respx
from structlog.testing import capture_logs

from app.calendly.client import CalendlyClient
from app.calendly.failures import (
    AccessRefusedError,
    AlreadyCanceledError,
    EventOverError,
    NotSentError,
    OutcomeUnknownError,
)
from app.calendly.models import EventGuest, EventMembership, InviteeAnswer, InviteesCounter, Tracking
from app.errors import (
    AppError,
    NotFoundError,
    UpstreamBusyError,
    UpstreamFailedError,
)
from tests.calendly import rig, servers
from tests.calendly.test_bad_connections import client_to

EVENT_ID = "EVENTAAAAAAAAAAA"
INVITEE_ID = "INVITEEAAAAAAAAA"
EVENT_PATH = f"/scheduled_events/{EVENT_ID}"
CANCEL_PATH = f"{EVENT_PATH}/cancellation"
CANCELED = servers.json_reply(rig.resource(rig.cancellation()), status=201)
HTML = {"content_type": "text/html", "content": b"<p>no</p>"}


def denied(message: str) -> dict[str, Any]:
    return {"json": {"title": "Permission Denied", "message": message}}


def denied_in_detail(message: str) -> dict[str, Any]:
    return {
        "json": {
            "title": "Permission Denied",
            "message": "No.",
            "details": [{"parameter": "base", "message": message}],
        }
    }


@pytest.mark.parametrize(
    ("reason", "sent"),
    [pytest.param("Ill", {"reason": "Ill"}, id="a reason"), pytest.param(None, {}, id="none")],
)
async def test_a_cancellation_is_sent_with_its_reason(
    calendly: respx.Router, client: CalendlyClient, reason: str | None, sent: dict[str, str]
) -> None:
    route = calendly.post(CANCEL_PATH).respond(201, json=rig.resource(rig.cancellation(reason=reason)))

    await client.cancel_scheduled_event(EVENT_ID, reason)

    request = route.calls.last.request
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == sent


CANCEL_REFUSALS = [
    pytest.param(403, denied("Event is already canceled"), AlreadyCanceledError, id="canceled"),
    pytest.param(403, denied("event is ALREADY  cancelled."), AlreadyCanceledError, id="in other letters"),
    pytest.param(403, denied_in_detail("Event is already canceled"), AlreadyCanceledError, id="in a detail"),
    pytest.param(400, denied("Event is already canceled"), AlreadyCanceledError, id="by another status"),
    pytest.param(403, denied("Event in the past"), EventOverError, id="past"),
    pytest.param(403, denied_in_detail("Event IN THE PAST"), EventOverError, id="past, in a detail"),
    pytest.param(
        403, denied("You are not allowed to cancel this event"), AccessRefusedError, id="somebody else's"
    ),
    pytest.param(403, HTML, AccessRefusedError, id="HTML"),
    pytest.param(401, denied("Unauthenticated"), AccessRefusedError, id="token"),
    pytest.param(404, denied("Resource Not Found"), NotFoundError, id="unknown"),
    pytest.param(410, denied("Gone"), NotFoundError, id="gone"),
    pytest.param(400, denied("reason is too long"), UpstreamFailedError, id="we asked wrongly"),
    pytest.param(429, denied(""), UpstreamBusyError, id="rate", marks=pytest.mark.fault("U11")),
    pytest.param(408, denied(""), OutcomeUnknownError, id="gateway gave up"),
    pytest.param(500, denied(""), OutcomeUnknownError, id="server error", marks=pytest.mark.fault("U13")),
    pytest.param(503, HTML, OutcomeUnknownError, id="server away", marks=pytest.mark.fault("U14")),
    pytest.param(
        500, denied("Event is already canceled"), OutcomeUnknownError, id="a server error, whatever it says"
    ),
    pytest.param(201, HTML, OutcomeUnknownError, id="HTML as success", marks=pytest.mark.fault("U14")),
    pytest.param(201, {"json": {}}, OutcomeUnknownError, id="success of unknown shape"),
]


@pytest.mark.fault("B12")
@pytest.mark.parametrize(("status", "reply", "failure"), CANCEL_REFUSALS)
async def test_a_refused_cancellation_says_what_it_means(
    calendly: respx.Router,
    client: CalendlyClient,
    status: int,
    reply: dict[str, Any],
    failure: type[AppError],
) -> None:
    route = calendly.post(CANCEL_PATH).respond(status, **reply)

    with pytest.raises(AppError) as raised:
        await client.cancel_scheduled_event(EVENT_ID, None)

    assert type(raised.value) is failure
    assert route.call_count == 1


async def test_an_event_that_is_canceled_already_alarms_nobody(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    calendly.post(CANCEL_PATH).respond(403, **denied("Event is already canceled"))

    with capture_logs() as logs, pytest.raises(AlreadyCanceledError):
        await client.cancel_scheduled_event(EVENT_ID, None)

    assert [entry["log_level"] for entry in logs] == ["info"]


@pytest.mark.parametrize("message", ["Event is already canceled", "Event in the past"])
async def test_what_a_cancellation_is_told_means_nothing_to_a_read(
    calendly: respx.Router, client: CalendlyClient, message: str
) -> None:
    calendly.get(EVENT_PATH).respond(403, **denied(message))

    with pytest.raises(AccessRefusedError):
        await client.get_scheduled_event(EVENT_ID)


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(servers.silence, id="silence", marks=pytest.mark.fault("U05")),
        pytest.param(servers.cut(b""), id="closed at once", marks=pytest.mark.fault("U07")),
        pytest.param(servers.cut(CANCELED[:-40], reset=True), id="reset", marks=pytest.mark.fault("U07")),
        pytest.param(servers.cut(CANCELED[:-40]), id="cut short", marks=pytest.mark.fault("U15")),
        pytest.param(servers.cut(b"SSH-2.0-server\r\n"), id="not HTTP"),
    ],
)
async def test_a_broken_cancellation_is_never_repeated(talk: servers.Talk) -> None:
    async with servers.serving(talk) as server:
        client = client_to(server.origin)

        with pytest.raises(OutcomeUnknownError):
            await client.cancel_scheduled_event(EVENT_ID, None)

        assert len(server.heads) == 1
        await client.aclose()


@pytest.mark.fault("U02")
async def test_a_cancellation_at_a_closed_port_was_not_sent() -> None:
    async with servers.serving(servers.always(CANCELED)) as server:
        gone = server.origin
    client = client_to(gone)

    with pytest.raises(NotSentError):
        await client.cancel_scheduled_event(EVENT_ID, None)

    await client.aclose()


async def test_an_invitee_is_read_by_event_and_id(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get(f"{EVENT_PATH}/invitees/{INVITEE_ID}").respond(json=rig.resource(rig.invitee()))

    invitee = await client.get_event_invitee(EVENT_ID, INVITEE_ID)

    assert (invitee.uri, invitee.event, invitee.email) == (rig.INVITEE, rig.EVENT, "grace@example.test")
    assert invitee.questions_and_answers == [InviteeAnswer("Topic?", "Intro", 0)]
    assert invitee.tracking == Tracking(utm_source="newsletter")


async def test_an_invitee_with_the_least_that_can_be_is_read(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    needed = ("uri", "event", "email", "status", "created_at")
    least = dict.fromkeys(rig.invitee()) | {name: rig.invitee()[name] for name in needed}
    calendly.get(f"{EVENT_PATH}/invitees/{INVITEE_ID}").respond(
        json=rig.resource(least | {"rescheduled": False})
    )

    invitee = await client.get_event_invitee(EVENT_ID, INVITEE_ID)

    assert (invitee.name, invitee.timezone, invitee.questions_and_answers) == (None, None, None)


@pytest.mark.parametrize(
    ("filters", "asked"),
    [
        pytest.param({}, {"count": "100"}, id="all"),
        pytest.param(
            {"email": "grace@example.test", "status": "active"},
            {"count": "100", "email": "grace@example.test", "status": "active"},
            id="some",
        ),
    ],
)
async def test_invitees_are_filtered_by_what_is_given(
    calendly: respx.Router, client: CalendlyClient, filters: dict[str, str], asked: dict[str, str]
) -> None:
    route = calendly.get(f"{EVENT_PATH}/invitees").respond(json=rig.collection(rig.invitee()))

    found = await client.list_event_invitees(EVENT_ID, **filters)

    assert [one.uri for one in found] == [rig.INVITEE]
    assert dict(route.calls.last.request.url.params) == asked


@pytest.mark.fault("U16")
@pytest.mark.fault("U17")
async def test_invitees_of_whom_one_cannot_be_read_are_no_answer(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    odd = rig.invitee(status="pencilled in", scheduling_method="telepathy", mood="fine")
    calendly.get(f"{EVENT_PATH}/invitees").respond(json=rig.collection(rig.invitee(email=None), odd))

    with capture_logs() as logs, pytest.raises(UpstreamFailedError):
        await client.list_event_invitees(EVENT_ID)

    assert {"operation": "list_event_invitees", "dropped": 1}.items() <= logs[-1].items()


@pytest.mark.fault("U16")
async def test_an_invitee_with_new_words_is_read(calendly: respx.Router, client: CalendlyClient) -> None:
    odd = rig.invitee(status="pencilled in", scheduling_method="telepathy", mood="fine")
    calendly.get(f"{EVENT_PATH}/invitees").respond(json=rig.collection(odd))

    found = await client.list_event_invitees(EVENT_ID)

    assert [one.status for one in found] == ["pencilled in"]


@pytest.mark.fault("U18")
async def test_pages_of_invitees_that_lead_to_another_event_are_refused(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    elsewhere = f"{rig.ORIGIN}/scheduled_events/OTHERAAAAAAAAAAA/invitees?page_token=two"
    calendly.get(f"{EVENT_PATH}/invitees").respond(json=rig.collection(rig.invitee(), next_page=elsewhere))

    with pytest.raises(UpstreamFailedError):
        await client.list_event_invitees(EVENT_ID)

    assert len(calendly.calls) == 1


@pytest.mark.parametrize("uuid", ["", "..", "a/b", "a%2Fb", "a?b", "x" * 65])
async def test_what_cannot_be_an_id_costs_no_call(
    calendly: respx.Router, client: CalendlyClient, uuid: str
) -> None:
    for ask in (
        client.list_event_invitees(uuid),
        client.get_event_invitee(uuid, INVITEE_ID),
        client.get_event_invitee(EVENT_ID, uuid),
        client.cancel_scheduled_event(uuid, None),
    ):
        with pytest.raises(NotFoundError):
            await ask

    assert not calendly.calls


async def test_an_event_says_who_takes_part_and_how_many_may(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    calendly.get(EVENT_PATH).respond(json=rig.resource(rig.scheduled_event()))

    event = await client.get_scheduled_event(EVENT_ID)

    assert event.event_memberships == [EventMembership(rig.USER, "Ada Example")]
    assert event.event_guests == [EventGuest("guest@example.test")]
    assert event.invitees_counter == InviteesCounter(total=1, active=1, limit=1)
    assert event.cancellation is None


async def test_an_event_says_that_it_is_canceled(calendly: respx.Router, client: CalendlyClient) -> None:
    canceled = rig.scheduled_event(status="canceled", cancellation=rig.cancellation(reason="Ill"))
    calendly.get(EVENT_PATH).respond(json=rig.resource(canceled))

    event = await client.get_scheduled_event(EVENT_ID)

    assert event.cancellation is not None
    assert (event.cancellation.reason, event.cancellation.canceler_type) == ("Ill", "host")
    assert event.cancellation.created_at == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "whose",
    [
        pytest.param({"user": rig.USER}, id="a user's"),
        pytest.param({"organization": rig.ORGANIZATION}, id="an organization's"),
        pytest.param({"user": rig.USER, "organization": rig.ORGANIZATION}, id="those of another user"),
    ],
)
async def test_scheduled_events_are_asked_for_by_owner(
    calendly: respx.Router, client: CalendlyClient, whose: Any
) -> None:
    route = calendly.get("/scheduled_events").respond(json=rig.collection(rig.scheduled_event()))

    await client.list_scheduled_events(**whose, min_start_time=rig.NOW, max_start_time=rig.NOW)

    asked = dict(route.calls.last.request.url.params)
    assert {name: asked[name] for name in ("user", "organization") if name in asked} == whose


async def test_the_organization_of_another_host_costs_no_call(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    with pytest.raises(UpstreamFailedError):
        await client.list_scheduled_events(
            organization="https://elsewhere.example.test/organizations/ORG",
            min_start_time=rig.NOW,
            max_start_time=rig.NOW,
        )

    assert not calendly.calls
