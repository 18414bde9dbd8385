"""Deliveries are carried out, whatever stands in the way."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.background import running
from app.errors import UpstreamFailedError
from app.store.script import Script
from app.store.state import Reply, StateStore, StoreAwayError
from app.webhooks.deliveries import read
from app.webhooks.effects import DaysUntrue, News, Notice, Outcome, Seated
from app.webhooks.hosts import Host, NotDoneError
from app.webhooks.inbox import MOST_TRIES, Inbox
from app.webhooks.worker import Pace, Worker
from tests.soak.waiting import until
from tests.support.hooks import START, USER, delivery, event_type_delivery, uri_of
from tests.support.simulation import MONDAY, Json
from tests.webhooks.conftest import SECRET

ADA = "ADAAAAAAAAAAAAAA"
QUICK = Pace(
    poll=timedelta(milliseconds=10),
    hold=timedelta(milliseconds=300),
    first_wait=timedelta(0),
    longest_away=timedelta(0),
)
PATIENCE = 10.0


@dataclass
class Town:
    """One host, who remembers all that was done, in order, and at first fails as often as wished. `cache_away`: so
    often days cannot be forgotten.
    """

    failures: int = 0
    failure: type[Exception] = UpstreamFailedError
    done: list[object] = field(default_factory=list)
    user: str = USER
    cache_away: int = 0
    at_work: asyncio.Event = field(default_factory=asyncio.Event)

    async def own(self) -> str:
        return ADA

    async def ids(self) -> Sequence[str]:
        return [ADA]

    async def of(self, id_: str) -> Host | None:
        return self if id_ == ADA else None

    async def forget_days(self, days: DaysUntrue) -> None:
        if self.cache_away:
            self.cache_away -= 1
            raise NotDoneError
        await self._do(days)

    async def forget_event_types(self) -> None:
        await self._do("event types")

    async def settle(self, seated: Seated) -> None:
        await self._do(seated)

    async def tell(self, news: News) -> None:
        await self._do(news)

    async def relay(self, notice: Notice) -> None:
        await self._do(notice)

    async def _do(self, what: object) -> None:
        self.at_work.set()
        if self.failures:
            self.failures -= 1
            raise self.failure
        self.done.append(what)

    def outcomes(self) -> Counter[str]:
        return Counter(each.once for each in self.done if isinstance(each, Notice))


@dataclass
class Rig:
    inbox: Inbox
    town: Town = field(default_factory=Town)
    counts: Counter[str] = field(default_factory=Counter)
    pace: Pace = QUICK

    def worker(self) -> Worker:
        return Worker(
            inbox=self.inbox, hosts=self.town, count=self._count, clock=lambda: MONDAY, pace=self.pace
        )

    def _count(self, outcome: str) -> None:
        self.counts[outcome] += 1

    async def put(self, message: Json, account: str = ADA) -> None:
        received = read(json.dumps(message).encode())
        assert received.delivery is not None
        await self.inbox.put(account, received.identity, received.delivery)

    @asynccontextmanager
    async def working(self, workers: int = 1) -> AsyncIterator[None]:
        if not workers:
            yield
            return
        async with running(self.worker().run()), self.working(workers - 1):
            yield

    async def empty(self) -> bool:
        return (await self.inbox.counts([ADA]))[0] == 0

    async def worked_off(self, workers: int = 1) -> None:
        async with asyncio.timeout(PATIENCE), self.working(workers):
            await until(self.empty, every=0.01)


@pytest.fixture
def rig(inbox: Inbox) -> Rig:
    return Rig(inbox)


async def test_a_booking_is_carried_out_in_order(rig: Rig) -> None:
    await rig.put(delivery())

    await rig.worked_off()

    days, seated, news, notice = rig.town.done
    assert days == DaysUntrue(START, START + timedelta(minutes=30), "INTROCALLAAAAAAA")
    assert isinstance(seated, Seated)
    assert isinstance(news, News)
    assert isinstance(notice, Notice)
    assert rig.counts == {"done": 1}


async def test_a_changed_event_type_is_carried_out(rig: Rig) -> None:
    await rig.put(event_type_delivery())

    await rig.worked_off()

    assert rig.town.done == ["event types"]


async def test_what_is_known_decides_what_is_told(rig: Rig) -> None:
    await rig.put(delivery("invitee.canceled"))
    await rig.worked_off()
    await rig.put(delivery())
    await rig.worked_off()

    assert rig.town.outcomes() == {"canceled:IN1": 1}


async def test_both_halves_of_a_move_are_told_as_one(rig: Rig) -> None:
    await rig.put(delivery(invitee="B", old_invitee=uri_of("A")))
    await rig.worked_off()
    await rig.put(delivery("invitee.canceled", "A", new_invitee=uri_of("B"), rescheduled=True))
    await rig.worked_off()

    assert rig.town.outcomes() == {"rescheduled:B": 1}


@pytest.mark.parametrize("failure", [UpstreamFailedError, ZeroDivisionError])
async def test_what_fails_is_tried_again(rig: Rig, failure: type[Exception]) -> None:
    rig.town.failures, rig.town.failure = MOST_TRIES - 1, failure
    await rig.put(delivery())

    await rig.worked_off()

    assert (rig.town.outcomes(), rig.counts) == ({"confirmed:IN1": 1}, {"done": 1})


async def test_what_always_fails_is_set_aside_and_holds_up_nothing(rig: Rig) -> None:
    rig.town.failures = MOST_TRIES
    await rig.put(delivery())
    await rig.worked_off()

    await rig.put(delivery(invitee="IN2"))
    await rig.worked_off()

    assert rig.counts == {"set_aside": 1, "done": 1}
    assert await rig.inbox.counts([ADA]) == (0, 1)
    assert rig.town.outcomes() == {"confirmed:IN2": 1}


async def test_a_neighbour_that_is_away_costs_time_only(rig: Rig) -> None:
    rig.town.cache_away = 3 * MOST_TRIES
    await rig.put(delivery())

    await rig.worked_off()

    assert rig.counts == {"done": 1}
    assert await rig.inbox.counts([ADA]) == (0, 0)


async def test_what_needs_no_cache_is_not_held_up_by_it_and_nobody_reads_untrue_days(rig: Rig) -> None:
    rig.town.cache_away = 1
    await rig.put(delivery())

    await rig.worked_off()

    before, after = rig.town.done[:2], rig.town.done[2:]
    assert [type(each) for each in before] == [Seated, Notice]
    assert [type(each) for each in after] == [DaysUntrue, Seated, News, Notice]
    assert rig.town.outcomes() == {"confirmed:IN1": 2}


async def test_what_was_set_aside_is_carried_out_once_it_is_replayed(rig: Rig) -> None:
    rig.town.failures = MOST_TRIES
    await rig.put(delivery())
    await rig.worked_off()
    assert rig.counts == {"set_aside": 1}

    replayed = await rig.inbox.replay(ADA)
    await rig.worked_off()

    assert (replayed, rig.town.outcomes(), rig.counts["done"]) == (1, {"confirmed:IN1": 1}, 1)


async def test_what_the_store_does_not_let_be_done_is_no_failure_of_the_delivery(rig: Rig) -> None:
    rig.town.failures, rig.town.failure = 2, StoreAwayError
    await rig.put(delivery())

    await rig.worked_off()

    assert rig.town.outcomes() == {"confirmed:IN1": 1}


def test_waits_grow_to_a_quarter_of_an_hour() -> None:
    waits = [Pace().wait(tries).total_seconds() for tries in range(MOST_TRIES)]

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900]


@pytest.mark.fault("W08")
@pytest.mark.parametrize(
    "message",
    [
        delivery(scheduled_event={"event_memberships": [{"user": "https://calendly.example.test/users/G"}]}),
        event_type_delivery(profile=None) | {"created_by": "https://calendly.example.test/users/G"},
    ],
    ids=["booking", "event type"],
)
async def test_what_is_about_another_has_no_effect_and_is_counted(rig: Rig, message: Json) -> None:
    await rig.put(message)

    await rig.worked_off()

    assert (rig.town.done, rig.counts) == ([], {"foreign": 1})


async def test_several_processes_carry_out_each_delivery_once(rig: Rig) -> None:
    for number in range(60):
        await rig.put(delivery(invitee=f"IN{number}"))

    await rig.worked_off(workers=4)

    assert rig.town.outcomes() == {f"confirmed:IN{number}": 1 for number in range(60)}


async def test_deliveries_about_one_invitee_end_alike_however_they_race(rig: Rig) -> None:
    """Whoever was too slow decides anew at once, and not when the lease is over."""
    rig.pace = replace(QUICK, hold=timedelta(hours=1))
    for number in range(10):
        message = delivery() | {"created_at": f"2026-11-23T06:00:{number:02}.000000Z"}
        await rig.put(message | {"event": "invitee.canceled" if number % 2 else "invitee.created"})

    await rig.worked_off(workers=4)

    found = (await rig.inbox.read(ADA, ["IN1"])).records["IN1"]
    assert (found.created, found.canceled, found.moved) == (True, True, False)
    assert rig.counts == {"done": 10}
    assert "canceled:IN1" in rig.town.outcomes()


async def test_a_process_that_dies_leaves_it_to_the_next(rig: Rig) -> None:
    await rig.put(delivery())
    holding = asyncio.Event()

    async def never(_: Notice) -> None:
        holding.set()
        await asyncio.Event().wait()

    stuck = Rig(rig.inbox, _Stuck(never))
    async with stuck.working():
        await holding.wait()

    await rig.worked_off()

    assert [each.outcome for each in rig.town.done if isinstance(each, Notice)] == [Outcome.CONFIRMED]


class _Stuck(Town):
    def __init__(self, relay: Callable[[Notice], Awaitable[None]]) -> None:
        super().__init__()
        self._relay = relay

    async def relay(self, notice: Notice) -> None:
        await self._relay(notice)


async def test_it_begins_at_once_when_it_is_told_to(rig: Rig) -> None:
    rig.pace = Pace(poll=timedelta(hours=1))
    worker = rig.worker()
    async with asyncio.timeout(PATIENCE), running(worker.run()):
        await asyncio.sleep(0.05)
        await rig.put(delivery())
        worker.nudge()
        await until(rig.empty, every=0.01)


async def test_a_store_that_is_away_ends_nothing(rig: Rig, store: Redis) -> None:
    class Away(StateStore):
        away = 3

        async def run(
            self, script: Script, keys: Sequence[str], args: Sequence[str | int | float | bytes] = ()
        ) -> Reply:
            if Away.away:
                Away.away -= 1
                raise StoreAwayError
            return await super().run(script, keys, args)

    await rig.put(delivery())
    rig.inbox = Inbox(Away(store), [SECRET])

    async with asyncio.timeout(PATIENCE), running(rig.worker().run()):
        await until(_told(rig), every=0.01)


def _told(rig: Rig) -> Callable[[], Awaitable[bool]]:
    async def told() -> bool:
        return bool(rig.town.outcomes())

    return told


async def test_accounts_that_nobody_knows_yet_end_nothing(rig: Rig) -> None:
    class Unknown(Town):
        unknown = 2

        async def ids(self) -> Sequence[str]:
            if self.unknown:
                self.unknown -= 1
                raise UpstreamFailedError
            return await super().ids()

    rig.town = Unknown()
    await rig.put(delivery())

    await rig.worked_off()

    assert rig.counts == {"done": 1}


async def test_what_nobody_can_open_is_set_aside(rig: Rig, store: Redis) -> None:
    await rig.put(delivery())
    stranger = Rig(Inbox(StateStore(store), [b"another, for the same tests only"]))

    await stranger.worked_off()

    assert (stranger.town.done, stranger.counts) == ([], {"set_aside": 1})
