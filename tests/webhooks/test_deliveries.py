"""What a delivery says, and what it may leave out."""

import json
from typing import Any

import msgspec
import pytest

from app.webhooks.deliveries import (
    EventTypeDelivery,
    Happened,
    InviteeDelivery,
    UnreadableDeliveryError,
    concerns,
    id_in,
    read,
)
from tests.support.hooks import EVENT_TYPE, ORIGIN, START, USER, delivery, event_type_delivery, uri_of
from tests.support.simulation import Json, Simulation
from tests.support.webhooks import organization

GRACE = f"{ORIGIN}/users/GRACEAAAAAAAAAAA"


def of_invitee(message: Json) -> InviteeDelivery:
    found = read(json.dumps(message).encode()).delivery
    assert isinstance(found, InviteeDelivery)
    return found


def of_event_type(message: Json) -> EventTypeDelivery:
    found = read(json.dumps(message).encode()).delivery
    assert isinstance(found, EventTypeDelivery)
    return found


def test_a_booking_is_read_with_its_time() -> None:
    found = of_invitee(delivery())

    assert (found.event, found.invitee.scheduled_event.start_time) == (Happened.CREATED, START)
    assert found.invitee.scheduled_event.event_type == EVENT_TYPE


def test_what_is_kept_of_a_delivery_can_be_read_again() -> None:
    for found in (of_invitee(delivery()), of_event_type(event_type_delivery())):
        kept = msgspec.json.encode(found)

        assert msgspec.json.decode(kept, type=InviteeDelivery | EventTypeDelivery) == found


def test_what_calendly_adds_later_is_ignored() -> None:
    message = delivery(something_new={"a": 1}, scheduled_event={"something_new": []}) | {"new": True}

    assert of_invitee(message) == of_invitee(delivery())


@pytest.mark.parametrize("event", ["invitee_no_show.created", "contact.created", "something.new", ""])
def test_from_other_events_nothing_follows(event: str) -> None:
    received = read(json.dumps(delivery(event)).encode())

    assert (received.event, received.delivery) == (event, None)


def test_a_delivery_is_the_same_each_time_it_comes() -> None:
    body = json.dumps(delivery())

    assert read(body.encode()).identity == read(json.dumps(delivery(), indent=2).encode()).identity


@pytest.mark.parametrize(
    "other",
    [
        delivery("invitee.canceled"),
        delivery(invitee="IN2"),
        delivery() | {"created_at": "2026-11-23T06:00:00.000001Z"},
    ],
    ids=["event", "invitee", "time"],
)
def test_another_delivery_is_another(other: Json) -> None:
    assert read(json.dumps(other).encode()).identity != read(json.dumps(delivery()).encode()).identity


def without(message: Json, *path: str) -> Json:
    *parents, last = path
    part = message
    for name in parents:
        part = part[name]
    del part[last]
    return message


UNREADABLE: dict[str, bytes | Json] = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"event": "\xff"}',
    "no object": b"[]",
    "a number": b"1e999",
    "depth": b'{"payload":' * 5_000,
    "no event": without(delivery(), "event"),
    "no payload": without(delivery(), "payload"),
    "a payload that is none": delivery() | {"payload": "text"},
    "no time": without(delivery(), "created_at"),
    "a time that is none": delivery() | {"created_at": "yesterday"},
    "a time without offset": delivery() | {"created_at": "2026-11-23T06:00:00"},
    "no invitee": without(delivery(), "payload", "uri"),
    "no address": without(delivery(), "payload", "email"),
    "no scheduled event": without(delivery(), "payload", "scheduled_event"),
    "no start": without(delivery(), "payload", "scheduled_event", "start_time"),
    "the first year": delivery(scheduled_event={"start_time": "0001-01-01T00:00:00Z"}),
    "the last year": delivery(scheduled_event={"end_time": "9999-12-31T23:59:59Z"}),
    "an end before its start": delivery(scheduled_event={"end_time": "2026-11-30T09:00:00Z"}),
    "an invitee without an id": delivery(uri=f"{ORIGIN}/scheduled_events/EV/invitees/"),
    "an id that leaves its place": delivery(old_invitee=f"{ORIGIN}/invitees/..%2f"),
    "an event type without an id": delivery(scheduled_event={"event_type": "text with blanks"}),
    "an event type that is none": event_type_delivery(uri=f"{ORIGIN}/event_types/"),
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in UNREADABLE.items()])
def test_what_is_used_has_to_be_there(body: bytes | Json) -> None:
    with pytest.raises(UnreadableDeliveryError):
        read(body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("message", "is_move"),
    [
        (delivery(), False),
        (delivery(old_invitee=uri_of("IN0")), True),
        (delivery("invitee.canceled"), False),
        (delivery("invitee.canceled", rescheduled=True), True),
        (delivery("invitee.canceled", new_invitee=uri_of("IN2")), True),
    ],
)
def test_both_halves_of_a_move_are_known_as_such(message: Json, *, is_move: bool) -> None:
    assert of_invitee(message).is_move is is_move


@pytest.mark.parametrize(
    ("changes", "user", "expected"),
    [
        ({}, USER, True),
        ({}, GRACE, False),
        ({"event_memberships": [{"user": GRACE}, {"user": USER}]}, USER, True),
        ({"event_memberships": []}, USER, False),
    ],
)
def test_a_booking_concerns_its_hosts(changes: Json, user: str, *, expected: bool) -> None:
    assert concerns(of_invitee(delivery(scheduled_event=changes)), user) is expected


@pytest.mark.parametrize(
    ("changes", "user", "expected"),
    [
        ({}, USER, True),
        ({}, GRACE, False),
        ({"profile": {"type": "Team", "owner": f"{ORIGIN}/teams/TEAM"}}, USER, True),
        ({"profile": None}, USER, True),
        ({"profile": {"owner": GRACE}}, GRACE, True),
    ],
)
def test_an_event_type_concerns_whom_it_belongs_to_and_whoever_subscribed(
    changes: Json, user: str, *, expected: bool
) -> None:
    assert concerns(of_event_type(event_type_delivery(**changes)), user) is expected


@pytest.mark.parametrize("uri", ["", "/", f"{ORIGIN}/", f"{ORIGIN}/users/a b", "x" * 65])
def test_an_id_is_an_id(uri: str) -> None:
    with pytest.raises(UnreadableDeliveryError):
        id_in(uri)


@pytest.mark.parametrize("event", [*map(str, Happened)])
async def test_what_calendly_shows_as_a_sample_can_be_read(calendly: Simulation, event: str) -> None:
    params: dict[str, Any] = {"organization": await organization(calendly), "scope": "user"}
    sample = await calendly.get("/sample_webhook_data", event=event, **params, user=await calendly.me())

    received = read(sample.content)

    assert received.delivery is not None
    assert concerns(received.delivery, await calendly.me())
