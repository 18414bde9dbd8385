"""Many calls at once: what waits, what is turned away, and what is left when callers have gone."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import httpcore
import pytest

from app.calendly.client import CalendlyClient
from app.calendly.failures import OutcomeUnknownError
from app.calendly.options import TransportOptions
from app.errors import UpstreamBusyError, UpstreamTimeoutError
from tests.calendly import rig, servers
from tests.calendly.test_bad_connections import BOOKED, GOOD, booking_at
from tests.support.stopwatch import Stopwatch

CANCELLATIONS = 400


def slow(data: bytes, seconds: float) -> servers.Talk:
    async def talk(visit: servers.Visit) -> None:
        await asyncio.sleep(seconds)
        await visit.say(data)

    return talk


async def leave_early(times: int, ask: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Cancels so many callers, eight at a time, at moments spread evenly over the life of a call and beyond."""

    async def leave(number: int) -> None:
        task = asyncio.create_task(ask())
        await asyncio.sleep(number * 0.618 % 1 * 0.012)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for start in range(0, times, 8):
        await asyncio.gather(*(leave(start + number) for number in range(8)))


@pytest.mark.fault("U08")
async def test_reads_beyond_the_slots_are_turned_away_in_time() -> None:
    async with servers.serving(slow(GOOD, 0.5)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, read_slots=2, pool_timeout=rig.ms(100)))
        watch = Stopwatch()

        outcomes = await asyncio.gather(
            *(client.get_current_user() for _ in range(50)), return_exceptions=True
        )

        busy = [one for one in outcomes if isinstance(one, UpstreamBusyError)]
        assert (len(busy), busy[0].retry_after, server.connections) == (48, 1, 2)
        assert watch.stop() < 1.5
        await client.aclose()


@pytest.mark.fault("U08")
async def test_a_booking_finds_a_slot_while_reads_hang() -> None:
    async def talk(visit: servers.Visit) -> None:
        await (servers.always(BOOKED) if visit.number == 3 else servers.silence)(visit)

    async with servers.serving(talk) as server:
        client = CalendlyClient(rig.transport_to(server.origin, read_slots=2, read_deadline=rig.ms(300)))
        reads = [asyncio.create_task(client.get_current_user()) for _ in range(2)]
        await asyncio.sleep(0.1)

        invitee = await client.create_invitee(booking_at(server.origin))

        assert invitee.status == "active"
        await asyncio.gather(*reads, return_exceptions=True)
        await client.aclose()


@pytest.mark.fault("U08")
async def test_a_look_at_what_became_of_a_booking_finds_a_slot_while_reads_hang() -> None:
    async def talk(visit: servers.Visit) -> None:
        await (
            servers.always(servers.json_reply(rig.collection())) if visit.number == 3 else servers.silence
        )(visit)

    async with servers.serving(talk) as server:
        client = CalendlyClient(rig.transport_to(server.origin, read_slots=2, read_deadline=rig.ms(300)))
        reads = [asyncio.create_task(client.get_current_user()) for _ in range(2)]
        await asyncio.sleep(0.1)

        invitees = await client.list_event_invitees("EVENT")

        assert invitees == []
        await asyncio.gather(*reads, return_exceptions=True)
        await client.aclose()


async def test_more_bookings_than_slots_wait_for_their_turn() -> None:
    async with servers.serving(slow(BOOKED, 0.3)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, write_slots=2, pool_timeout=rig.ms(100)))

        booked = await asyncio.gather(*(client.create_invitee(booking_at(server.origin)) for _ in range(6)))

        assert (len(booked), server.connections) == (6, 2)
        await client.aclose()


@pytest.mark.fault("U08")
async def test_bookings_that_find_no_slot_in_time_are_turned_away_unsent() -> None:
    async with servers.serving(slow(BOOKED, 0.4)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, write_slots=2, write_patience=rig.ms(100)))

        outcomes = await asyncio.gather(
            *(client.create_invitee(booking_at(server.origin)) for _ in range(6)), return_exceptions=True
        )

        assert sum(isinstance(one, UpstreamBusyError) for one in outcomes) == 4
        assert len(server.heads) == 2
        await client.aclose()


def test_the_pool_has_more_connections_than_there_are_slots() -> None:
    options = TransportOptions()

    slots = options.read_slots + options.lookup_slots + options.write_slots
    assert options.max_connections > slots


async def test_a_pool_without_a_free_connection_is_replaced() -> None:
    slow_first = servers.first(slow(GOOD, 0.4), servers.always(GOOD))
    async with servers.serving(slow_first) as server:
        client = CalendlyClient(rig.transport_to(server.origin, max_connections=1, pool_timeout=rig.ms(50)))
        first = asyncio.create_task(client.get_current_user())
        await asyncio.sleep(0.1)

        second = await client.get_current_user()

        assert second == await first
        assert server.connections == 2
        await client.aclose()


async def test_a_lost_pool_does_not_keep_a_booking_from_being_sent_once() -> None:
    hang = servers.first(servers.silence, servers.always(BOOKED))
    async with servers.serving(hang) as server:
        client = CalendlyClient(rig.transport_to(server.origin, max_connections=1, pool_timeout=rig.ms(50)))
        lost = asyncio.create_task(client.get_current_user())
        await asyncio.sleep(0.1)

        invitee = await client.create_invitee(booking_at(server.origin))

        assert invitee.status == "active"
        lost.cancel()
        await client.aclose()


@pytest.mark.fault("U09")
async def test_after_many_cancelled_callers_every_slot_is_free() -> None:
    """A caller that leaves at any moment: 400 trials, so that no loss shows at most 3 in 400."""
    async with servers.serving(slow(GOOD, 0.004)) as server:
        client = CalendlyClient(
            rig.transport_to(server.origin, read_slots=4, max_connections=4, pool_timeout=rig.ms(300))
        )

        await leave_early(CANCELLATIONS, client.get_current_user)
        await asyncio.sleep(0.05)

        users = [await client.get_current_user() for _ in range(20)]
        together = await asyncio.gather(*(client.get_current_user() for _ in range(4)))

        assert {user.slug for user in [*users, *together]} == {"ada"}
        assert server.connections <= 8
        await client.aclose()


async def test_without_our_care_cancelled_callers_cost_the_pool_its_connections() -> None:
    """The rig of the test above can fail: the bare HTTP client does, usually within the first hundred."""
    async with (
        servers.serving(slow(GOOD, 0.004)) as server,
        httpcore.AsyncConnectionPool(max_connections=4) as pool,
    ):
        lost = 0

        for _ in range(10):
            await leave_early(120, partial(pool.request, "GET", f"{server.origin}/users/me"))
            await asyncio.sleep(0.05)
            lost += sum(not connection.is_idle() for connection in pool.connections)

        assert lost > 0


async def test_a_booking_outlives_the_caller_that_leaves() -> None:
    arrived = asyncio.Event()
    answered = asyncio.Event()

    async def talk(visit: servers.Visit) -> None:
        arrived.set()
        await asyncio.sleep(0.1)
        await visit.say(BOOKED)
        answered.set()

    async with servers.serving(talk) as server:
        client = CalendlyClient(rig.transport_to(server.origin))
        booking = asyncio.create_task(client.create_invitee(booking_at(server.origin)))
        await arrived.wait()

        booking.cancel()
        await client.aclose()

        assert booking.cancelled()
        assert answered.is_set()


async def test_closing_waits_no_longer_than_a_booking_may_take() -> None:
    async with servers.serving(servers.silence) as server:
        client = CalendlyClient(rig.transport_to(server.origin, write_deadline=rig.ms(400)))
        booking = asyncio.create_task(client.create_invitee(booking_at(server.origin)))
        await asyncio.sleep(0.05)
        watch = Stopwatch()

        await client.aclose()

        assert watch.stop() < 0.7
        with pytest.raises(OutcomeUnknownError):
            await booking


async def test_closing_does_not_wait_for_reads() -> None:
    async with servers.serving(servers.silence) as server:
        client = CalendlyClient(rig.transport_to(server.origin))
        read = asyncio.create_task(client.get_current_user())
        await asyncio.sleep(0.05)

        await client.aclose()

        with pytest.raises(UpstreamTimeoutError):
            await read


async def test_a_closed_client_takes_no_call() -> None:
    async with servers.serving(servers.always(GOOD)) as server:
        client = CalendlyClient(rig.transport_to(server.origin))
        await client.aclose()

        with pytest.raises(UpstreamBusyError):
            await client.get_current_user()

        assert server.connections == 0


async def test_pages_share_one_deadline() -> None:
    def page(number: int) -> servers.Talk:
        following = f"{origin[0]}/event_types?page_token={number}"
        return slow(servers.json_reply(rig.collection(next_page=following)), 0.15)

    async def talk(visit: servers.Visit) -> None:
        await page(visit.number)(visit)

    origin: list[str] = []
    async with servers.serving(talk) as server:
        origin.append(server.origin)
        client = CalendlyClient(rig.transport_to(server.origin, read_deadline=rig.ms(400)))
        watch = Stopwatch()

        with pytest.raises(UpstreamTimeoutError):
            await client.list_event_types(user=f"{server.origin}/users/ADA")

        assert watch.stop() < 0.7
        await client.aclose()


async def test_a_call_that_no_deadline_leaves_time_for_is_not_made() -> None:
    async with servers.serving(servers.always(GOOD)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, read_deadline=rig.ms(0)))

        with pytest.raises(UpstreamTimeoutError):
            await client.get_current_user()

        assert server.connections == 0
        await client.aclose()
