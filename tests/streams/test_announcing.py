"""What is announced is told in the background, once, and nobody who announces waits or fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec import structs
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as AwayError

from app.background import running
from app.cache.reach import Reach
from app.intents.model import Matter, Result, Wanted
from app.intents.settlement import Change
from app.streams.announcing import MOST_WAITING, Announcer, BookedTime
from app.streams.log import EventLog
from app.streams.news import AvailabilityChanged, News, Position, Reset, SlotFreed, SlotTaken
from tests.streams.ears import log_on

START = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
BOOKED = BookedTime(account="ada", event_type="intro", start=START, end=START + HALF_AN_HOUR, invitee="i1")
TAKEN, FREED = SlotTaken("intro", START), SlotFreed("intro", START)
DAYS = AvailabilityChanged([date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)])
EARLIER_DAYS = AvailabilityChanged([date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)])
RESULT = Result("e1", "i1")
MATTER = Matter(
    wanted=Wanted(
        user="u", organization="o", event_type="intro", start=START, email="grace@example.test", name="Grace"
    ),
    end=START + HALF_AN_HOUR,
    draft="",
    claims="",
    seats=1,
)
OF_A_TEAM = structs.replace(MATTER, wanted=structs.replace(MATTER.wanted, pooled=True))
MOVE = structs.replace(
    MATTER,
    replaces="e0",
    replaced_from=EARLIER,
    replaced_to=EARLIER + HALF_AN_HOUR,
    replaced_invitee="i0",
)


@dataclass
class Desk:
    """An announcer, and the log in which it is to be read."""

    announcer: Announcer
    events: EventLog
    began: Position

    async def told(self) -> list[News]:
        await self.announcer.finish()
        seen = await self.events.since("ada", self.began)
        assert seen is not None
        assert seen.entries is not None
        return [each.news for each in seen.entries]


@asynccontextmanager
async def at_desk(store: Redis, reach: Reach | None = None) -> AsyncIterator[Desk]:
    began = await log_on(store).since("ada", None)
    assert began is not None
    announcer = Announcer(log_on(store, reach))
    async with running(announcer.run()):
        yield Desk(announcer, log_on(store), began.position)


@pytest.fixture
async def desk(store: Redis) -> AsyncIterator[Desk]:
    async with at_desk(store) as desk:
        yield desk


@pytest.mark.parametrize(
    ("announce", "news"),
    [
        pytest.param(lambda to: to.taken(BOOKED, seats=1), [TAKEN, DAYS], id="the only seat"),
        pytest.param(lambda to: to.taken(BOOKED, seats=2), [DAYS], id="one of several seats"),
        pytest.param(lambda to: to.taken(BOOKED, seats=None), [DAYS], id="nobody knows how many seats"),
        pytest.param(lambda to: to.freed(BOOKED), [FREED, DAYS], id="given up"),
        pytest.param(lambda to: to.changed("ada", START, START), [DAYS], id="days"),
        pytest.param(lambda to: to.changed_all("ada"), [AvailabilityChanged(None)], id="all days"),
        pytest.param(
            lambda to: to.settled("ada", Change.BOOKED, MATTER, RESULT), [TAKEN, DAYS], id="an intent: booked"
        ),
        pytest.param(
            lambda to: to.settled("ada", Change.BOOKED, OF_A_TEAM, RESULT), [DAYS], id="an intent: of a team"
        ),
        pytest.param(
            lambda to: to.settled("ada", Change.UNDONE, MOVE, RESULT), [FREED, DAYS], id="an intent: undone"
        ),
        pytest.param(
            lambda to: to.settled("ada", Change.MOVED, MOVE, RESULT),
            [SlotFreed("intro", EARLIER), EARLIER_DAYS],
            id="an intent: moved",
        ),
        pytest.param(
            lambda to: to.settled("ada", Change.MOVED, structs.replace(MOVE, replaced_invitee=None), RESULT),
            [SlotFreed("intro", EARLIER), EARLIER_DAYS],
            id="an intent of an earlier version: moved",
        ),
    ],
)
async def test_what_happens_is_told(
    desk: Desk, announce: Callable[[Announcer], None], news: list[News]
) -> None:
    announce(desk.announcer)

    assert await desk.told() == news


async def test_what_several_replicas_notice_is_told_once(store: Redis, desk: Desk) -> None:
    async with at_desk(store) as other:
        for each in (desk, other, desk):
            each.announcer.taken(BOOKED, seats=1)
            await each.told()

        assert await desk.told() == [TAKEN, DAYS]


async def test_changes_of_the_same_days_are_each_told(desk: Desk) -> None:
    desk.announcer.changed("ada", START, START)
    desk.announcer.changed("ada", START, START)

    assert await desk.told() == [DAYS, DAYS]


async def test_what_could_not_be_told_is_told_when_redis_is_back(store: Redis) -> None:
    reach = Reach(store.ping, CollectorRegistry())
    reach.failed(AwayError())
    async with at_desk(store, reach) as desk:
        desk.announcer.taken(BOOKED, seats=1)
        before = await desk.told()
        await reach.ask()

        assert (before, await desk.told()) == ([], [TAKEN, DAYS])


async def test_where_too_much_waits_it_is_only_said_that_something_was_missed(store: Redis) -> None:
    reach = Reach(store.ping, CollectorRegistry())
    reach.failed(AwayError())
    async with at_desk(store, reach) as desk:
        for _ in range(MOST_WAITING + 1):
            desk.announcer.changed("ada", START, START)
        await asyncio.sleep(0)
        await reach.ask()

        assert await desk.told() == [Reset()]
