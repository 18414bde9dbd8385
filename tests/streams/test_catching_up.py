"""Whoever may have missed something hears it, or is to begin anew; who merely had no turn yet is not cut off."""

import asyncio
from functools import partial

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as AwayError

from app.cache.reach import Reach
from app.cache.steps import Steps
from app.streams.listener import MOST_MISSED, MOST_WAITING
from app.streams.log import EventLog
from app.streams.news import Position, encoded
from tests.streams.ears import Slow, deaf_replica, log_on, taken

MANY = MOST_WAITING + 6


@pytest.fixture
def reach(store: Redis) -> Reach:
    return Reach(store.ping, CollectorRegistry())


@pytest.fixture
def slow(store: Redis, reach: Reach) -> Slow:
    return Slow(partial(Steps, store, reach))


@pytest.fixture
def elsewhere(store: Redis) -> EventLog:
    """Of another replica."""
    return log_on(store)


async def tell(events: EventLog, *numbers: int) -> None:
    for number in numbers:
        assert await events.tell("ada", taken(number), f"taken:{number}")


async def test_whoever_joined_while_redis_was_away_is_not_taken_past_what_others_have_read_since(
    store: Redis, reach: Reach, elsewhere: EventLog
) -> None:
    with deaf_replica(log_on(store, reach)) as one:
        reach.failed(AwayError())
        early, _ = await one.listen()
        await early.until("reset")
        await reach.ask()
        await tell(elsewhere, 1)
        late, _ = await one.listen()

        one.hub.begin()

        await early.until("reset", "reset")
        await late.until("reset")


async def test_who_has_read_less_than_another_that_joined_meanwhile_begins_anew(
    slow: Slow, elsewhere: EventLog
) -> None:
    with deaf_replica(slow) as one:
        slow.hold()
        joining = asyncio.create_task(one.listen())
        await slow.until_it_holds()
        await tell(elsewhere, 1)
        late, _ = await one.listen()
        slow.let_go()
        early, _ = await joining

        await early.until("reset")
        await late.until()
        assert early.last_id == late.last_id != ""


async def test_after_more_than_a_page_can_use_was_missed_everybody_begins_anew_and_nobody_is_cut_off(
    store: Redis, elsewhere: EventLog
) -> None:
    with deaf_replica(log_on(store)) as one:
        ears = [(await one.listen())[0] for _ in range(5)]
        await tell(elsewhere, *range(MANY))
        one.hub.begin()
        for ear in ears:
            await ear.until("reset")

        await tell(elsewhere, MANY)
        one.hub.begin()

        for ear in ears:
            await ear.until("reset", f"slot.taken 01:{MANY - 60:02}")
        assert (len(one.dropped), len(one.hub)) == (0, 5)


async def test_what_others_have_missed_makes_nobody_begin_anew_who_missed_little(
    store: Redis, elsewhere: EventLog
) -> None:
    with deaf_replica(log_on(store)) as one:
        visit, _ = await one.listen("visit")
        intro, _ = await one.listen()
        await tell(elsewhere, *range(MOST_MISSED + 1))
        await elsewhere.tell("ada", taken(59, "visit"), "taken:visit")

        one.hub.begin()

        await visit.until("slot.taken 00:59")
        await intro.until("reset")


def said(number: int, before: Position) -> tuple[Position, bytes]:
    """What is published, and where it stands."""
    position = before._replace(milliseconds=before.milliseconds + 1)
    return position, f"ada {position} {before} ".encode() + encoded(taken(number))


async def test_who_had_no_turn_to_take_a_burst_begins_anew_and_is_not_cut_off(
    store: Redis, elsewhere: EventLog
) -> None:
    with deaf_replica(log_on(store)) as one:
        ear, _ = await one.listen()
        await tell(elsewhere, 0)
        one.hub.begin()
        await ear.until("slot.taken 00:00")
        head = Position.parsed(ear.last_id)
        assert head is not None

        for number in range(MANY):
            head, message = said(number, head)
            one.hub.hear(message)

        last = [f"slot.taken 01:{number - 60:02}" for number in range(MOST_WAITING + 1, MANY)]
        await ear.until("slot.taken 00:00", "reset", *last)
        assert (ear.last_id, len(one.dropped)) == (str(head), 0)


async def test_a_burst_while_somebody_joins_makes_it_begin_anew(slow: Slow) -> None:
    with deaf_replica(slow) as one:
        await one.listen()
        head = one.hub._rooms["ada"].head
        assert head is not None
        slow.hold()
        joining = asyncio.create_task(one.listen())
        await slow.until_it_holds()
        for number in range(MANY):
            head, message = said(number, head)
            one.hub.hear(message)
        slow.let_go()
        ear, _ = await joining

        last = [f"slot.taken 01:{number - 60:02}" for number in range(MOST_WAITING + 1, MANY)]
        await ear.until("reset", *last)
        assert (ear.last_id, len(one.dropped)) == (str(head), 0)
