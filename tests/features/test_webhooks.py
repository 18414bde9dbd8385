"""Calendly tells what happens: from its signed delivery over real HTTP to what visitors see."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from app import API
from app.features.webhooks.router import MAX_BODY
from app.webhooks.signatures import HEADER
from app.webhooks.subscriptions import EVENTS, PATH
from tests.soak.waiting import until
from tests.support.hooks import (
    KEY,
    counted,
    deliver,
    delivery,
    eventually,
    own,
    running_receiver,
    served_receiver,
)
from tests.support.redis import RedisServer
from tests.support.service import Service, calls_of, clear_calls, plan_fault
from tests.support.simulation import Json, Simulation
from tests.support.webhooks import deliveries, subscribe


@pytest.fixture
async def told(calendly: Simulation, redis: RedisServer) -> AsyncIterator[httpx.AsyncClient]:
    """A service that Calendly delivers to."""
    with served_receiver(calendly, redis) as url:
        await subscribe(calendly, url + PATH, events=EVENTS, signing_key=KEY)
        async with httpx.AsyncClient(base_url=url) as http:
            yield http


@pytest.fixture
async def receiver(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    async with running_receiver(calendly, redis) as service:
        yield service


async def starts(http: httpx.AsyncClient, slug: str = "intro-call") -> set[str]:
    answer = await http.get(f"{API}/event-types/{slug}/availability", params={"timeZone": "UTC"})
    assert answer.status_code == 200, answer.text
    return {slot["start"].replace("+00:00", "Z") for day in answer.json()["days"] for slot in day["slots"]}


def as_shown(start: str) -> str:
    return start.replace(".000000Z", "Z")


async def test_what_is_booked_elsewhere_is_gone_at_once(
    calendly: Simulation, told: httpx.AsyncClient
) -> None:
    """Long before what was read of it would be read again: the clock stands still."""
    before = await starts(told)
    booked = await calendly.book("intro-call")
    start = as_shown((await calendly.read(booked["event"]))["start_time"])
    assert start in before

    async def is_gone() -> bool:
        return start not in await starts(told)

    await eventually(is_gone)


async def test_what_is_canceled_elsewhere_is_free_again(
    calendly: Simulation, told: httpx.AsyncClient
) -> None:
    booked = await calendly.book("intro-call")
    start = as_shown((await calendly.read(booked["event"]))["start_time"])
    assert start not in await starts(told)

    await calendly.call("POST", f"{booked['event']}/cancellation", json={})

    async def is_back() -> bool:
        return start in await starts(told)

    await eventually(is_back)


async def test_what_is_moved_on_calendlys_page_changes_both_times(
    calendly: Simulation, told: httpx.AsyncClient
) -> None:
    booked = await calendly.book("intro-call")
    old = as_shown((await calendly.read(booked["event"]))["start_time"])
    new = sorted(await starts(told))[20]

    answer = await calendly.http.post(booked["reschedule_url"], data={"start_time": new, "reason": ""})
    assert answer.status_code == 303, answer.text

    async def has_moved() -> bool:
        found = await starts(told)
        return old in found and new not in found

    await eventually(has_moved)


async def test_a_changed_event_type_is_read_again(calendly: Simulation, told: httpx.AsyncClient) -> None:
    assert (await told.get(f"{API}/event-types/visit")).json()["name"] == "Visit"

    await calendly.change("visit", name="A walk")

    async def is_renamed() -> bool:
        return "A walk" in (await told.get(f"{API}/event-types/visit")).text

    await eventually(is_renamed)


async def test_a_booking_of_which_nobody_knew_is_confirmed_at_once(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Its answer was lost, and nobody would look for it before half a minute has passed: the delivery says so."""
    with served_receiver(calendly, redis) as url:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            start = min(await starts(http))
            await plan_fault(calendly, "commit_then_status", path="^/invitees$", method="POST", status=502)
            body = {
                "eventTypeId": "intro-call",
                "start": start,
                "timeZone": "UTC",
                "invitee": {"name": "Grace Example", "email": "grace@example.test"},
            }
            sent = await http.post(f"{API}/bookings", json=body, headers={"Idempotency-Key": "key"})
            assert sent.status_code == 202, sent.text
            booking = sent.json()
            await _until_looks_are_rare(calendly, booking, http)
            await calendly.http.delete("/_simulator/faults")

            await deliver(http, await _about(calendly), calendly.clock())

            async def is_confirmed() -> bool:
                return "confirmed" in (await _read(http, booking))["status"]

            async with asyncio.timeout(2):
                await until(is_confirmed, every=0.02)


async def _until_looks_are_rare(calendly: Simulation, booking: Json, http: httpx.AsyncClient) -> None:
    """Calendly shows nothing of it meanwhile: after three looks in vain the next is eight seconds away."""
    await calendly.http.delete("/_simulator/faults")
    await plan_fault(calendly, "status", path="^/scheduled_events$", times=1000, status=500)
    await clear_calls(calendly)

    async def has_looked() -> bool:
        return len(await calls_of(calendly, "/scheduled_events")) >= 6

    async with asyncio.timeout(30):
        await until(has_looked, every=0.05)
    assert (await _read(http, booking))["status"] == "confirming"


async def _read(http: httpx.AsyncClient, booking: Json) -> Json:
    answer = await http.get(
        f"{API}/bookings/{booking['id']}",
        headers={"Authorization": f"Bearer {booking['manage']['token']}"},
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _about(calendly: Simulation) -> Json:
    """What Calendly says of the one booking that there is."""
    [event] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    [invitee] = event.pop("invitees")
    return {
        "event": "invitee.created",
        "created_at": "2026-11-23T06:00:00.000000Z",
        "created_by": await calendly.me(),
        "payload": invitee | {"scheduled_event": event},
    }


async def test_a_delivery_is_answered_with_nothing(calendly: Simulation, receiver: Service) -> None:
    answer = await deliver(receiver.http, await own(calendly), calendly.clock())

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_account_has_an_address_by_its_name_too(calendly: Simulation, receiver: Service) -> None:
    name = (await calendly.me()).rpartition("/")[2]

    answer = await deliver(receiver.http, await own(calendly), calendly.clock(), path=f"{PATH}/{name}")

    assert answer.status_code == 204


async def test_an_account_that_is_not_served_has_no_address(calendly: Simulation, receiver: Service) -> None:
    answer = await deliver(receiver.http, await own(calendly), calendly.clock(), path=f"{PATH}/GRACE")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("event", "outcome"), [("invitee_no_show.created", "noted"), ("contact.created", "ignored")]
)
async def test_what_nothing_follows_from_is_counted(
    calendly: Simulation, receiver: Service, event: str, outcome: str
) -> None:
    answer = await deliver(receiver.http, await own(calendly, event=event), calendly.clock())

    assert answer.status_code == 204
    assert await counted(receiver, outcome) == 1


async def test_who_did_not_come_is_told_and_noted(calendly: Simulation, redis: RedisServer) -> None:
    with served_receiver(calendly, redis, public_url="http://127.0.0.1:9") as url:
        await subscribe(calendly, url + PATH, events=EVENTS, signing_key=KEY)
        booked = await calendly.book("intro-call")
        calendly.clock.advance(days=30)
        marked = await calendly.call("POST", "/invitee_no_shows", json={"invitee": booked["uri"]})
        assert marked.status_code == 201, marked.text

        async def is_noted() -> bool:
            outcomes = {each["event"]: each["outcome"] for each in await deliveries(calendly)}
            return outcomes.get("invitee_no_show.created") == "delivered"

        await eventually(is_noted)


async def test_what_cannot_be_read_need_not_come_again(calendly: Simulation, receiver: Service) -> None:
    answer = await deliver(receiver.http, b'{"event":"invitee.created"}', calendly.clock())

    assert answer.status_code == 204
    assert await counted(receiver, "unreadable") == 1


async def test_without_a_key_nothing_is_believed(bff: Service, calendly: Simulation) -> None:
    answer = await deliver(bff.http, await own(calendly), calendly.clock())

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_refused")


async def test_two_signatures_are_none(receiver: Service) -> None:
    answer = await receiver.http.post(PATH, json={}, headers=[(HEADER, "t=1"), (HEADER, "t=1")])

    assert answer.status_code == 401


async def test_while_nobody_knows_whose_it_is_it_is_to_come_again(
    calendly: Simulation, redis: RedisServer
) -> None:
    await plan_fault(calendly, "status", path="^/users/me$", times=100, status=500)
    async with running_receiver(calendly, redis) as receiver:
        answer = await deliver(receiver.http, delivery(), calendly.clock())

    assert (answer.status_code, answer.json()["code"]) == (503, "delivery_not_kept")


async def test_what_was_taken_in_is_shown_until_it_is_carried_out(
    calendly: Simulation, receiver: Service
) -> None:
    await deliver(receiver.http, await own(calendly), calendly.clock())

    async def is_done() -> bool:
        return await counted(receiver, "done") == 1

    await eventually(is_done)
    lines = (await receiver.http.get("/metrics")).text.splitlines()
    left = 'bff_webhook_deliveries_left{which="waiting"} 0.0'
    assert left in lines


async def test_a_service_that_expects_no_deliveries_counts_none(bff: Service) -> None:
    assert "bff_webhook_deliveries_left{" not in (await bff.http.get("/metrics")).text


async def test_other_methods_are_not_offered(receiver: Service) -> None:
    answer = await receiver.http.get(PATH)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_the_largest_delivery_is_taken(calendly: Simulation, receiver: Service) -> None:
    message = await own(calendly)
    body = json.dumps(message | {"padding": ""}).encode()
    padded = body.replace(b'"padding": ""', b'"padding": "' + b"x" * (MAX_BODY - len(body)) + b'"')

    answer = await deliver(receiver.http, padded, calendly.clock())

    assert (len(padded), answer.status_code) == (MAX_BODY, 204)
