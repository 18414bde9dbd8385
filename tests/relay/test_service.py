"""The whole service tells of what is booked, canceled and moved, whatever goes wrong on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from app.intents.options import ProtocolOptions
from app.relay import names
from app.settings import Settings
from tests.life.stage import (
    BOOKING,
    BRISK,
    CANCELLATION,
    LEAVING,
    active,
    break_down,
    canceled,
    lose_answer,
    made,
    moved,
)
from tests.relay.examples import SECRET
from tests.relay.receiver import Received, Receiver, answer
from tests.soak.waiting import until
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.service import Json, Service, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

KNOWN = frozenset(
    {
        "accountId",
        "reference",
        "bookingId",
        "status",
        "eventTypeId",
        "name",
        "start",
        "end",
        "timeZone",
        "location",
        "invitee",
        "guests",
        "answers",
        "replaces",
        "rescheduledFrom",
        "previousStart",
        "createdAt",
    }
)


def settings_telling(calendly: Simulation, redis: RedisServer, receiver: Receiver) -> Settings:
    """Of a service that tells this receiver."""
    return settings_for(
        str(calendly.http.base_url),
        redis_url=redis.url(CACHE),
        state_url=redis.url(STATE),
        relay_urls=(SecretStr(receiver.url),),
        relay_secrets=(SecretStr(SECRET),),
        relay_allow_private=True,
    )


def telling(
    calendly: Simulation, redis: RedisServer, receiver: Receiver, protocol: ProtocolOptions = BRISK
) -> AbstractAsyncContextManager[Service]:
    return running_service(settings_telling(calendly, redis, receiver), calendly.clock, protocol)


@pytest.fixture
async def bff(calendly: Simulation, redis: RedisServer, receiver: Receiver) -> AsyncIterator[Service]:
    await calendly.settings(tier="enterprise")
    async with telling(calendly, redis, receiver) as service:
        yield service


def hastened(redis: RedisServer, by: timedelta = timedelta(minutes=2)) -> None:
    """As if so much time had passed for every hint."""
    with Redis(port=redis.port, db=STATE) as store:
        for name in store.scan_iter(f"{names.PREFIX}hints:*"):
            for member in store.zrange(name, 0, -1):
                store.zincrby(name, -by / timedelta(milliseconds=1), member)


def hinted(redis: RedisServer) -> int:
    """How many hints nobody has finished with."""
    with Redis(port=redis.port, db=STATE) as store:
        return sum(int(store.zcard(name)) for name in store.scan_iter(f"{names.PREFIX}hints:*"))


async def told_all(redis: RedisServer) -> None:
    async def is_done() -> bool:
        return not hinted(redis)

    async with asyncio.timeout(20):
        await until(is_done, every=0.05)


async def is_free(calendly: Simulation) -> bool:
    """Nothing is booked any more."""
    return not await active(calendly)


def said_of(booking: Json, received: Received) -> tuple[Any, ...]:
    data = received.data
    assert data.keys() == KNOWN
    assert received.is_signed_with(SECRET)
    assert data["invitee"] == booking["invitee"]
    assert (data["eventTypeId"], data["name"]) == (booking["eventTypeId"], booking["name"])
    return received.type, data["bookingId"], data["status"], data["start"]


async def test_a_booking_is_told(bff: Service, receiver: Receiver) -> None:
    booking = await made(bff)

    [received] = await receiver.after(1)

    assert said_of(booking, received) == ("booking.confirmed", booking["id"], "confirmed", booking["start"])
    assert received.data["end"] == booking["end"]
    assert received.data["timeZone"] == "Europe/Berlin"
    assert received.data["location"]["kind"] == "google_conference"
    assert received.data["rescheduledFrom"] is received.data["previousStart"] is None
    assert received.data["replaces"] is None


async def test_a_notice_holds_no_token_and_nothing_of_calendly(bff: Service, receiver: Receiver) -> None:
    booking = await made(bff)
    await canceled(bff, booking)

    for received in await receiver.after(2):
        said = received.body.decode()
        assert booking["manage"]["token"] not in said
        assert "/scheduled_events/" not in said
        assert "/cancellations/" not in said
        assert "ada@example.test" not in said


async def test_guests_and_answers_are_told_as_they_were_given(bff: Service, receiver: Receiver) -> None:
    booking = await made(bff, guests=["guest@example.test"])

    [received] = await receiver.after(1)

    assert received.data["guests"] == booking["guests"] == ["guest@example.test"]


async def test_the_link_to_join_is_told_where_there_is_one(bff: Service, receiver: Receiver) -> None:
    booking = await made(bff)

    [received] = await receiver.after(1)

    location = (await bff.manage(booking)).json()["location"]
    assert received.data["location"]["label"] == location["label"]
    assert received.data["location"]["joinUrl"] == location["joinUrl"]


async def test_a_booking_that_is_repeated_is_told_once(bff: Service, receiver: Receiver) -> None:
    body = await bff.booking()
    answers = [await bff.book(body, "0123456789") for _ in range(3)]
    await bff.book(body | {"start": (await bff.free("intro-call"))[2]})

    await receiver.after(2)

    assert {each.status_code for each in answers} == {201}
    assert len({each.id for each in receiver.received}) == len(receiver.received) == 2


async def test_a_cancellation_is_told_once(bff: Service, redis: RedisServer, receiver: Receiver) -> None:
    booking = await made(bff)
    await canceled(bff, booking)
    await canceled(bff, booking)

    first, received = await receiver.after(2)
    await told_all(redis)

    assert said_of(booking, received) == ("booking.canceled", booking["id"], "canceled", booking["start"])
    assert received.data["reference"] == first.data["reference"]
    assert len(receiver.received) == 2


async def test_a_move_is_told_with_where_it_came_from(bff: Service, receiver: Receiver) -> None:
    booking = await made(bff)
    await receiver.after(1)
    new = await moved(bff, booking, (await bff.free("intro-call"))[4])

    first, received = await receiver.after(2)

    assert said_of(new, received) == ("booking.rescheduled", new["id"], "confirmed", new["start"])
    assert received.data["replaces"] == first.data["reference"] != received.data["reference"]
    assert received.data["rescheduledFrom"] == booking["id"]
    assert received.data["previousStart"] == booking["start"]
    assert len(receiver.received) == 2


async def test_a_booking_that_is_found_later_is_told_then(
    bff: Service, calendly: Simulation, receiver: Receiver
) -> None:
    body = await bff.booking()
    await lose_answer(calendly, BOOKING)

    answer = await bff.book(body)

    assert answer.json()["status"] == "confirming"
    [received] = await receiver.after(1)
    assert said_of(answer.json(), received)[:3] == ("booking.confirmed", answer.json()["id"], "confirmed")


async def test_a_booking_that_was_never_made_is_not_told(
    bff: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    await break_down(calendly, BOOKING)
    answer = await bff.book(await bff.booking())
    settled = await bff.settled(answer.json())

    assert settled["status"] == "failed"
    assert hinted(redis) == 0
    assert receiver.received == []


async def test_what_a_process_left_untold_another_tells(
    calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    await lose_answer(calendly, BOOKING)
    async with telling(calendly, redis, receiver, LEAVING) as bff:
        await bff.book(await bff.booking())
    assert receiver.received == []

    async with telling(calendly, redis, receiver):
        [received] = await receiver.after(1)

    assert received.type == "booking.confirmed"


async def test_a_cancellation_whose_process_died_is_told_by_another(
    bff: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    """It was hinted at before it was sent; whether it arrived, Calendly says."""
    booking = await made(bff)
    await receiver.after(1)
    await plan_fault(calendly, "commit_then_hang", path=CANCELLATION, method="POST", seconds=3)
    visitor = asyncio.create_task(bff.manage(booking, "/cancel", {}))
    async with asyncio.timeout(10):
        await until(partial(is_free, calendly), every=0.05)
    visitor.cancel()
    await asyncio.gather(visitor, return_exceptions=True)
    assert (hinted(redis), len(receiver.received)) == (1, 1)

    hastened(redis)

    *_, received = await receiver.after(2)
    assert said_of(booking, received)[:3] == ("booking.canceled", booking["id"], "canceled")


async def test_a_cancellation_that_did_not_happen_is_not_told(
    bff: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    booking = await made(bff)
    await receiver.after(1)
    await told_all(redis)
    await break_down(calendly, CANCELLATION, times=9)

    assert (await bff.manage(booking, "/cancel", {})).status_code >= 500
    assert hinted(redis) == 1
    hastened(redis)
    await told_all(redis)

    assert len(receiver.received) == 1


async def test_while_calendly_cannot_be_read_what_we_know_is_told(
    bff: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    body = await bff.booking()
    await plan_fault(calendly, "status", status=500, path="^/scheduled_events/", times=1000)
    booking = (await bff.book(body)).json()

    async def is_told() -> bool:
        hastened(redis)
        return bool(receiver.received)

    async with asyncio.timeout(20):
        await until(is_told, every=0.2)

    [received] = receiver.received
    assert said_of(booking, received) == ("booking.confirmed", booking["id"], "confirmed", booking["start"])
    assert received.data["location"]["joinUrl"] is None


async def test_a_receiver_that_is_down_costs_no_booking_and_gets_it_later(
    bff: Service, redis: RedisServer, receiver: Receiver
) -> None:
    receiver.answers = [answer(503)]

    booking = await made(bff)
    await receiver.after(1)
    assert (await bff.manage(booking)).json()["status"] == "confirmed"

    with Redis(port=redis.port, db=STATE) as store:
        for name in store.scan_iter(f"{names.PREFIX}due:*"):
            for member in store.zrange(name, 0, -1):
                store.zincrby(name, -60_000, member)
    first, second = await receiver.after(2)
    assert (first.id, first.body) == (second.id, second.body)


async def test_a_booking_stands_though_its_hint_cannot_be_written_down_and_is_told_when_it_can(
    calendly: Simulation, tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> None:
    """The store goes away after the booking was sent, and comes back."""
    await calendly.settings(tier="enterprise")
    with running_redis(tmp_path_factory.mktemp("redis"), appendfsync="always") as own:
        async with telling(calendly, own, receiver, replace(BRISK, poll=timedelta(seconds=0.2))) as bff:
            body = await bff.booking()
            await plan_fault(calendly, "delay", path=BOOKING, method="POST", seconds=1.0)
            booking = asyncio.create_task(bff.book(body))
            await asyncio.sleep(0.6)
            own.kill()
            made = await booking
            assert made.status_code == 201
            assert receiver.received == []
            own.start()

            [received] = await receiver.after(1)

    assert received.data["bookingId"] == made.json()["id"]


async def test_without_targets_nothing_is_kept(calendly: Simulation, redis: RedisServer) -> None:
    settings = settings_for(
        str(calendly.http.base_url), redis_url=redis.url(CACHE), state_url=redis.url(STATE)
    )
    async with running_service(settings, calendly.clock, BRISK) as bff:
        await canceled(bff, await made(bff))
        metrics = (await bff.http.get("/metrics")).text

    assert "bff_relay_waiting 0.0" in metrics
    assert "bff_relay_dead_letters 0.0" in metrics
    with Redis(port=redis.port, db=STATE) as store:
        assert list(store.scan_iter(f"{names.PREFIX}*")) == []


async def test_metrics_count_what_became_of_notices(bff: Service, receiver: Receiver) -> None:
    receiver.answers = [answer(410)]
    await made(bff)

    async def is_counted() -> bool:
        metrics = (await bff.http.get("/metrics")).text
        return 'bff_relay_notices_total{outcome="dead"} 1.0' in metrics

    async with asyncio.timeout(20):
        await until(is_counted, every=0.05)
    metrics = (await bff.http.get("/metrics")).text
    assert "bff_relay_waiting 0.0" in metrics
    assert "bff_relay_dead_letters 1.0" in metrics
