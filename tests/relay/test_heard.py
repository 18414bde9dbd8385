"""What Calendly tells of by webhooks is told on: all that visitors do on its pages, and nothing of ours twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.webhooks.subscriptions import EVENTS, PATH
from tests.life.stage import (
    BOOKING,
    BRISK,
    CANCELLATION,
    STAYS,
    break_down,
    canceled,
    healed,
    made,
    moved,
)
from tests.relay.hearing import SILENT, all_told, carried_out, hearing
from tests.relay.receiver import Received, Receiver
from tests.relay.test_service import hastened, settings_telling
from tests.support.canary_watch import watched
from tests.support.hooks import KEY, believing
from tests.support.hosted_pages import HostedPages
from tests.support.redis import CACHE, RedisServer, running_redis
from tests.support.service import Json, Service, plan_fault
from tests.support.serving import serve
from tests.support.simulation import Simulation
from tests.support.webhooks import subscribe

LOOKED_FOR = 1.5
"""Seconds for whoever looks into hints to have looked, where nothing is to come of it."""


@pytest.fixture
async def bff(calendly: Simulation, redis: RedisServer, receiver: Receiver) -> AsyncIterator[Service]:
    async with hearing(calendly, redis, receiver) as service:
        yield service


@pytest.fixture
async def delivering(bff: Service, calendly: Simulation) -> Service:
    await subscribe(calendly, f"{bff.http.base_url}".rstrip("/") + PATH, events=EVENTS, signing_key=KEY)
    return bff


@pytest.fixture
def pages(calendly: Simulation) -> HostedPages:
    return HostedPages(calendly.http)


def said(received: Received) -> tuple[str, str | None, str]:
    return received.type, received.data["bookingId"], received.data["start"]


def told_of(booking: Json, type_: str = "booking.confirmed") -> tuple[str, str | None, str]:
    return type_, booking["id"], booking["start"]


async def test_a_booking_on_calendlys_page_is_told_once(
    delivering: Service, redis: RedisServer, receiver: Receiver, pages: HostedPages
) -> None:
    start = (await delivering.free("intro-call"))[0]

    await pages.book("intro-call", start)
    await carried_out(delivering, 1)

    [received] = await all_told(redis, receiver)
    assert said(received) == ("booking.confirmed", None, start)
    assert received.data["invitee"] == {"name": "Grace Example", "email": "grace@example.test"}
    assert received.data["status"] == "confirmed"
    assert received.data["rescheduledFrom"] is received.data["previousStart"] is None


async def test_a_cache_that_is_away_costs_time_only(
    calendly: Simulation, redis: RedisServer, receiver: Receiver, pages: HostedPages, tmp_path: Path
) -> None:
    """Your backend hears of a booking meanwhile, and once; its days become untrue when the cache is back."""
    with running_redis(tmp_path) as cache:
        told = settings_telling(calendly, redis, receiver)
        apart = told.model_copy(update={"bff": told.bff.model_copy(update={"redis_url": cache.url(CACHE)})})
        with serve(watched(create_app(believing(apart), clock=calendly.clock, protocol=BRISK))) as url:
            await subscribe(calendly, url + PATH, events=EVENTS, signing_key=KEY)
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                await _heard_while_away(Service(create_app(), http), cache, redis, receiver, pages)


async def _heard_while_away(
    bff: Service, cache: RedisServer, redis: RedisServer, receiver: Receiver, pages: HostedPages
) -> None:
    start, later, *_ = await bff.free("intro-call")
    cache.kill()
    await pages.book("intro-call", start)
    [received] = await receiver.after(1)
    outcomes = (await bff.http.get("/metrics")).text
    cache.start()
    await carried_out(bff, 1)

    assert said(received) == ("booking.confirmed", None, start)
    assert 'outcome="done"' not in outcomes
    assert (await bff.free("intro-call"))[0] == later
    assert len(await all_told(redis, receiver)) == 1


async def test_a_cancellation_on_calendlys_page_is_told_once(
    delivering: Service, redis: RedisServer, receiver: Receiver, pages: HostedPages
) -> None:
    start = (await delivering.free("intro-call"))[0]

    invitee = await pages.book("intro-call", start)
    await carried_out(delivering, 1)
    await all_told(redis, receiver)
    await pages.cancel(invitee)
    await carried_out(delivering, 2)

    [_, received] = await all_told(redis, receiver)
    assert said(received) == ("booking.canceled", None, start)
    assert received.data["status"] == "canceled"


async def test_a_move_on_calendlys_page_is_told_once_with_the_time_before(
    delivering: Service, redis: RedisServer, receiver: Receiver, pages: HostedPages
) -> None:
    start, _, later, *_ = await delivering.free("intro-call")

    invitee = await pages.book("intro-call", start)
    await carried_out(delivering, 1)
    await all_told(redis, receiver)
    await pages.move(invitee, later)
    await carried_out(delivering, 3)

    [_, received] = await all_told(redis, receiver)
    assert said(received) == ("booking.rescheduled", None, later)
    assert received.data["previousStart"] == start


async def test_the_time_before_is_asked_for_where_nobody_told_of_it(
    bff: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver, pages: HostedPages
) -> None:
    """The half of the move that ends the old booking may come last."""
    start, _, later, *_ = await bff.free("intro-call")
    invitee = await pages.book("intro-call", start)
    url = f"{bff.http.base_url}".rstrip("/") + PATH
    await subscribe(calendly, url, events=["invitee.created"], signing_key=KEY)

    await pages.move(invitee, later)
    await carried_out(bff, 1)

    [received] = await all_told(redis, receiver)
    assert said(received) == ("booking.rescheduled", None, later)
    assert received.data["previousStart"] == start


async def test_a_booking_of_ours_is_told_once_with_our_id(
    delivering: Service, redis: RedisServer, receiver: Receiver
) -> None:
    booking = await made(delivering)
    await carried_out(delivering, 1)

    assert [said(each) for each in await all_told(redis, receiver)] == [told_of(booking)]


async def test_a_cancellation_of_ours_is_told_once_with_our_id(
    delivering: Service, redis: RedisServer, receiver: Receiver
) -> None:
    booking = await made(delivering)
    await canceled(delivering, booking)
    await carried_out(delivering, 2)

    assert [said(each) for each in await all_told(redis, receiver)] == [
        told_of(booking),
        told_of(booking, "booking.canceled"),
    ]


async def test_a_move_of_ours_is_told_once_with_our_id_and_never_as_a_cancellation(
    delivering: Service, redis: RedisServer, receiver: Receiver
) -> None:
    booking = await made(delivering)
    await carried_out(delivering, 1)
    new = await moved(delivering, booking, (await delivering.free("intro-call"))[4])
    await carried_out(delivering, 3)

    first, second = await all_told(redis, receiver)
    assert [said(first), said(second)] == [told_of(booking), told_of(new, "booking.rescheduled")]
    assert second.data["previousStart"] == booking["start"]


async def test_calendly_may_tell_of_a_booking_of_ours_before_it_has_answered_us(
    delivering: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    body = await delivering.booking()
    await plan_fault(calendly, "commit_then_hang", path=BOOKING, method="POST", seconds=SILENT)
    visitor = asyncio.create_task(delivering.book(body))
    await carried_out(delivering, 1)

    hastened(redis)
    await asyncio.sleep(LOOKED_FOR)
    is_answered, before = visitor.done(), list(receiver.received)
    booking = await delivering.settled((await visitor).json())

    assert (is_answered, before, booking["status"]) == (False, [], "confirmed")
    assert [said(each) for each in await all_told(redis, receiver)] == [told_of(booking)]


async def test_half_a_move_of_ours_is_told_by_nobody(
    delivering: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    """The new time is booked, and the old one cannot be given up for long."""
    booking = await made(delivering)
    await carried_out(delivering, 1)
    await all_told(redis, receiver)
    await break_down(calendly, CANCELLATION, times=STAYS)
    new = await moved(delivering, booking, (await delivering.free("intro-call"))[4])
    await carried_out(delivering, 2)

    hastened(redis)
    await asyncio.sleep(LOOKED_FOR)
    before = [said(each) for each in receiver.received]
    await healed(calendly)
    await carried_out(delivering, 3)
    await receiver.after(2)

    assert (new["previous"]["status"], before) == ("canceling", [told_of(booking)])
    assert [said(each) for each in await all_told(redis, receiver)] == [
        told_of(booking),
        told_of(new, "booking.rescheduled"),
    ]


async def test_calendly_may_tell_of_a_cancellation_of_ours_before_it_has_answered_us(
    delivering: Service, calendly: Simulation, redis: RedisServer, receiver: Receiver
) -> None:
    booking = await made(delivering)
    await carried_out(delivering, 1)
    await all_told(redis, receiver)
    await plan_fault(calendly, "commit_then_hang", path=CANCELLATION, method="POST", seconds=SILENT)
    visitor = asyncio.create_task(delivering.manage(booking, "/cancel", {}))
    await carried_out(delivering, 2)

    hastened(redis)
    _, early = await receiver.after(2)
    is_answered = visitor.done()
    await visitor

    assert (said(early), is_answered) == (told_of(booking, "booking.canceled"), False)
    assert len(await all_told(redis, receiver)) == 2
