"""One key, one booking: however often, and whatever happens in between."""

import asyncio

import pytest
from redis import Redis

from app import API
from tests.support.contents import contents
from tests.support.redis import STATE, RedisServer
from tests.support.service import Json, Service, calls_of, plan_fault, sent
from tests.support.simulation import Simulation

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
TWO_DAYS = 2 * 86_400
OVERLOADED = {"upstream_busy", "bookings_closed"}
"""What a machine that is busy with other things may make of a crowd."""


async def _sent(calendly: Simulation) -> int:
    return len(await calls_of(calendly, "/invitees", "POST"))


async def test_a_repetition_gets_the_same_bytes_and_is_marked(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    first = await bff.book(body, KEY)

    again = await bff.book(body, KEY)

    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await _sent(calendly) == 1


async def test_a_repetition_tells_what_was_booked_though_it_was_canceled_since(bff: Service) -> None:
    body = await bff.booking()
    first = await bff.book(body, KEY)
    await bff.manage(first.json(), "/cancel", {})

    again = await bff.book(body, KEY)

    assert again.content == first.content


async def test_the_order_of_fields_makes_no_other_body(bff: Service) -> None:
    body = await bff.booking()
    first = await bff.book(body, KEY)

    again = await bff.book(dict(reversed(body.items())), KEY)

    assert again.content == first.content


@pytest.mark.fault("B04")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"timeZone": "Asia/Kolkata"}, id="zone"),
        pytest.param({"invitee": {"name": "Grace Example", "email": "other@example.test"}}, id="person"),
        pytest.param({"guests": ["ada@example.test"]}, id="guests"),
        pytest.param({"start": "2026-12-01T10:00:00+01:00"}, id="start"),
        pytest.param({"eventTypeId": "no-place"}, id="event type"),
    ],
)
async def test_another_body_with_the_same_key_is_refused(
    bff: Service, calendly: Simulation, change: Json
) -> None:
    body = await bff.booking()
    await bff.book(body, KEY)

    answer = await bff.book(body | change, KEY)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await _sent(calendly) == 1


@pytest.mark.fault("B03")
@pytest.mark.parametrize("path", ["^/scheduled_events$", "^/invitees$"], ids=["looked for", "sent"])
async def test_while_a_booking_runs_its_key_is_told_to_wait(
    bff: Service, calendly: Simulation, path: str
) -> None:
    body = await bff.booking()
    await plan_fault(calendly, "delay", path=path, seconds=0.7)
    running = asyncio.create_task(bff.book(body, KEY))
    await asyncio.sleep(0.3)

    meanwhile = await bff.book(body, KEY)

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "booking_in_flight")
    assert meanwhile.headers["Retry-After"] == "2"
    assert (await running).status_code == 201
    assert await _sent(calendly) == 1


@pytest.mark.fault("B03")
async def test_many_at_once_with_one_key_make_one_booking(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()

    answers = await asyncio.gather(*(bff.book(body, KEY) for _ in range(50)))

    booked = {answer.content for answer in answers if answer.status_code == 201}
    codes = {answer.json().get("code", "booked") for answer in answers}
    assert {"booked"} < codes <= {"booked", "booking_in_flight", *OVERLOADED}
    assert booked == {(await bff.book(body, KEY)).content}
    assert await _sent(calendly) == 1


async def test_a_caller_who_leaves_finds_the_booking_by_its_key(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await plan_fault(calendly, "delay", path="^/invitees$", method="POST", seconds=0.3)
    running = asyncio.create_task(bff.book(body, KEY))
    await sent(calendly)
    running.cancel()
    await asyncio.sleep(0.6)

    again = await bff.book(body, KEY)

    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (await bff.manage(again.json())).json()["status"] == "confirmed"
    assert await _sent(calendly) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            {"kind": "status", "status": 400, "body": {"title": "Invalid", "message": "No"}}, id="400"
        ),
        pytest.param(
            {"kind": "status", "status": 403, "body": {"title": "Denied", "message": "No"}}, id="403"
        ),
    ],
)
async def test_a_refused_booking_gives_its_key_back(bff: Service, calendly: Simulation, fault: Json) -> None:
    body = await bff.booking()
    await plan_fault(calendly, **fault, path="/invitees", method="POST")
    refused = await bff.book(body, KEY)

    again = await bff.book(body, KEY)

    assert refused.status_code == 502
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers


async def test_a_booking_that_calendly_had_no_room_for_is_made_with_its_key_after_the_wait(
    bff: Service, calendly: Simulation
) -> None:
    body = await bff.booking()
    soon = {"x-ratelimit-reset": "1"}
    await plan_fault(calendly, "status", status=429, headers=soon, path="/invitees", method="POST")

    refused = [await bff.book(body, KEY) for _ in range(2)]
    sent = await _sent(calendly)
    await asyncio.sleep(1.2)
    again = await bff.book(body, KEY)

    assert [answer.json()["code"] for answer in refused] == ["booking_quota_spent"] * 2
    assert [answer.headers["Retry-After"] for answer in refused] == ["1"] * 2
    assert sent == 1
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, None)


async def test_a_body_that_was_found_wrong_uses_up_no_key(bff: Service) -> None:
    body = await bff.booking()
    wrong = await bff.book(body | {"guests": ["grace@example.test"]}, KEY)

    answer = await bff.book(body, KEY)

    assert (wrong.status_code, answer.status_code) == (422, 201)


@pytest.mark.fault("B05")
async def test_a_booking_needs_a_key(bff: Service, calendly: Simulation) -> None:
    answer = await bff.http.post(f"{API}/bookings", json=await bff.booking())

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert await _sent(calendly) == 0


async def test_a_missing_key_is_told_before_what_else_is_wrong(bff: Service) -> None:
    answer = await bff.http.post(f"{API}/bookings", json={"eventTypeId": 5})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("two words", id="with a blank"),
        pytest.param("k" * 256, id="too long"),
        pytest.param("\x7f", id="delete"),
        pytest.param("ключ".encode(), id="other letters"),
    ],
)
async def test_a_key_is_made_of_visible_characters(bff: Service, key: str | bytes) -> None:
    answer = await bff.http.post(
        f"{API}/bookings",
        json=await bff.booking(),
        headers={b"Idempotency-Key": key if isinstance(key, bytes) else key.encode()},
    )

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/header/Idempotency-Key"]


@pytest.mark.parametrize(
    "key", ["k", "k" * 255, '"quoted"', "!~{}"], ids=["short", "long", "quoted", "signs"]
)
async def test_any_visible_characters_make_a_key(bff: Service, key: str) -> None:
    assert (await bff.book(await bff.booking(), key)).status_code == 201


@pytest.mark.fault("R10")
@pytest.mark.parametrize("field", ["matter", "result", "state", "answer"])
async def test_a_record_that_nobody_can_read_is_looked_up_at_calendly_and_never_sent_again(
    bff: Service, calendly: Simulation, redis: RedisServer, field: str
) -> None:
    body = await bff.booking("workshop")
    await bff.book(body, KEY)
    with Redis(port=redis.port, db=STATE) as client:
        [name] = client.keys("bff:1:{bookings}:intent:*")
        client.hset(name, field, b"\xff not ours")

    answers = [await bff.book(body, KEY), await bff.book(body, "another")]

    assert [(answer.status_code, answer.headers["Idempotency-Replayed"]) for answer in answers] == [
        (201, "true")
    ] * 2
    assert [(answer.json()["status"], answer.json()["manage"]) for answer in answers] == [
        ("confirmed", None)
    ] * 2
    assert await _sent(calendly) == 1


async def test_neither_key_nor_visitor_nor_token_is_in_what_is_kept(bff: Service, redis: RedisServer) -> None:
    booking = (await bff.book(await bff.booking(), KEY)).json()

    with Redis(port=redis.port, db=STATE) as client:
        kept = str(contents(client)).casefold()
    told = (KEY, "grace", "example.test", booking["manage"]["token"].casefold(), "intro-call")
    assert "intent:" in kept
    assert [words for words in told if words in kept] == []


async def test_records_are_kept_for_two_days_and_what_they_are_named_with_for_a_month(
    bff: Service, redis: RedisServer
) -> None:
    await bff.book(await bff.booking(), KEY)

    with Redis(port=redis.port, db=STATE) as client:
        left = {name.decode().split(":")[3]: client.ttl(name) for name in client.keys("bff:1:{bookings}:*")}
    assert left.keys() == {"intent", "key", "natural", "slot", "naming"}
    assert 14 * TWO_DAYS < left.pop("naming") <= 15 * TWO_DAYS
    assert [kind for kind, seconds in left.items() if not TWO_DAYS - 10 <= seconds <= TWO_DAYS] == []


async def test_nothing_is_kept_for_ever(bff: Service, redis: RedisServer) -> None:
    booking = (await bff.book(await bff.booking(), KEY)).json()
    await bff.manage(booking, "/reschedule", {"start": (await bff.free("intro-call"))[3]})

    with Redis(port=redis.port, db=STATE) as client:
        assert [name for name in client.keys("*") if client.ttl(name) < 0] == []
