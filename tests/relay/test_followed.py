"""Whoever keeps bookings by what the relay tells of them knows what stands, in whatever order Calendly delivers."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from app.webhooks.subscriptions import EVENTS
from tests.life.stage import made
from tests.relay.hearing import all_told, carried_out, hearing
from tests.relay.receiver import Received, Receiver
from tests.support.hooks import KEY, deliver
from tests.support.hosted_pages import HostedPages
from tests.support.redis import RedisServer
from tests.support.service import Service
from tests.support.simulation import Simulation
from tests.support.webhooks import deliveries, subscribe

NOWHERE = "http://127.0.0.1:9"
"""Where Calendly delivers in vain: what it has to tell is delivered here, in another order."""


@dataclass
class Book:
    """What a receiver keeps: bookings by their references; what is over stays so."""

    starts: dict[str, str] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)

    def hear(self, received: Iterable[Received]) -> None:
        for each in received:
            name = each.data["reference"]
            self.starts[name] = each.data["start"]
            if each.data["status"] == "canceled":
                self.over.add(name)
            if each.data["replaces"] is not None:
                self.over.add(each.data["replaces"])

    @property
    def standing(self) -> list[str]:
        return sorted(start for name, start in self.starts.items() if name not in self.over)


@dataclass(frozen=True, slots=True)
class Scene:
    bff: Service
    pages: HostedPages
    calendly: Simulation
    redis: RedisServer
    receiver: Receiver

    async def told(self, order: Sequence[int]) -> list[Received]:
        """All that the receiver hears, where deliveries come in this order, by when they happened, from 0."""
        messages = [each["message"] for each in await deliveries(self.calendly)]
        assert sorted(order) == list(range(len(messages)))
        for number, which in enumerate(order, 1):
            answer = await deliver(self.bff.http, messages[which], self.calendly.clock())
            assert answer.status_code == 204
            await carried_out(self.bff, number)
        return await all_told(self.redis, self.receiver)


@pytest.fixture
async def scene(calendly: Simulation, redis: RedisServer, receiver: Receiver) -> AsyncIterator[Scene]:
    await subscribe(calendly, NOWHERE, events=EVENTS, signing_key=KEY)
    async with hearing(calendly, redis, receiver) as bff:
        yield Scene(bff, HostedPages(calendly.http), calendly, redis, receiver)


@pytest.mark.fault("W03")
@pytest.mark.parametrize(
    "order",
    [
        pytest.param((0, 1, 2, 3), id="as it happened"),
        pytest.param((0, 1, 3, 2), id="the end of the new one before its beginning"),
        pytest.param((3, 2, 1, 0), id="backwards"),
    ],
)
async def test_what_was_moved_and_canceled_does_not_stand(scene: Scene, order: Sequence[int]) -> None:
    start, _, later, *_ = await scene.bff.free("intro-call")
    await scene.pages.cancel(await scene.pages.move(await scene.pages.book("intro-call", start), later))
    book = Book()

    book.hear(await scene.told(order))

    assert later in book.starts.values()
    assert book.standing == []


@pytest.mark.fault("W03")
@pytest.mark.parametrize(
    "order",
    [
        pytest.param((0, 1, 2, 3, 4), id="as it happened"),
        pytest.param((0, 3, 4, 1, 2), id="the second move before the first"),
        pytest.param((4, 3, 0, 2, 1), id="the new ones first"),
    ],
)
async def test_of_what_was_moved_twice_the_last_time_alone_stands(scene: Scene, order: Sequence[int]) -> None:
    start, second, third, *_ = await scene.bff.free("intro-call")
    await scene.pages.move(await scene.pages.move(await scene.pages.book("intro-call", start), second), third)
    book = Book()

    book.hear(await scene.told(order))

    assert start in book.starts.values()
    assert book.standing == [third]


@pytest.mark.fault("W03")
async def test_what_was_booked_here_and_is_moved_at_calendly_is_known_again(scene: Scene) -> None:
    booking = await made(scene.bff)
    invitee = booking["hosted"]["rescheduleUrl"].rpartition("/")[2]
    later = (await scene.bff.free("intro-call"))[4]
    await scene.pages.cancel(await scene.pages.move(invitee, later))

    first, *others = await scene.told((0, 1, 3, 2))

    assert first.data["bookingId"] == booking["id"]
    assert {each.type for each in others} == {"booking.canceled", "booking.rescheduled"}
    assert {each.data["bookingId"] for each in others} == {None}
    assert {each.data["replaces"] for each in others} == {first.data["reference"]}
    assert {each.data["status"] for each in others} == {"canceled"}


async def test_a_reference_is_no_way_to_calendlys_pages(scene: Scene) -> None:
    """Calendly's own id of an invitee is the last part of the link with which anybody can cancel."""
    invitee = await scene.pages.book("intro-call", (await scene.bff.free("intro-call"))[0])

    [received] = await scene.told((0,))

    assert received.data["reference"].startswith("ref_")
    assert invitee not in received.body.decode()
