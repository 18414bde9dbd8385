"""What is told is kept once, in order, and for those who come back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as AwayError

from app.cache import keys
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.store.embedded import embedded_store
from app.streams import log
from app.streams.log import EventLog, Heard
from app.streams.news import AvailabilityChanged, News, Position, Reset, SlotTaken

TAKEN = SlotTaken("intro", datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
CHANGED = AvailabilityChanged(None)


def log_on(store: Redis, reach: Reach | None = None) -> EventLog:
    return EventLog(partial(Steps, store, reach or Reach(store.ping, CollectorRegistry())))


@pytest.fixture(params=["redis", "embedded"])
async def kept(request: pytest.FixtureRequest, store: Redis) -> AsyncIterator[Redis]:
    """Both kinds of stores."""
    if request.param == "redis":
        yield store
        return
    async with embedded_store() as embedded:
        yield embedded


async def position(events: EventLog, account: str = "ada") -> Position:
    seen = await events.since(account, None)
    assert seen is not None
    assert seen.entries == []
    return seen.position


async def news_since(events: EventLog, last: Position, account: str = "ada") -> list[News] | None:
    seen = await events.since(account, last)
    assert seen is not None
    return None if seen.entries is None else [each.news for each in seen.entries]


async def test_what_is_told_is_there_for_whoever_comes_back(kept: Redis) -> None:
    events, other = log_on(kept), log_on(kept)
    first = await position(other)

    assert await events.tell("ada", TAKEN, "taken:1")
    assert await events.tell("ada", CHANGED, "changed:1")

    assert await news_since(other, first) == [TAKEN, CHANGED]
    assert await news_since(other, await position(other)) == []


async def test_what_is_told_again_is_told_once(kept: Redis) -> None:
    events, other = log_on(kept), log_on(kept)
    first = await position(events)

    done = [await each.tell("ada", TAKEN, "taken:1") for each in (events, other, events)]

    assert done == [True, True, True]
    assert await news_since(events, first) == [TAKEN]


async def test_accounts_do_not_hear_each_other(kept: Redis) -> None:
    events = log_on(kept)
    first = await position(events, "bob")
    await events.tell("ada", TAKEN, "taken:1")

    assert await news_since(events, first, "bob") == []


async def test_the_same_is_published_with_what_was_before(kept: Redis) -> None:
    events = log_on(kept)
    async with kept.pubsub() as channel:
        await channel.subscribe(keys.happenings())
        first = await position(events)
        await events.tell("ada", TAKEN, "taken:1")
        await events.tell("ada", CHANGED, "changed:1")
        heard: list[Heard] = []
        while len(heard) < 2:
            message = await channel.get_message(timeout=1)
            if message is not None and message["type"] == "message":
                heard.append(Heard.parsed(message["data"]))

    seen = await events.since("ada", first)
    assert seen is not None
    assert [each.entry for each in heard] == seen.entries
    assert [(each.account, each.before) for each in heard] == [
        ("ada", first),
        ("ada", heard[0].entry.position),
    ]


async def test_another_log_is_not_taken_for_the_one_that_was_heard(kept: Redis) -> None:
    events = log_on(kept)
    first = await position(events)
    await kept.flushall()
    await events.tell("ada", TAKEN, "taken:1")

    assert await news_since(events, first) is None


async def test_the_same_place_in_another_log_is_another_place(kept: Redis) -> None:
    events = log_on(kept)
    first = await position(events)

    assert await news_since(events, first._replace(epoch="00000000")) is None


async def test_a_place_that_was_trimmed_away_is_not_known_any_more(kept: Redis) -> None:
    events = log_on(kept)
    first = await position(events)
    await events.tell("ada", TAKEN, "taken:1")
    await kept.xtrim(keys.told("ada"), maxlen=1, approximate=False)

    assert await news_since(events, first) is None


async def test_more_than_is_worth_telling_again_is_not_told(kept: Redis) -> None:
    events = log_on(kept)
    first = await position(events)
    for number in range(log.REPLAYED):
        await events.tell("ada", CHANGED, f"changed:{number}")
    enough = await news_since(events, first)

    await events.tell("ada", CHANGED, "changed:last")

    assert enough == [CHANGED] * log.REPLAYED
    assert await news_since(events, first) is None


async def test_a_log_does_not_grow_without_end(store: Redis) -> None:
    events = log_on(store)
    for number in range(log.MOST + 200):
        await events.tell("ada", CHANGED, f"changed:{number}")

    assert log.MOST <= await store.xlen(keys.told("ada")) < log.MOST + 200


async def test_all_of_it_goes_a_day_after_the_last_word(store: Redis) -> None:
    await log_on(store).tell("ada", TAKEN, "taken:1")

    lives = [await store.ttl(name) for name in await store.keys()]

    assert len(lives) == 2
    assert all(86_000 < life <= 86_400 for life in lives)


async def test_no_key_tells_whose_booking_it_was(store: Redis) -> None:
    await log_on(store).tell("ada", TAKEN, "taken:an-invitee")

    assert [name for name in await store.keys() if b"invitee" in name] == []


@pytest.mark.fault("R10")
async def test_what_nobody_has_told_may_have_been_anything(store: Redis) -> None:
    events = log_on(store)
    first = await position(events)
    await store.xadd(keys.told("ada"), {"epoch": first.epoch, "news": "{}"})

    assert await news_since(events, first) is None


@pytest.mark.fault("R10")
@pytest.mark.parametrize("foreign", ["value", "entry"])
async def test_what_is_no_log_is_replaced_by_one(store: Redis, foreign: str) -> None:
    if foreign == "value":
        await store.set(keys.told("ada"), "what is this")
    else:
        await store.xadd(keys.told("ada"), {"what": "is this"})
    events = log_on(store)

    first = await position(events)
    await events.tell("ada", Reset(), "reset:1")

    assert await news_since(events, first) == [Reset()]


async def test_while_redis_is_away_nothing_is_told_and_nobody_knows(store: Redis) -> None:
    reach = Reach(store.ping, CollectorRegistry())
    events = log_on(store, reach)
    reach.failed(AwayError())

    assert (await events.tell("ada", TAKEN, "taken:1"), await events.since("ada", None)) == (False, None)

    await reach.ask()
    assert await events.tell("ada", TAKEN, "taken:1")


@pytest.mark.parametrize(
    "message", [b"", b"ada", b"ada x  {}", b"ada 5e0c1d6a-1-0  {}", b"\xff \xff \xff \xff"]
)
def test_what_nobody_has_published_is_not_heard(message: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Heard.parsed(message)
