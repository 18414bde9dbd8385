"""What a front end hears of free times: in every replica, at once, and whatever breaks on the way."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis

from app import API
from app.streams.hub import RETRY_AFTER
from app.streams.news import AvailabilityChanged
from tests.features.live_replicas import (
    SLUG,
    Replica,
    days_event,
    heard,
    said,
    slot_event,
    speaking_to,
)
from tests.soak.waiting import until
from tests.streams.ears import log_on
from tests.support.event_streams import listening
from tests.support.ready_service import serving
from tests.support.redis import CACHE, RedisServer
from tests.support.service import ORIGIN
from tests.support.simulation import Simulation

AT_ONCE = 1.0
"""Seconds in which whatever happens is heard everywhere."""


async def test_a_booking_is_heard_at_every_replica_at_once_and_is_gone_from_what_is_read_then(
    replicas: list[Replica],
) -> None:
    one, two = replicas
    start, id_ = (await one.free())[0], await one.id_of(SLUG)
    assert start in await two.free()
    async with listening(one.port) as here, listening(two.port, id_) as there:
        for source in (here, there):
            await source.begun()

        await one.book(start)
        booked = time.monotonic()
        told = [await heard(source, 2) for source in (here, there)]
        seconds = time.monotonic() - booked
        still_free = [start in await replica.free() for replica in replicas]

    assert told == [[slot_event("slot.taken", id_, start), days_event(id_, start)]] * 2
    assert seconds < AT_ONCE
    assert still_free == [False, False]


async def test_other_event_types_of_the_host_hear_only_that_their_days_have_changed(replica: Replica) -> None:
    start, other = (await replica.free())[0], await replica.id_of("visit")
    async with listening(replica.port, "visit") as source:
        await source.begun()
        await replica.book(start)

        assert said(await source.next()) == days_event(other, start)


async def test_a_booking_that_is_canceled_frees_its_slot(replica: Replica) -> None:
    start, id_ = (await replica.free())[0], await replica.id_of(SLUG)
    booking = await replica.book(start)
    async with listening(replica.port) as source:
        await source.begun()
        await replica.manage(booking, "cancel", {})

        assert await heard(source, 2) == [slot_event("slot.freed", id_, start), days_event(id_, start)]
    assert start in await replica.free()


async def test_a_booking_that_is_moved_takes_one_slot_and_frees_another(replica: Replica) -> None:
    starts, id_ = await replica.free(), await replica.id_of(SLUG)
    booking = await replica.book(starts[0])
    async with listening(replica.port) as source:
        await source.begun()
        await replica.manage(booking, "reschedule", {"start": starts[-1]})

        assert await heard(source, 4) == [
            slot_event("slot.taken", id_, starts[-1]),
            days_event(id_, starts[-1]),
            slot_event("slot.freed", id_, starts[0]),
            days_event(id_, starts[0]),
        ]


async def test_one_of_several_seats_changes_only_the_days(replica: Replica) -> None:
    """Its first slot has two left."""
    start, id_ = (await replica.free("workshop"))[0], await replica.id_of("workshop")
    async with listening(replica.port, "workshop") as source:
        await source.begun()
        await replica.book(start, "workshop")
        first = said(await source.next())
        invitee = {"name": "Ada Example", "email": "ada@example.test"}
        await replica.book(start, "workshop", invitee=invitee)

        assert first == days_event(id_, start)
        assert said(await source.next()) == slot_event("slot.taken", id_, start)


async def test_whoever_was_cut_off_goes_on_where_they_were_at_any_replica(replicas: list[Replica]) -> None:
    one, two = replicas
    starts, id_ = await one.free(), await one.id_of(SLUG)
    async with listening(one.port) as source:
        await source.begun()
    await one.book(starts[0])

    async with listening(two.port, last_id=source.last_id) as again:
        told = await heard(again, 2)
        await one.book(starts[-1])

        assert told == [slot_event("slot.taken", id_, starts[0]), days_event(id_, starts[0])]
        assert said(await again.next()) == slot_event("slot.taken", id_, starts[-1])
        assert 1000 <= again.retry <= 4000


async def test_nothing_is_missed_while_the_subscription_is_thrown_out(
    replicas: list[Replica], redis: RedisServer
) -> None:
    one, two = replicas
    starts, id_ = (await one.free())[::4][:4], await one.id_of(SLUG)
    async with listening(two.port) as source:
        await source.begun()
        for start in starts:
            redis.told("CLIENT", "KILL", "TYPE", "PUBSUB")
            await one.book(start)
        told = await heard(source, 2 * len(starts))

    assert told[::2] == [slot_event("slot.taken", id_, start) for start in starts]


async def test_after_the_cache_was_lost_everybody_is_to_begin_anew(
    replica: Replica, redis: RedisServer
) -> None:
    starts = await replica.free()
    async with listening(replica.port) as source:
        await source.begun()
        async with Redis(port=redis.port, db=CACHE) as cache:
            await cache.flushdb()
        await replica.book(starts[0])

        assert said(await source.next()) == ("reset", {})


@pytest.mark.parametrize("last_id", ["", "not-one-of-ours"])
async def test_the_embedded_store_tells_as_well(
    calendly: Simulation, redis: RedisServer, last_id: str
) -> None:
    stores = {"redis_url": "memory://", "state_url": "memory://"}
    with serving(calendly, redis, bff=stores) as served:
        async with speaking_to(served.port) as replica, listening(served.port, last_id=last_id) as source:
            if last_id:
                assert said(await source.next()) == ("reset", {})
            await source.begun()
            start, id_ = (await replica.free())[0], await replica.id_of(SLUG)
            await replica.book(start)

            assert said(await source.next()) == slot_event("slot.taken", id_, start)


async def test_a_stream_says_what_proxies_and_browsers_need(replica: Replica) -> None:
    async with listening(replica.port, headers={"Origin": ORIGIN}) as source:
        head = source.head.decode().lower()

    assert source.status == 200
    for line in (
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
        f"access-control-allow-origin: {ORIGIN}\r\n",
        "x-request-id: ",
    ):
        assert line in head


@pytest.mark.parametrize(
    ("event_type", "status", "code"),
    [
        pytest.param("nothing-of-the-kind", 404, "not_found", id="unknown"),
        pytest.param("secret-offer", 404, "not_found", id="secret"),
        pytest.param("retired", 404, "not_found", id="inactive"),
    ],
)
async def test_what_is_not_offered_is_not_found(
    replica: Replica, event_type: str, status: int, code: str
) -> None:
    answer = await replica.http.get(f"{API}/event-types/{event_type}/availability/events")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_unknown_parameters_are_refused(replica: Replica) -> None:
    answer = await replica.http.get(f"{API}/event-types/{SLUG}/availability/events?from=2026-12-01")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.fixture
def few(calendly: Simulation, redis: RedisServer) -> Iterator[int]:
    """The port of a process that keeps no more than two streams."""
    with serving(calendly, redis, bff={"event_streams": 2}) as served:
        yield served.port


async def test_beyond_the_bound_streams_are_refused_until_one_ends(few: int) -> None:
    async with speaking_to(few) as replica, listening(few), AsyncExitStack() as stack:
        second = await stack.enter_async_context(listening(few))
        await second.begun()
        async with listening(few) as third:
            problem = httpx.Response(third.status, content=await third.body()).json()
        await stack.aclose()

        async def is_one_left() -> bool:
            return await replica.figure("bff_event_streams ") == 1

        async with asyncio.timeout(10):
            await until(is_one_left, every=0.02)
        async with listening(few) as fourth:
            await fourth.begun()

    assert (problem["code"], problem["status"], problem["retryAfter"]) == ("overloaded", 503, RETRY_AFTER)


async def test_at_the_end_streams_end_at_once(calendly: Simulation, redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        with serving(calendly, redis) as served:
            sources = [await stack.enter_async_context(listening(served.port)) for _ in range(5)]
            for source in sources:
                await source.begun()
            told_to_stop = time.monotonic()
        seconds = time.monotonic() - told_to_stop

        ended = [await source.ended() for source in sources]

    assert ended == [True] * 5
    assert seconds < 1.9, "the server is given two seconds, and then it is forced"


async def _all_gone(replica: Replica) -> None:
    """Streams and connections, but for the one that asks."""

    async def are_gone() -> bool:
        return (
            await replica.figure("bff_event_streams ") == 0 and await replica.figure("bff_connections ") == 1
        )

    async with asyncio.timeout(10):
        await until(are_gone, every=0.02)


async def test_whoever_is_gone_leaves_nothing(replica: Replica) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await (await stack.enter_async_context(listening(replica.port))).begun()
        open_ = await replica.figure("bff_event_streams ")

    assert open_ == 20
    await _all_gone(replica)


async def test_a_stream_is_recorded_when_it_begins_and_once(replica: Replica) -> None:
    counted = 'bff_requests_total{method="GET",route="/api/v1/event-types/{eventTypeId}/availability/events"'
    async with listening(replica.port) as source:
        await source.begun()
        during = await replica.figure(counted)
    await _all_gone(replica)

    assert (during, await replica.figure(counted)) == (1, 1)


async def test_open_streams_hold_up_neither_ready_answers_nor_reads(
    calendly: Simulation, redis: RedisServer
) -> None:
    with serving(calendly, redis) as served:
        target = f"{API}/event-types/{SLUG}/availability?timeZone=UTC"
        async with AsyncExitStack() as stack, speaking_to(served.port) as replica:
            for _ in range(200):
                await (await stack.enter_async_context(listening(served.port))).begun()
            await served.made_ready(target)
            async with served.wire() as wire:
                ready = [await wire.status(target) for _ in range(20)]
            reached = list(served.app.asked)
            read = await replica.http.get(f"{API}/event-types/{SLUG}/availability?timeZone=Asia/Tokyo")
            overloaded = await replica.figure("bff_overloaded ")

    assert (ready, reached) == ([200] * 20, [])
    assert (read.status_code, overloaded) == (200, 0)


async def test_a_front_end_that_takes_nothing_is_cut_off(replica: Replica, redis: RedisServer) -> None:
    """It stands still with some megabytes on the way; then it has no connection any more."""
    async with listening(replica.port) as source, Redis(port=redis.port, db=CACHE) as cache:
        await source.begun()
        source.writer.transport.pause_reading()  # type: ignore[attr-defined]  # as a program does that hangs
        events, account = log_on(cache), await _account(cache)
        dates = [date(2026, 12, 1) + timedelta(days=number) for number in range(2000)]

        async def is_dropped() -> bool:
            for _ in range(50):
                await events.tell(account, AvailabilityChanged(dates), str(uuid4()))
            return await replica.figure("bff_event_streams_dropped_total") == 1

        async with asyncio.timeout(60):
            await until(is_dropped, every=0.05)
        await _all_gone(replica)


async def _account(cache: Redis) -> str:
    """The only one that has a log."""
    [name] = await cache.keys("*}:told")
    return str(name).partition("{")[2].partition("}")[0]
