"""One key, one booking: however often, and whatever happens in between."""

import asyncio
import re

import pytest
from redis import Redis

from app import API
from tests.support.redis import STATE, RedisServer
from tests.support.service import Json, Service, calls_of, plan_fault
from tests.support.simulation import Simulation

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


async def _sent(calendly: Simulation) -> int:
    return len(await calls_of(calendly, "/invitees", "POST"))


async def test_a_repetition_gets_the_same_bytes_and_is_marked(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    first = await bff.book(body, KEY)

    again = await bff.book(body, KEY)

    assert (again.status_code, again.content) == (201, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await _sent(calendly) == 1


async def test_the_order_of_fields_makes_no_other_body(bff: Service) -> None:
    body = await bff.booking()
    await bff.book(body, KEY)

    again = await bff.book(dict(reversed(body.items())), KEY)

    assert again.status_code == 201


@pytest.mark.fault("B04")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"timeZone": "Asia/Kolkata"}, id="zone"),
        pytest.param({"invitee": {"name": "Grace Example", "email": "other@example.test"}}, id="person"),
        pytest.param({"guests": ["ada@example.test"]}, id="guests"),
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
async def test_while_a_booking_runs_its_key_is_told_to_wait(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await plan_fault(calendly, "delay", path="/invitees", method="POST", seconds=0.5)
    running = asyncio.create_task(bff.book(body, KEY))
    await _claimed(bff)

    meanwhile = await bff.book(body, KEY)

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "booking_in_flight")
    assert meanwhile.headers["Retry-After"] == "2"
    assert (await running).status_code == 201
    assert await _sent(calendly) == 1


async def _claimed(bff: Service) -> None:
    for _ in range(500):
        if await bff.app.state.resources.state.dbsize():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


@pytest.mark.fault("B03")
async def test_many_at_once_with_one_key_make_one_booking(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()

    answers = await asyncio.gather(*(bff.book(body, KEY) for _ in range(50)))

    codes = {answer.json().get("code", "booked") for answer in answers}
    assert {"booked"} < codes <= {"booked", "booking_in_flight", "upstream_busy"}
    assert await _sent(calendly) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "commit_then_reset"}, id="connection lost after the booking"),
        pytest.param({"kind": "commit_then_status", "status": 502}, id="gateway gave up after the booking"),
        pytest.param({"kind": "status", "status": 500}, id="server error"),
        pytest.param({"kind": "status", "status": 503}, id="away"),
        pytest.param({"kind": "html", "status": 200}, id="a page that calls itself a success"),
        pytest.param({"kind": "truncate"}, id="half an answer"),
    ],
)
async def test_a_booking_that_may_have_been_made_is_never_sent_again(
    bff: Service, calendly: Simulation, fault: Json
) -> None:
    body = await bff.booking()
    await plan_fault(calendly, **fault, path="/invitees", method="POST")

    first = await bff.book(body, KEY)
    again = await bff.book(body, KEY)
    calendly.clock.advance(seconds=31)
    later = await bff.book(body, KEY)

    assert [(answer.status_code, answer.json()["code"]) for answer in (first, again, later)] == [
        (504, "upstream_timeout")
    ] * 3
    assert len({answer.json()["hostedUrl"] for answer in (first, again, later)}) == 1
    assert await _sent(calendly) == 1


async def test_an_unknown_outcome_is_not_called_a_time_out(bff: Service, calendly: Simulation) -> None:
    body = await bff.booking()
    await plan_fault(calendly, "status", status=503, path="/invitees", method="POST")

    answers = [await bff.book(body, KEY) for _ in range(2)]

    said = [f"{answer.json()['title']} {answer.json().get('detail', '')}" for answer in answers]
    assert [text for text in said if re.search("time.?out|timed|not answer|in time|too long", text)] == []
    assert [answer.json()["code"] for answer in answers] == ["upstream_timeout"] * 2


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            {"kind": "status", "status": 400, "body": {"title": "Invalid", "message": "No"}}, id="400"
        ),
        pytest.param(
            {"kind": "status", "status": 403, "body": {"title": "Denied", "message": "No"}}, id="403"
        ),
        pytest.param({"kind": "status", "status": 429}, id="429"),
    ],
)
async def test_a_refused_booking_gives_its_key_back(bff: Service, calendly: Simulation, fault: Json) -> None:
    body = await bff.booking()
    await plan_fault(calendly, **fault, path="/invitees", method="POST")
    refused = await bff.book(body, KEY)

    again = await bff.book(body, KEY)

    assert refused.status_code >= 400
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers


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


async def test_a_record_that_nobody_can_read_is_an_unknown_outcome(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    body = await bff.booking()
    await bff.book(body, KEY)
    with Redis(port=redis.port, db=STATE) as client:
        [name] = client.keys("bff:outcome:*")
        client.set(name, b"\xff not ours")

    answer = await bff.book(body, KEY)

    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")
    assert await _sent(calendly) == 1


async def test_neither_key_nor_visitor_is_in_the_name_of_a_record(bff: Service, redis: RedisServer) -> None:
    await bff.book(await bff.booking(), KEY)

    with Redis(port=redis.port, db=STATE) as client:
        [name] = client.keys("*")
    assert KEY.encode() not in name
    assert b"grace" not in name


async def test_a_record_is_kept_for_a_day(bff: Service, redis: RedisServer) -> None:
    await bff.book(await bff.booking(), KEY)

    with Redis(port=redis.port, db=STATE) as client:
        [name] = client.keys("*")
        left = client.ttl(name)
    assert 86_390 <= left <= 86_400
