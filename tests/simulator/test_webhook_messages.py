"""Messages to webhooks: what is sent when, to whom, saying what, signed how."""

import hmac
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.listener import Listener, Received, listening
from tests.support.oauth import Application
from tests.support.simulation import (
    GRACE,
    Json,
    Simulation,
    StandingClock,
    running_simulator,
    simulation,
)
from tests.support.webhooks import subscribe

KEY = "simulator-signing-key"


@pytest.fixture
async def calendly() -> AsyncIterator[Simulation]:
    async with simulation(sends=True) as running:
        yield running


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


def signed(received: Received, key: str, seconds: int) -> bool:
    digest = hmac.new(key.encode(), f"{seconds}.".encode() + received.body, "sha256").hexdigest()
    return received.signature == f"t={seconds},v1={digest}"


async def test_a_booking_is_told_and_signed(calendly: Simulation, listener: Listener) -> None:
    await subscribe(calendly, listener.url)
    calendly.clock.advance(seconds=5)

    invitee = await calendly.book("intro-call")
    (received,) = await listener.after(1)

    assert received.headers["content-type"] == "application/json"
    assert signed(received, KEY, 1795413605)
    message = received.message
    event = await calendly.read(invitee["event"])
    told = message["payload"].pop("scheduled_event")
    assert message == {
        "event": "invitee.created",
        "created_at": "2026-11-23T06:00:05.000000Z",
        "created_by": await calendly.me(),
        "payload": invitee,
    }
    assert set(event) - set(told) == {"calendar_event"}
    (membership,) = told.pop("event_memberships")
    assert set(membership) == {"user", "user_email", "user_name"}
    assert told.items() <= event.items()


async def test_a_cancellation_is_told(calendly: Simulation, listener: Listener) -> None:
    invitee = await calendly.book("intro-call")
    await subscribe(calendly, listener.url)

    await calendly.call("POST", f"{invitee['event']}/cancellation", json={"reason": "Ill"})
    (received,) = await listener.after(1)

    payload = received.message["payload"]
    assert (received.event, payload["uri"], payload["status"]) == (
        "invitee.canceled",
        invitee["uri"],
        "canceled",
    )
    assert (payload["cancellation"]["reason"], payload["rescheduled"]) == ("Ill", False)
    assert payload["scheduled_event"]["status"] == "canceled"


async def test_each_guest_of_a_group_is_told_of(calendly: Simulation, listener: Listener) -> None:
    event = (await calendly.book("workshop"))["event"]
    await subscribe(calendly, listener.url)

    await calendly.call("POST", f"{event}/cancellation")

    received = await listener.after(9)
    assert {one.event for one in received} == {"invitee.canceled"}
    assert len({one.message["payload"]["uri"] for one in received}) == 9


async def test_only_what_was_subscribed_to_is_told(calendly: Simulation, listener: Listener) -> None:
    await subscribe(calendly, listener.url, events=["invitee.canceled"])

    event = (await calendly.book("intro-call"))["event"]
    await calendly.call("POST", f"{event}/cancellation")

    assert await listener.events(1) == ["invitee.canceled"]


async def test_a_user_hears_of_their_own_events(calendly: Simulation, listener: Listener) -> None:
    await subscribe(calendly, listener.url)

    await calendly.as_(GRACE).book("office-hours")
    await calendly.book("panel")

    (received,) = await listener.after(1)
    assert received.message["payload"]["scheduled_event"]["name"] == "Panel"


async def test_the_organization_hears_of_all(calendly: Simulation, listener: Listener) -> None:
    await calendly.settings(roles={"ada": "admin"})
    await subscribe(calendly, listener.url, scope="organization", user=None)

    await calendly.as_(GRACE).book("office-hours")

    assert await listener.events(1) == ["invitee.created"]


async def test_addresses_stand_where_the_subscription_was_made(
    calendly: Simulation, listener: Listener
) -> None:
    await subscribe(calendly, listener.url)
    body = await calendly.booking("intro-call")
    body["event_type"] = body["event_type"].replace("calendly.example.test", "localhost:8001")

    await calendly.call("POST", "/invitees", json=body, headers={"host": "localhost:8001"})

    (received,) = await listener.after(1)
    assert received.message["payload"]["event"].startswith("http://calendly.example.test/")


async def test_without_a_key_nothing_is_signed(calendly: Simulation, listener: Listener) -> None:
    await subscribe(calendly, listener.url, signing_key=None)

    await calendly.book("intro-call")

    (received,) = await listener.after(1)
    assert received.signature is None


@pytest.mark.parametrize(
    ("sent", "wins", "key"),
    [
        pytest.param(None, True, "simulator-web-client-signing-key", id="none sent"),
        pytest.param(KEY, True, KEY, id="one sent"),
        pytest.param(KEY, False, "simulator-web-client-signing-key", id="one sent and ignored"),
    ],
)
async def test_an_applications_subscription_is_signed_with_its_key(
    calendly: Simulation, listener: Listener, sent: str | None, *, wins: bool, key: str
) -> None:
    await calendly.assume(sentSigningKeyWins=wins)
    tokens = await Application(calendly=calendly).connect(
        scope="users:read webhooks:write scheduled_events:read"
    )
    await subscribe(calendly.as_(tokens["access_token"]), listener.url, signing_key=sent)

    await calendly.book("intro-call")

    (received,) = await listener.after(1)
    assert signed(received, key, 1795413600)


async def test_a_no_show_is_told_and_untold(calendly: Simulation, listener: Listener) -> None:
    invitee = await calendly.book("intro-call")
    events = ["invitee_no_show.created", "invitee_no_show.deleted"]
    await subscribe(calendly, listener.url, events=events)

    response = await calendly.call("POST", "/invitee_no_shows", json={"invitee": invitee["uri"]})
    no_show = response.json()["resource"]
    await listener.after(1)
    await calendly.call("DELETE", no_show["uri"])

    marked, unmarked = (one.message for one in await listener.after(2))
    assert [marked["event"], unmarked["event"]] == events
    assert marked["payload"]["no_show"] == {"uri": no_show["uri"], "created_at": no_show["created_at"]}
    assert unmarked["payload"]["no_show"] is None


EVENT_TYPE_EVENTS = ["event_type.created", "event_type.updated", "event_type.deleted"]


async def test_the_life_of_an_event_type_is_told(calendly: Simulation, listener: Listener) -> None:
    await subscribe(calendly, listener.url, events=EVENT_TYPE_EVENTS)

    changes: list[Json] = [{"name": "Sprint"}, {"deleted_at": "2026-11-23T06:00:00Z"}, {"position": 3}]
    created = await calendly.http.post("/_simulator/event_types", json={"slug": "sprint", "name": "Run"})
    uuid = created.json()["uri"].rsplit("/", 1)[1]
    await listener.after(1)
    for count, change in enumerate(changes, start=2):
        await calendly.http.patch(f"/_simulator/event_types/{uuid}", json=change)
        await listener.after(count)

    assert await listener.events(4) == [*EVENT_TYPE_EVENTS, "event_type.updated"]
    payload = listener.received[1].message["payload"]
    assert payload["name"] == "Sprint"
    assert {"description_html", "before_buffer", "after_buffer"}.isdisjoint(payload)


async def test_whoever_loses_an_event_type_hears_of_it(calendly: Simulation, listener: Listener) -> None:
    await subscribe(calendly, listener.url, events=EVENT_TYPE_EVENTS)

    await calendly.change("intro-call", hosts=["grace"])

    assert await listener.events(1) == ["event_type.updated"]


async def test_the_simulator_behind_a_socket_sends(listener: Listener) -> None:
    clock = StandingClock()
    with running_simulator(clock) as base_url:
        async with httpx.AsyncClient(base_url=base_url) as http:
            served = Simulation(http, clock)
            await subscribe(served, listener.url)

            await served.book("intro-call")

            (received,) = await listener.after(1)
    assert received.message["payload"]["uri"].startswith(base_url)
