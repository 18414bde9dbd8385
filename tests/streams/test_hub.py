"""Whoever listens hears everything once, whatever happens to the subscription and the log."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from itertools import pairwise

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as AwayError

from app.background import running
from app.cache import keys
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.errors import OverloadedError
from app.streams.hub import AT_ONCE
from app.streams.listener import MOST_MISSED, MOST_WAITING
from app.streams.log import EventLog, Seen
from app.streams.news import AvailabilityChanged, Position, Reset, encoded
from tests.soak.waiting import until
from tests.streams.ears import HEARD_WITHIN, VISIT, Replica, log_on, replica, taken
from tests.support.redis import RedisServer


@pytest.fixture
def events(store: Redis) -> EventLog:
    return log_on(store)


@pytest.fixture
async def one(redis: RedisServer, store: Redis) -> AsyncIterator[Replica]:
    async with replica(redis.url(), store) as replica_:
        yield replica_


async def tell(events: EventLog, *numbers: int) -> None:
    for number in numbers:
        assert await events.tell("ada", taken(number), f"taken:{number}")


async def test_each_hears_of_its_own_event_type_and_account(one: Replica, events: EventLog) -> None:
    intro, visit, elsewhere = [
        (await one.listen())[0],
        (await one.listen(VISIT))[0],
        (await one.listen(account="bob"))[0],
    ]

    await tell(events, 1)
    await events.tell("ada", AvailabilityChanged(None), "changed:1")
    await events.tell("bob", Reset(), "reset:1")

    await intro.until("slot.taken 00:01", "availability.changed")
    await visit.until("availability.changed")
    await elsewhere.until("reset")


async def test_what_one_replica_tells_is_heard_at_others(
    redis: RedisServer, store: Redis, one: Replica, events: EventLog
) -> None:
    async with replica(redis.url(), store) as two:
        ears = [(await each.listen())[0] for each in (one, two)]

        await tell(events, 1, 2)

        for ear in ears:
            await ear.until("slot.taken 00:01", "slot.taken 00:02")


async def test_whoever_comes_back_hears_what_was_told_meanwhile_and_goes_on(
    one: Replica, events: EventLog
) -> None:
    first, listener = await one.listen()
    await tell(events, 1)
    await first.until("slot.taken 00:01")
    one.hub.leave(listener)
    await tell(events, 2, 3)

    second, _ = await one.listen(last_id=first.last_id)
    await tell(events, 4)

    await second.until("slot.taken 00:02", "slot.taken 00:03", "slot.taken 00:04")


async def test_whoever_heard_nothing_yet_can_come_back_too(one: Replica, events: EventLog) -> None:
    first, listener = await one.listen()
    one.hub.leave(listener)
    await tell(events, 1)

    second, _ = await one.listen(last_id=first.last_id)

    await second.until("slot.taken 00:01")


@pytest.mark.parametrize("last_id", ["x", "00000000-1-0"])
async def test_whoever_comes_back_from_nowhere_is_to_begin_anew(
    one: Replica, events: EventLog, last_id: str
) -> None:
    ear, _ = await one.listen(last_id=last_id)
    await ear.until("reset")
    has_a_place = bool(ear.last_id)

    await tell(events, 1)

    await ear.until("reset", "slot.taken 00:01")
    assert has_a_place


async def test_whoever_missed_too_much_is_to_begin_anew(one: Replica, events: EventLog) -> None:
    first, listener = await one.listen()
    one.hub.leave(listener)
    await tell(events, *range(MOST_MISSED + 1))

    second, _ = await one.listen(last_id=first.last_id)

    await second.until("reset")


async def test_nothing_is_missed_and_nothing_comes_twice_while_many_join(
    one: Replica, events: EventLog
) -> None:
    """They come back to the same place while more is being told."""
    first, listener = await one.listen()
    one.hub.leave(listener)
    telling = asyncio.create_task(tell(events, *range(30)))
    ears = []
    while not telling.done():
        ears.append((await one.listen(last_id=first.last_id))[0])
    await telling

    for ear in ears:
        await ear.until(*(f"slot.taken 00:{number:02}" for number in range(30)))
    assert len(ears) > 5


async def test_what_was_told_while_nobody_listened_is_made_up_for(
    one: Replica, store: Redis, events: EventLog
) -> None:
    ear, _ = await one.listen()
    for number in range(20):
        await store.client_kill_filter(_type="pubsub")
        await tell(events, number)

    await ear.until(*(f"slot.taken 00:{number:02}" for number in range(20)))


async def test_after_the_log_was_lost_everybody_is_to_begin_anew(
    one: Replica, store: Redis, events: EventLog
) -> None:
    ear, _ = await one.listen()
    await tell(events, 1)
    await ear.until("slot.taken 00:01")
    await store.flushall()

    await tell(events, 2)
    await ear.until("slot.taken 00:01", "reset")
    await tell(events, 3)

    await ear.until("slot.taken 00:01", "reset", "slot.taken 00:03")


async def test_after_too_much_was_trimmed_away_everybody_is_to_begin_anew(
    one: Replica, store: Redis, events: EventLog
) -> None:
    ear, _ = await one.listen()
    await tell(events, 1)
    await ear.until("slot.taken 00:01")
    await store.xadd(keys.told("ada"), {"epoch": ear.last_id[:8], "news": ""})
    await store.xtrim(keys.told("ada"), maxlen=1, approximate=False)

    await tell(events, 2)

    await ear.until("slot.taken 00:01", "reset")


@pytest.mark.fault("R10")
async def test_what_cannot_be_understood_may_have_been_anything(
    one: Replica, store: Redis, events: EventLog
) -> None:
    ear, _ = await one.listen()

    await store.publish(keys.happenings(), b"\xff what is this")
    await tell(events, 1)

    await ear.until("slot.taken 00:01")


async def test_whoever_listens_while_redis_is_away_begins_anew_and_again_when_it_is_back(
    redis: RedisServer, store: Redis
) -> None:
    reach = Reach(store.ping, CollectorRegistry())
    async with replica(redis.url(), store, events=log_on(store, reach)) as one:
        reach.failed(AwayError())
        ear, _ = await one.listen()
        await ear.until("reset")

        await store.client_kill_filter(_type="pubsub")

        async def is_behind() -> bool:
            return one.hub._rooms["ada"].is_behind

        async with asyncio.timeout(HEARD_WITHIN):
            await until(is_behind, every=0.01)
        await asyncio.sleep(0)
        await reach.ask()

        await ear.until("reset", "reset")


async def test_whoever_takes_nothing_is_cut_off_and_the_others_hear_all(
    one: Replica, events: EventLog
) -> None:
    slow, _ = await one.listen()
    quick, _ = await one.listen()
    await tell(events, 0)
    await slow.until("slot.taken 00:00")
    slow.takes.clear()

    # A few may have been on their way together.
    number = 2 * MOST_WAITING
    await tell(events, *range(1, number))

    await quick.until(*(f"slot.taken {minute // 60:02}:{minute % 60:02}" for minute in range(number)))
    assert (slow.was_cut, quick.was_cut, len(one.dropped), len(one.hub)) == (True, False, 1, 1)


async def test_a_sign_of_life_comes_now_and_then_and_moves_the_place_on(
    redis: RedisServer, store: Redis, events: EventLog
) -> None:
    async with replica(redis.url(), store, beats_every=0.05) as one, running(one.hub.beat()):
        intro, listener = await one.listen()
        visit, _ = await one.listen(VISIT)
        await tell(events, 1)
        await intro.until("slot.taken 00:01")

        async def has_moved_on() -> bool:
            return visit.last_id == intro.last_id != "" and visit.said.count(b":\nid: ") > 3

        async with asyncio.timeout(HEARD_WITHIN):
            await until(has_moved_on, every=0.01)
        one.hub.leave(listener)
        await tell(events, 2)
        again, _ = await one.listen(last_id=visit.last_id)

        await again.until("slot.taken 00:02")


class Slow(EventLog):
    """Holds what it has read while it is told to."""

    holds: asyncio.Event | None = None

    async def since(self, account: str, last: Position | None) -> Seen | None:
        holds = self.holds
        seen = await super().since(account, last)
        if holds is not None:
            await holds.wait()
        return seen


async def test_whoever_joins_while_all_begin_anew_does_so_too(store: Redis, redis: RedisServer) -> None:
    """What it has read of the log may be older than what the others have missed."""
    slow = Slow(partial(Steps, store, Reach(store.ping, CollectorRegistry())))
    async with replica(redis.url(), store, events=slow) as one:
        other, _ = await one.listen()
        await other.until()
        slow.holds = holding = asyncio.Event()
        joining = asyncio.create_task(one.listen())
        await asyncio.sleep(0.1)
        slow.holds = None
        await store.flushall()
        await tell(log_on(store), 1)
        await other.until("reset")
        holding.set()
        ear, _ = await joining
        await tell(log_on(store), 2)

        await ear.until("reset", "slot.taken 00:02")


async def test_there_are_no_more_streams_than_allowed(redis: RedisServer, store: Redis) -> None:
    async with replica(redis.url(), store, most=2) as one:
        _, first = await one.listen()
        await one.listen()
        with pytest.raises(OverloadedError):
            await one.listen()

        one.hub.leave(first)

        await one.listen()
        assert len(one.hub) == 2


async def test_at_the_end_all_streams_end_and_whoever_takes_nothing_is_cut_off(
    one: Replica, events: EventLog
) -> None:
    ears = [(await one.listen())[0] for _ in range(AT_ONCE + 1)]
    ears[0].takes.clear()
    await tell(events, 1)
    for ear in ears:
        await ear.until("slot.taken 00:01")

    one.hub.close()
    await asyncio.sleep(0.1)

    assert [ear.was_cut for ear in ears] == [True] + [False] * AT_ONCE
    assert all(ear.has_ended for ear in ears[1:])
    with pytest.raises(OverloadedError):
        await one.listen()


async def test_thousands_are_told_in_turns_between_which_all_else_goes_on(one: Replica) -> None:
    ears = [(await one.listen())[0] for _ in range(3 * AT_ONCE)]
    head = one.hub._rooms["ada"].head
    assert head is not None
    at = head._replace(milliseconds=head.milliseconds + 1)
    told = [0]

    one.hub.hear(f"ada {at} {head} ".encode() + encoded(taken(1)))
    async with asyncio.timeout(HEARD_WITHIN):
        while told[-1] < len(ears):
            await asyncio.sleep(0)
            told.append(sum(ear.names == ["slot.taken 00:01"] for ear in ears))

    assert max(after - before for before, after in pairwise(told)) <= AT_ONCE


async def test_a_room_that_is_left_leaves_nothing(one: Replica, events: EventLog) -> None:
    _, listener = await one.listen()

    one.hub.leave(listener)
    one.hub.leave(listener)
    await tell(events, 1)

    assert (len(one.hub), one.hub._rooms) == (0, {})
