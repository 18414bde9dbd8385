"""Redis harmed at each step of a booking: what the visitor gets, and what the same key comes to once it is mended."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from tests.faults.scene import (
    Scene,
    active,
    assert_problem,
    booked_in_the_end,
    healed,
    made,
    sent,
    settings_on,
    within,
    witnessed,
)
from tests.faults.talks import Gate, resetting
from tests.support.ports import free_port
from tests.support.redis import STATE, RedisServer
from tests.support.service import Json, Service
from tests.support.simulation import Simulation
from tests.support.way import way_to

LOOK = "^/scheduled_events$"
BOOKING = "^/invitees$"
BOOKING_PATIENCE = 18.0

Harm = Callable[[RedisServer], object]


def _telling(*commands: str) -> Harm:
    def tell(server: RedisServer) -> None:
        for command in commands:
            server.told(*command.split(" "))

    return tell


FULL = _telling("CONFIG SET maxmemory 1")
NOT_FULL = _telling("CONFIG SET maxmemory 0")
ALONE = _telling("CONFIG SET min-replicas-to-write 1")
NOT_ALONE = _telling("CONFIG SET min-replicas-to-write 0")
REPLICA = _telling(f"REPLICAOF 127.0.0.1 {free_port()}")
MASTER = _telling("REPLICAOF NO ONE")
HARMS = [
    pytest.param(RedisServer.kill, RedisServer.start, marks=pytest.mark.fault("R02"), id="dead"),
    pytest.param(RedisServer.pause, RedisServer.resume, marks=pytest.mark.fault("R04"), id="hung"),
    pytest.param(FULL, NOT_FULL, marks=pytest.mark.fault("R05"), id="full"),
    pytest.param(ALONE, NOT_ALONE, marks=pytest.mark.fault("R07"), id="without replicas"),
    pytest.param(REPLICA, MASTER, marks=pytest.mark.fault("R07"), id="read-only"),
]
harmed = pytest.mark.parametrize(("harm", "mend"), HARMS)


@harmed
async def test_harmed_before_the_send_nothing_is_sent_and_the_key_books_later(
    frail: Scene, harm: Harm, mend: Harm
) -> None:
    body, gate = await frail.bff.booking(), Gate()
    frail.way.block("GET", LOOK, gate, lets_through=True, times=1)
    running = asyncio.create_task(frail.bff.book(body, "key"))
    await gate.reached.wait()
    harm(frail.redis)
    gate.opened.set()

    with within(BOOKING_PATIENCE):
        answer = await running
    before = await sent(frail.calendly)
    mend(frail.redis)
    again = await booked_in_the_end(frail.bff, body, "key")

    assert_problem(answer, 503, "bookings_closed")
    assert answer.json()["hostedUrl"].startswith("http")
    assert (before, again.status_code, await sent(frail.calendly)) == (0, 201, 1)


@harmed
async def test_harmed_after_the_send_the_booking_is_told_and_never_sent_again(
    frail: Scene, harm: Harm, mend: Harm
) -> None:
    body, gate = await frail.bff.booking(), Gate()
    frail.way.block("POST", BOOKING, gate, lets_through=True, times=1)
    running = asyncio.create_task(frail.bff.book(body, "key"))
    await gate.reached.wait()
    harm(frail.redis)
    gate.opened.set()

    with within(BOOKING_PATIENCE):
        answer = await running
    read = await frail.bff.manage(answer.json())
    mend(frail.redis)
    again = await booked_in_the_end(frail.bff, body, "key")

    assert (answer.status_code, answer.json()["status"], read.json()["status"]) == (
        201,
        "confirmed",
        "confirmed",
    )
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, "true")
    assert (again.json()["id"], await sent(frail.calendly)) == (answer.json()["id"], 1)


@harmed
async def test_harmed_while_it_is_confirming_the_booking_is_confirmed_in_the_end(
    frail: Scene, harm: Harm, mend: Harm
) -> None:
    body = await frail.bff.booking()
    frail.way.block("POST", BOOKING, resetting, lets_through=True)
    booking = (await frail.bff.book(body, "key")).json()
    harm(frail.redis)

    with within(BOOKING_PATIENCE):
        meanwhile = await frail.bff.manage(booking)
    mend(frail.redis)
    settled = await frail.bff.settled(booking)
    again = await booked_in_the_end(frail.bff, body, "key")

    assert meanwhile.status_code == 200
    assert (settled["status"], again.status_code) == ("confirmed", 201)
    assert await sent(frail.calendly) == 1


@harmed
async def test_harmed_in_the_middle_of_a_move_one_booking_is_left(
    frail: Scene, harm: Harm, mend: Harm
) -> None:
    booking, gate = await made(frail.bff), Gate()
    later = (await frail.bff.free("intro-call"))[3]
    frail.way.block("POST", BOOKING, gate, lets_through=True, times=1)
    running = asyncio.create_task(frail.bff.manage(booking, "/reschedule", {"start": later}))
    await gate.reached.wait()
    harm(frail.redis)
    gate.opened.set()

    with within(BOOKING_PATIENCE):
        answer = await running
    mend(frail.redis)

    async def is_told() -> bool:
        again = await frail.bff.manage(booking, "/reschedule", {"start": later})
        return again.status_code == 201 and again.json()["previous"]["status"] == "canceled"

    await healed(is_told)
    assert answer.status_code == 201
    assert (len(await active(frail.calendly)), await sent(frail.calendly)) == (1, 2)


@pytest.mark.fault("R01")
async def test_a_redis_that_comes_after_the_service_opens_bookings(
    calendly: Simulation, tmp_path: Path
) -> None:
    late = RedisServer(tmp_path)
    async with witnessed(settings_on(str(calendly.http.base_url), late), calendly) as bff:
        body = await bff.booking()
        closed = await bff.book(body, "key")
        late.start()
        try:
            answer = await booked_in_the_end(bff, body, "key")
        finally:
            late.kill()

    assert_problem(closed, 503, "bookings_closed")
    assert answer.status_code == 201


@pytest.mark.fault("R03")
async def test_a_slow_redis_slows_bookings_and_loses_none(calendly: Simulation, fragile: RedisServer) -> None:
    async with way_to(fragile.port, lag=0.1) as way:
        settings = settings_on(
            str(calendly.http.base_url), fragile, state_url=f"redis://127.0.0.1:{way.port}/{STATE}"
        )
        async with witnessed(settings, calendly) as bff:
            body = await bff.booking()
            with within(BOOKING_PATIENCE):
                answer = await bff.book(body, "key")
            again = await bff.book(body, "key")

    assert (answer.status_code, again.status_code) == (201, 201)
    assert await sent(calendly) == 1


@pytest.mark.fault("R03")
async def test_a_redis_that_stands_still_for_longer_than_a_booking_waits_closes_them(frail: Scene) -> None:
    body = await frail.bff.booking()
    frail.redis.told("CLIENT", "PAUSE", 4000)

    with within(BOOKING_PATIENCE):
        answer = await frail.bff.book(body, "key")
    again = await booked_in_the_end(frail.bff, body, "key")

    assert_problem(answer, 503, "bookings_closed")
    assert (again.status_code, await sent(frail.calendly)) == (201, 1)


@pytest.mark.fault("R07")
async def test_a_redis_without_room_for_a_connection_closes_bookings(frail: Scene) -> None:
    body = await frail.bff.booking()
    with Redis(port=frail.redis.port, single_connection_client=True) as operator:
        operator.config_set("maxclients", 1)
        operator.client_kill_filter(_type="normal", skipme=True)

        closed = await frail.bff.book(body, "key")

        operator.config_set("maxclients", 100)
    again = await booked_in_the_end(frail.bff, body, "key")

    assert_problem(closed, 503, "bookings_closed")
    assert (again.status_code, await sent(frail.calendly)) == (201, 1)


async def _while_closed(bff: Service, booking: Json, later: str) -> tuple[int, int, int]:
    read = await bff.manage(booking)
    moved = await bff.manage(booking, "/reschedule", {"start": later})
    canceled = await bff.manage(booking, "/cancel", {})
    return read.status_code, moved.status_code, canceled.status_code


@pytest.mark.fault("R06")
@pytest.mark.parametrize(
    "wrong", ["maxmemory-policy allkeys-lru", "appendonly no"], ids=["evicts", "forgets"]
)
async def test_with_a_wrong_policy_bookings_are_read_and_canceled_and_not_moved(
    frail: Scene, wrong: str
) -> None:
    booking = await made(frail.bff)
    later = (await frail.bff.free("intro-call"))[3]
    frail.redis.told("CONFIG", "SET", *wrong.split(" "))
    async with witnessed(settings_on(frail.way.origin, frail.redis), frail.calendly) as started_later:
        answers = await _while_closed(started_later, booking, later)

    assert answers == (200, 503, 200)


@pytest.mark.fault("R07")
async def test_a_redis_that_cannot_save_closes_bookings_and_opens_them_again(
    frail: Scene, tmp_path: Path
) -> None:
    """MISCONF: its last snapshot failed, as the name of the file is that of a folder."""
    body = await frail.bff.booking()
    (tmp_path / "dump.rdb").mkdir()
    frail.redis.told("CONFIG", "SET", "save", "3600 1")
    frail.redis.told("BGSAVE")

    async def has_failed() -> bool:
        return bool(frail.redis.told("INFO", "persistence")["rdb_last_bgsave_status"] == "err")

    await healed(has_failed)
    closed = await frail.bff.book(body, "key")
    frail.redis.told("CONFIG", "SET", "save", "")
    again = await booked_in_the_end(frail.bff, body, "key")

    assert_problem(closed, 503, "bookings_closed")
    assert (again.status_code, await sent(frail.calendly)) == (201, 1)
