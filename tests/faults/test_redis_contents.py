"""What stands in Redis is gone, foreign, of another version, or told to somebody else: no 500, no double, no mix-up."""

import asyncio
import os
from collections.abc import Callable
from secrets import SystemRandom
from typing import Any

import pytest
from redis import Redis

from app.intents import names
from tests.faults.scene import (
    Scene,
    active,
    assert_problem,
    booked_in_the_end,
    made,
    sent,
    settings_on,
    witnessed,
)
from tests.faults.talks import Gate, resetting
from tests.support.redis import STATE
from tests.support.service import Json, booking_body
from tests.support.way import way_to

LOOK = "^/scheduled_events$"
BOOKING = "^/invitees$"
TRIALS = 20

Spoil = Callable[[Redis, bytes], object]


def _bytes(store: Redis, name: bytes) -> None:
    store.set(name, os.urandom(100))


def _megabyte(store: Redis, name: bytes) -> None:
    store.set(name, bytes(1_000_000))


def _list(store: Redis, name: bytes) -> None:
    store.delete(name)
    store.rpush(name, "foreign")


def _hash(store: Redis, name: bytes) -> None:
    store.delete(name)
    store.hset(name, mapping={"state": "foreign", "intent": os.urandom(10), "matter": os.urandom(100)})


SPOILS = [
    pytest.param(_bytes, id="random bytes"),
    pytest.param(_megabyte, id="a megabyte"),
    pytest.param(_list, id="another type"),
    pytest.param(_hash, id="a foreign hash"),
]
KINDS = ["intent", "key", "natural", "slot"]
"""Of our names in the state store; each begins with one of these."""


def _spoiled(scene: Scene, kind: str, spoil: Spoil) -> int:
    """How many values."""
    with Redis(port=scene.redis.port, db=STATE) as store:
        found = [name for name in store.keys("*") if name.startswith(f"{names.PREFIX}{kind}".encode())]
        for name in found:
            spoil(store, name)
        return len(found)


@pytest.mark.fault("R10")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoil", SPOILS)
async def test_foreign_values_under_our_names_cost_no_500_and_no_double(
    frail: Scene, kind: str, spoil: Spoil
) -> None:
    body = booking_body("workshop", (await frail.bff.free("workshop"))[1])
    booking = (await frail.bff.book(body, "key")).json()
    assert _spoiled(frail, kind, spoil) > 0

    answers = [
        await frail.bff.book(body, "key"),
        await frail.bff.book(body, "another"),
        await frail.bff.manage(booking),
    ]

    assert [answer.status_code for answer in answers if answer.status_code == 500] == []
    assert answers[-1].json()["status"] == "confirmed"
    assert await sent(frail.calendly) == 1


@pytest.mark.fault("R10")
@pytest.mark.parametrize("kind", KINDS)
async def test_foreign_values_are_no_harm_to_other_bookings(frail: Scene, kind: str) -> None:
    await made(frail.bff)
    assert _spoiled(frail, kind, _list) > 0

    answer = await frail.bff.book(await frail.bff.booking("no-place"), "another")

    assert answer.status_code == 201


@pytest.mark.fault("R10")
async def test_what_is_of_another_type_is_deleted_and_counted_and_bookings_go_on(frail: Scene) -> None:
    body = await frail.bff.booking()
    booking = (await frail.bff.book(body, "key")).json()
    for kind in (*KINDS, "naming"):
        assert _spoiled(frail, kind, _list) == 1
    with Redis(port=frail.redis.port, db=STATE) as store:
        store.rpush(names.DUE, "foreign")

    again = await frail.bff.book(body, "key")
    other = await booked_in_the_end(frail.bff, await frail.bff.booking("no-place"), "another")
    metrics = (await frail.bff.http.get("/metrics")).text

    assert (again.status_code, again.json()["manage"], other.status_code) == (201, None, 201)
    assert (await frail.bff.manage(booking)).json()["status"] == "confirmed"
    # Of a slot that is gone, nobody asks for the record.
    assert f"\nbff_bookings_discarded {len(KINDS):.1f}\n" in metrics
    assert await sent(frail.calendly) == 2


@pytest.mark.fault("R09")
async def test_emptied_before_the_send_nothing_is_sent_and_the_key_books_later(frail: Scene) -> None:
    body, gate = await frail.bff.booking(), Gate()
    frail.way.block("GET", LOOK, gate, lets_through=True, times=1)
    running = asyncio.create_task(frail.bff.book(body, "key"))
    await gate.reached.wait()
    frail.redis.flush()
    gate.opened.set()

    answer = await running
    before = await sent(frail.calendly)
    again = await booked_in_the_end(frail.bff, body, "key")

    assert_problem(answer, 409, "booking_in_flight")
    assert (before, again.status_code, await sent(frail.calendly)) == (0, 201, 1)


@pytest.mark.fault("R09")
async def test_emptied_while_it_is_sent_the_booking_is_told_and_not_sent_again(frail: Scene) -> None:
    body = booking_body("workshop", (await frail.bff.free("workshop"))[1])
    gate = Gate()
    frail.way.block("POST", BOOKING, gate, lets_through=True, times=1)
    running = asyncio.create_task(frail.bff.book(body, "key"))
    await gate.reached.wait()
    frail.redis.flush()
    gate.opened.set()

    answer = await running
    again = await booked_in_the_end(frail.bff, body, "key")

    assert (answer.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await sent(frail.calendly) == 1


@pytest.mark.fault("R09")
async def test_emptied_while_it_is_confirming_the_token_and_the_key_still_find_the_booking(
    frail: Scene,
) -> None:
    body = booking_body("workshop", (await frail.bff.free("workshop"))[1])
    frail.way.block("POST", BOOKING, resetting, lets_through=True)
    booking = (await frail.bff.book(body, "key")).json()
    frail.redis.flush()

    read = await frail.bff.settled(booking)
    again = await booked_in_the_end(frail.bff, body, "key")

    assert (read["status"], again.status_code, again.json()["manage"]) == ("confirmed", 201, None)
    assert await sent(frail.calendly) == 1


@pytest.mark.fault("R09")
async def test_emptied_in_the_middle_of_a_move_one_booking_is_left(frail: Scene) -> None:
    booking, gate = await made(frail.bff), Gate()
    later = (await frail.bff.free("intro-call"))[3]
    frail.way.block("POST", BOOKING, gate, lets_through=True, times=1)
    running = asyncio.create_task(frail.bff.manage(booking, "/reschedule", {"start": later}))
    await gate.reached.wait()
    frail.redis.flush()
    gate.opened.set()

    answer = await running

    assert (answer.status_code, answer.json()["previous"]["status"]) == (201, "canceled")
    assert len(await active(frail.calendly)) == 1


def _later_version(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return fields | {b"v": b"2", b"hedge": b"of a later version", b"state": fields[b"state"]}


def _earlier_version(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in fields.items() if name not in {b"v", b"looks", b"absences"}}


@pytest.mark.fault("R11")
@pytest.mark.parametrize("version", [_later_version, _earlier_version], ids=["later", "earlier"])
@pytest.mark.parametrize("lost", [True, False], ids=["confirming", "confirmed"])
async def test_what_another_version_has_written_is_read_and_carried_on(
    frail: Scene, version: Callable[[dict[bytes, bytes]], dict[bytes, bytes]], *, lost: bool
) -> None:
    body = await frail.bff.booking()
    if lost:
        frail.way.block("POST", BOOKING, resetting, lets_through=True)
    booking = (await frail.bff.book(body, "key")).json()
    name = names.intent(booking["id"])
    with Redis(port=frail.redis.port, db=STATE) as store:
        fields = version(store.hgetall(name))
        store.delete(name)
        store.hset(name, mapping=fields)

    settled = await frail.bff.settled(booking)
    again = await frail.bff.book(body, "key")

    assert settled["status"] == "confirmed"
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (again.json()["id"], await sent(frail.calendly)) == (booking["id"], 1)


@pytest.mark.fault("R12")
async def test_visitors_who_leave_in_the_middle_of_a_command_mix_up_no_answers(frail: Scene) -> None:
    """In 20 trials on a slow Redis, where a reply that nobody waits for would be taken for the next one's."""
    starts = await frail.bff.free("workshop")
    chance = SystemRandom()

    async with way_to(frail.redis.port, lag=0.003) as way:
        slow = f"redis://127.0.0.1:{way.port}/{STATE}"
        settings = settings_on(frail.way.origin, frail.redis, state_url=slow)
        async with witnessed(settings, frail.calendly) as bff:

            async def visit(number: int) -> dict[str, Any]:
                invitee = {"name": f"Visitor {number}", "email": f"visitor-{number}@example.test"}
                body = booking_body("workshop", starts[1 + number % 19]) | {"invitee": invitee}
                running = asyncio.create_task(bff.book(body, f"key-{number}"))
                await asyncio.sleep(chance.random() * 0.4)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                answer = await booked_in_the_end(bff, body, f"key-{number}")
                return body | {"answer": answer.json()}

            visits: list[Json] = []
            for first in range(0, TRIALS, 10):
                visits += await asyncio.gather(*map(visit, range(first, first + 10)))
            way.lag = 0

    for visited in visits:
        assert visited["answer"]["invitee"] == visited["invitee"]
        assert visited["answer"]["start"] == visited["start"]


@pytest.mark.fault("R12")
async def test_the_trials_see_a_mix_up_where_a_reply_that_nobody_waits_for_is_left_to_the_next(
    frail: Scene,
) -> None:
    """The client here is one that goes on with its connection, as the library once did."""
    async with way_to(frail.redis.port, lag=0.05) as way:
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)

        async def echo(text: str) -> bytes:
            writer.write(f"PING {text}\r\n".encode())
            await reader.readline()
            return await reader.readline()

        left = asyncio.create_task(echo("mine"))
        await asyncio.sleep(0.01)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        answer = await echo("yours")
        writer.close()
        await writer.wait_closed()

    assert answer == b"mine\r\n"


@pytest.mark.fault("R14")
async def test_forgotten_scripts_are_told_again_in_the_middle_of_a_booking(frail: Scene) -> None:
    body, gate = await frail.bff.booking(), Gate()
    frail.way.block("GET", LOOK, gate, lets_through=True, times=1)
    running = asyncio.create_task(frail.bff.book(body, "key"))
    await gate.reached.wait()
    frail.redis.told("SCRIPT", "FLUSH")
    gate.opened.set()

    answer = await running
    again = await frail.bff.book(body, "key")

    assert (answer.status_code, again.content) == (201, answer.content)


@pytest.mark.fault("R14")
async def test_where_scripts_are_denied_bookings_are_closed_and_the_operator_is_told(frail: Scene) -> None:
    frail.redis.told("ACL", "SETUSER", "ada", "on", ">secret", "~*", "&*", "+@all", "-@scripting")
    state = frail.redis.url(STATE, user="ada:secret")
    settings = settings_on(frail.way.origin, frail.redis, state_url=state)
    async with witnessed(settings, frail.calendly) as bff:
        body = await bff.booking()
        closed = await bff.book(body, "key")

    assert_problem(closed, 503, "bookings_closed")
    assert "+@scripting" in closed.json()["detail"]
    assert closed.json()["hostedUrl"].startswith("http")
    assert await sent(frail.calendly) == 0
