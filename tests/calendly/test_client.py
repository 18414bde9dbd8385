"""Each operation: what is asked, word for word, and what comes back."""

import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
import respx

from app.calendly.client import CalendlyClient
from app.calendly.models import Location, NewBooking, NewInvitee, NewLocation, User
from app.errors import NotFoundError, UpstreamFailedError
from tests.calendly import rig

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
BOOKING = NewBooking(
    event_type=rig.EVENT_TYPE,
    start_time="2026-12-01T09:00:00.000000Z",
    invitee=NewInvitee(email="grace@example.test", timezone="Asia/Kolkata", name="Grace Example"),
    location=NewLocation(kind="google_conference"),
)


async def test_the_current_user_is_read(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get("/users/me").respond(json=rig.resource(rig.user()))

    user = await client.get_current_user()

    assert user == User(
        uri=rig.USER,
        name="Ada Example",
        slug="ada",
        timezone="Europe/Berlin",
        current_organization=f"{rig.ORIGIN}/organizations/ORGAAAAAAAAAAAAA",
    )


async def test_every_call_carries_our_headers(calendly: respx.Router, client: CalendlyClient) -> None:
    route = calendly.get("/users/me").respond(json=rig.resource(rig.user()))

    await client.get_current_user()

    headers = route.calls.last.request.headers
    assert headers["authorization"] == f"Bearer {rig.TOKEN}"
    assert headers["user-agent"].startswith("calendly-bff/")
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "gzip"


async def test_only_active_event_types_are_asked_for(calendly: respx.Router, client: CalendlyClient) -> None:
    route = calendly.get("/event_types").respond(json=rig.collection(rig.event_type()))

    found = await client.list_event_types(user=rig.USER)

    assert [one.slug for one in found] == ["intro-call"]
    assert dict(route.calls.last.request.url.params) == {"user": rig.USER, "active": "true", "count": "100"}


@pytest.mark.parametrize("uuid", ["INTROCALLAAAAAAA", "3fa85f64-5717-4562-b3fc-2c963f66afa6"])
async def test_an_event_type_is_read_by_its_id(
    calendly: respx.Router, client: CalendlyClient, uuid: str
) -> None:
    calendly.get(f"/event_types/{uuid}").respond(json=rig.resource(rig.event_type()))

    found = await client.get_event_type(uuid)

    assert found.duration == 30


@pytest.mark.parametrize(
    "uuid",
    ["", ".", "..", "a/b", "a%2Fb", "a?b", "a#b", "a b", "a\n", "é", "x" * 65],
)
async def test_what_cannot_be_an_id_costs_no_call(
    calendly: respx.Router, client: CalendlyClient, uuid: str
) -> None:
    with pytest.raises(NotFoundError):
        await client.get_event_type(uuid)

    assert not calendly.calls


async def test_available_times_are_asked_for_in_utc(calendly: respx.Router, client: CalendlyClient) -> None:
    route = calendly.get("/event_type_available_times").respond(json={"collection": [rig.available_time()]})
    berlin = timezone(timedelta(hours=1))

    found = await client.list_event_type_available_times(
        event_type=rig.EVENT_TYPE,
        start_time=datetime(2026, 12, 1, 1, 0, tzinfo=berlin),
        end_time=datetime(2026, 12, 31, 1, 0, tzinfo=berlin),
    )

    assert [slot.start_time for slot in found] == [START]
    assert dict(route.calls.last.request.url.params) == {
        "event_type": rig.EVENT_TYPE,
        "start_time": "2026-12-01T00:00:00.000000Z",
        "end_time": "2026-12-31T00:00:00.000000Z",
    }


async def test_more_free_seats_than_anybody_could_count_are_no_answer(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    time = rig.available_time() | {"invitees_remaining": 2**64}
    calendly.get("/event_type_available_times").respond(json=rig.collection(time))

    with pytest.raises(UpstreamFailedError):
        await client.list_event_type_available_times(
            event_type=rig.EVENT_TYPE, start_time=START, end_time=START + timedelta(days=1)
        )


async def test_a_booking_is_sent_with_the_keys_that_are_set_and_no_other(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    route = calendly.post("/invitees").respond(201, json=rig.resource(rig.invitee()))

    await client.create_invitee(BOOKING)

    request = route.calls.last.request
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {
        "event_type": rig.EVENT_TYPE,
        "start_time": "2026-12-01T09:00:00.000000Z",
        "invitee": {"email": "grace@example.test", "timezone": "Asia/Kolkata", "name": "Grace Example"},
        "location": {"kind": "google_conference"},
    }


async def test_a_booking_answers_with_its_event(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.post("/invitees").respond(201, json=rig.resource(rig.invitee()))

    invitee = await client.create_invitee(BOOKING)

    assert invitee.event == rig.EVENT


async def test_a_scheduled_event_is_read_by_its_id(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get("/scheduled_events/EVENTAAAAAAAAAAA").respond(json=rig.resource(rig.scheduled_event()))

    event = await client.get_scheduled_event("EVENTAAAAAAAAAAA")

    assert (event.start_time, event.end_time) == (START, START + timedelta(minutes=30))


async def test_scheduled_events_are_filtered_by_what_is_given(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    route = calendly.get("/scheduled_events").respond(json=rig.collection(rig.scheduled_event()))

    await client.list_scheduled_events(
        user=rig.USER, min_start_time=START, max_start_time=START, invitee_email="grace@example.test"
    )

    assert dict(route.calls.last.request.url.params) == {
        "user": rig.USER,
        "min_start_time": "2026-12-01T09:00:00.000000Z",
        "max_start_time": "2026-12-01T09:00:00.000000Z",
        "count": "100",
        "invitee_email": "grace@example.test",
    }


async def test_locations_are_listed(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get("/locations").respond(json={"collection": [{"kind": "zoom_conference", "connected": True}]})

    locations = await client.list_locations(user=rig.USER)

    assert locations == [Location(kind="zoom_conference", connected=True)]


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("https://elsewhere.example.test/users/ADA", id="another host"),
        pytest.param("http://calendly.example.test/users/ADA", id="another scheme"),
        pytest.param("https://calendly.example.test:8443/users/ADA", id="another port"),
        pytest.param("https://ada@calendly.example.test/users/ADA", id="with a user"),
        pytest.param("https://calendly.example.test@elsewhere.example.test/users/ADA", id="host as user"),
        pytest.param("/users/ADA", id="no host"),
        pytest.param("https://calendly.example.test:port/users/ADA", id="no URL"),
        pytest.param("https://calendly.example.test/users/", id="no id"),
    ],
)
async def test_a_reference_that_is_not_calendlys_costs_no_call(
    calendly: respx.Router, client: CalendlyClient, uri: str
) -> None:
    with pytest.raises(UpstreamFailedError):
        await client.list_event_types(user=uri)

    assert not calendly.calls


def test_an_id_is_the_last_segment_of_a_uri(client: CalendlyClient) -> None:
    assert client.id_from(f"{rig.EVENT}/invitees/INVITEEAAAAAAAAA") == "INVITEEAAAAAAAAA"


async def test_no_reply_tells_no_clock(client: CalendlyClient) -> None:
    assert client.clock_skew is None


@pytest.mark.parametrize("minutes", [-10, 0, 10])
async def test_a_reply_tells_how_far_calendlys_clock_is_ahead(
    calendly: respx.Router, client: CalendlyClient, minutes: int
) -> None:
    skew = timedelta(minutes=minutes)
    headers = {"Date": format_datetime(rig.NOW + skew, usegmt=True)}
    calendly.get("/users/me").respond(json=rig.resource(rig.user()), headers=headers)

    await client.get_current_user()

    assert client.clock_skew == skew
