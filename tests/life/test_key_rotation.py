"""Secret keys that reach one replica after the other: whoever has one in common with the rest books as they do."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis

from app.intents import names
from tests.life.stage import (
    BOOKING,
    BRISK,
    LOOK,
    Stage,
    active,
    bookings_sent,
    break_down,
    made,
    said,
)
from tests.soak.findings import table
from tests.soak.secret_keys import run_secret_keys
from tests.support.contents import contents
from tests.support.keys import OTHER_KEY, SECRET_KEY
from tests.support.redis import STATE, RedisServer
from tests.support.service import plan_fault
from tests.support.simulation import Simulation

OLD, NEW = SECRET_KEY, OTHER_KEY
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
ELEVEN, NOON = (f"2026-11-23T{hour}:00:00+01:00" for hour in ("11", "12"))

PATIENT = replace(BRISK, quiet=timedelta(minutes=1))
"""What nobody knows stays so for longer than a restart takes."""


def _kept(redis: RedisServer) -> dict[str, str]:
    """All that stands of bookings, but for when somebody is to look after them."""
    with Redis(port=redis.port, db=STATE) as store:
        found = contents(store)
    return {
        name: value for name, value in found.items() if "{bookings}" in name and not name.endswith(":due")
    }


@pytest.mark.fault("B04")
@pytest.mark.parametrize("second", [KEY, "another"], ids=["the same attempt", "another attempt"])
async def test_a_double_click_over_two_replicas_books_once(
    stage: Stage, calendly: Simulation, second: str
) -> None:
    async with stage.service(OLD, NEW) as one, stage.service(NEW, OLD) as two:
        body = await one.booking("workshop")
        await plan_fault(calendly, "delay", path=LOOK, method="GET", seconds=0.3, times=2)

        answers = await asyncio.gather(one.book(body, KEY), two.book(body, second))

    assert sorted(answer.json().get("code", "booked") for answer in answers) == [
        "booked",
        "booking_in_flight",
    ]
    assert len(await bookings_sent(calendly)) == 1


async def test_after_a_restart_with_a_new_key_the_same_attempt_gets_its_booking(
    stage: Stage, calendly: Simulation
) -> None:
    async with stage.service(OLD) as before:
        body = await before.booking("workshop")
        first = await before.book(body, KEY)

    async with stage.service(NEW, OLD) as after:
        again = await after.book(body, KEY)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await bookings_sent(calendly)) == 1


async def test_after_a_restart_with_a_new_key_what_is_confirming_is_not_sent_again(
    stage: Stage, calendly: Simulation
) -> None:
    async with stage.service(OLD, protocol=PATIENT) as before:
        body = await before.booking("workshop")
        await break_down(calendly, BOOKING)
        first = await before.book(body, KEY)

    async with stage.service(NEW, OLD, protocol=PATIENT) as after:
        again = await after.book(body, KEY)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert len(await bookings_sent(calendly)) == 1


@pytest.mark.parametrize("second", [ELEVEN, NOON], ids=["to the same time", "to two times"])
async def test_a_booking_that_two_replicas_move_at_once_moves_once(
    stage: Stage, calendly: Simulation, second: str
) -> None:
    async with stage.service(OLD, NEW) as one, stage.service(NEW, OLD) as two:
        booking = await made(one)
        await plan_fault(calendly, "delay", path=BOOKING, method="POST", seconds=0.3)

        answers = await asyncio.gather(
            one.manage(booking, "/reschedule", {"start": ELEVEN}),
            two.manage(booking, "/reschedule", {"start": second}),
        )

    assert sorted(answer.json().get("code", "moved") for answer in answers) == ["booking_in_flight", "moved"]
    assert len(await active(calendly)) == 1
    assert len(await bookings_sent(calendly)) == 2


async def test_whoever_has_none_of_the_keys_books_nothing_and_says_why(
    stage: Stage, calendly: Simulation
) -> None:
    async with stage.service(OLD) as first:
        body = await first.booking("workshop")
        await first.book(body, KEY)

    async with stage.service(NEW) as stranger:
        checked = await stranger.preflight(body)
        answer = await stranger.book(body, KEY)
        ready = (await stranger.http.get("/readyz")).json()

    assert said(checked) == said(answer) == (503, "bookings_closed")
    assert "BFF_SECRET_KEYS" in answer.json()["detail"]
    assert (ready["status"], ready["state"], ready["reason"]) == (
        "degraded",
        "unfit",
        answer.json()["detail"],
    )
    assert len(await bookings_sent(calendly)) == 1


async def test_whoever_has_none_of_the_keys_leaves_what_is_confirming_to_who_has(
    stage: Stage, calendly: Simulation, redis: RedisServer
) -> None:
    async with stage.service(OLD, protocol=PATIENT) as first:
        body = await first.booking("workshop")
        await break_down(calendly, BOOKING)
        booking = (await first.book(body, KEY)).json()
    before = _kept(redis)

    async with stage.service(NEW) as stranger:
        await stranger.book(body, KEY)
        await asyncio.sleep(3 * BRISK.quiet.total_seconds())
    after = _kept(redis)

    assert after == before
    async with stage.service(OLD) as again:
        assert (await again.settled(booking))["status"] == "failed"


async def test_keys_are_rotated_while_nobody_books(stage: Stage) -> None:
    async with stage.service(OLD) as service:
        await made(service)
    for keys in ((OLD, NEW), (NEW, OLD)):
        async with stage.service(*keys) as service:
            await service.free("intro-call")
            await asyncio.sleep(0.2)  # a round of its resolver

    async with stage.service(NEW) as service:
        answer = await service.book(await service.booking("no-place"))

    assert answer.status_code == 201


async def test_a_copy_that_is_corrupt_is_mended_by_whoever_knows_the_key(
    stage: Stage, redis: RedisServer
) -> None:
    async with stage.service(OLD) as first:
        await made(first)
        with Redis(port=redis.port, db=STATE) as store:
            (copy,) = {name for name in store.hkeys(names.NAMING) if name not in {b"generation", b"since"}}
            store.hset(names.NAMING, copy, b"\xff" * 20)
        await first.book(await first.booking("no-place"))

    async with stage.service(OLD) as second:
        assert (await second.book(await second.booking("call-us"))).status_code == 201


async def test_keys_are_rotated_while_visitors_book_and_tokens_are_renewed(tmp_path: Path) -> None:
    """Two replicas and two accounts, one of them connected. `make soak-accounts` does it again and again."""
    findings = await run_secret_keys(tmp_path, 1)

    assert findings.kept, table([findings])
