"""What a listener hears on a real Redis, and whether it knows that it would hear it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as AwayError
from structlog.testing import capture_logs

from app.cache.day_store import DayStore, Untrue
from app.cache.news import News
from app.cache.reach import Reach
from app.cache.subscription import BEAT, Subscription
from app.store.connection import open_store, subscriber
from tests.cache.replicas import DAY, DAYS, reach_of, replica
from tests.soak.waiting import until
from tests.support.redis import RedisServer
from tests.support.way import Way, way_to

HEARD_WITHIN = 10.0
"""Seconds, on a busy machine."""

SILENCE = 5 * BEAT
"""Seconds after which whoever takes silence for a fault has made the connection anew."""


@dataclass
class Ear:
    heard: "asyncio.Queue[Untrue]" = field(default_factory=asyncio.Queue)
    misses: int = 0
    """A busy machine may add some."""

    def hear(self, untrue: Untrue) -> None:
        self.heard.put_nowait(untrue)

    def miss(self) -> None:
        self.misses += 1

    async def next(self) -> Untrue:
        async with asyncio.timeout(HEARD_WITHIN):
            return await self.heard.get()


@dataclass
class Listening:
    subscription: Subscription
    news: News
    ear: Ear
    task: "asyncio.Task[None]"

    async def has_ended(self) -> bool:
        return self.task.done()

    async def until(self, is_so: Callable[[News], bool]) -> None:
        async def has_become_so() -> bool:
            return is_so(self.news)

        async with asyncio.timeout(HEARD_WITHIN):
            await until(has_become_so, every=0.01)

    async def until_missed(self, before: int = 0) -> None:
        """It took more for missed than before, and has no doubts."""
        await self.until(lambda news: self.ear.misses > before and not news.is_to_be_asked())


@asynccontextmanager
async def _listening(
    port: int, store: Redis, *, reach: Reach | None = None, doubts: bool = True
) -> AsyncIterator[Listening]:
    url = f"redis://127.0.0.1:{port}/0"
    subscription = Subscription(partial(subscriber, url, store))
    news = News(subscription, reach or reach_of(store), doubts=doubts)
    ear = Ear()
    news.join(replica(store).channel, ear)
    task = asyncio.create_task(subscription.listen())
    try:
        yield Listening(subscription, news, ear, task)
    finally:
        # The Redis library may swallow a cancellation that comes as a reply does.
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def listening(redis: RedisServer, store: Redis) -> AsyncIterator[Listening]:
    """Somebody who has subscribed."""
    async with _listening(redis.port, store) as listening:
        await listening.until_missed()
        yield listening


@pytest.fixture
async def way(redis: RedisServer) -> AsyncIterator[Way]:
    async with way_to(redis.port) as way:
        yield way


def _nowhere() -> Redis:
    raise AssertionError("nobody listens")


async def test_whoever_has_not_subscribed_is_to_ask(store: Redis) -> None:
    assert News(Subscription(_nowhere), reach_of(store), doubts=True).is_to_be_asked()


async def test_whoever_subscribes_takes_what_was_before_for_missed_and_need_not_ask(
    redis: RedisServer, store: Redis
) -> None:
    async with _listening(redis.port, store) as listening:
        before = listening.ear.misses, listening.news.is_to_be_asked()

        await listening.until_missed()

    assert before == (0, True)


async def test_what_becomes_untrue_is_heard_in_order(listening: Listening, days: DayStore) -> None:
    told = [await days.forget([DAY]), await days.forget(DAYS)]

    assert [await listening.ear.next() for _ in told] == told


async def test_news_of_other_accounts_are_not_heard(
    listening: Listening, store: Redis, days: DayStore
) -> None:
    await replica(store, account="bob").forget([DAY])
    told = await days.forget([DAY])

    assert await listening.ear.next() == told


async def test_what_cannot_be_understood_may_have_been_anything(
    listening: Listening, store: Redis, days: DayStore
) -> None:
    before = listening.ear.misses
    await store.publish(days.channel, b"\xff what is this")
    told = await days.forget([DAY])

    assert await listening.ear.next() == told
    assert listening.ear.misses > before


async def test_silence_is_believed_only_as_long_as_redis_gives_signs_of_life(listening: Listening) -> None:
    complete_at = listening.subscription.complete_at

    await listening.until(lambda _: listening.subscription.complete_at > complete_at)


async def test_a_subscription_that_falls_silent_is_doubted_and_heals(
    store: Redis, way: Way, days: DayStore
) -> None:
    async with _listening(way.port, store) as listening:
        await listening.until_missed()
        way.silenced = b"SUBSCRIBE"
        await days.forget([DAY])
        await listening.until(News.is_to_be_asked)
        before, has_heard = listening.ear.misses, not listening.ear.heard.empty()
        way.silenced = None

        await listening.until_missed(before)
        told = await days.forget([DAY])

        assert not has_heard
        assert await listening.ear.next() == told


async def test_a_subscription_that_is_thrown_out_is_made_again(
    listening: Listening, store: Redis, days: DayStore
) -> None:
    before = listening.ear.misses
    await store.client_kill_filter(_type="pubsub")

    await listening.until_missed(before)

    told = await days.forget([DAY])
    assert await listening.ear.next() == told


async def test_whoever_begins_while_redis_is_away_subscribes_when_it_is_there(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    async with open_store(server.url()) as store, _listening(server.port, store) as listening:
        was_to_ask = listening.news.is_to_be_asked()
        server.start()
        await listening.until_missed()
    server.kill()

    assert was_to_ask


async def test_a_redis_that_is_away_is_not_asked(store: Redis) -> None:
    reach = reach_of(store)
    news = News(Subscription(_nowhere), reach, doubts=True)
    reach.failed(AwayError())
    while_away = news.is_to_be_asked()
    await reach.ask()

    assert (while_away, news.is_to_be_asked()) == (False, True)


async def test_whoever_does_not_doubt_never_asks(store: Redis) -> None:
    assert not News(Subscription(_nowhere), reach_of(store), doubts=False).is_to_be_asked()


async def test_whoever_joins_is_not_sure_before_redis_has_said_that_it_would_be_told(
    listening: Listening, store: Redis
) -> None:
    days, ear = replica(store, account="bob"), Ear()
    listening.news.join(days.channel, ear)
    was_to_ask = listening.news.is_to_be_asked()
    await listening.until(lambda news: not news.is_to_be_asked())

    told = await days.forget([DAY])
    assert await ear.next() == told
    assert was_to_ask
    assert ear.misses == 1
    assert listening.ear.heard.empty()


async def test_whoever_leaves_is_told_nothing_more(
    listening: Listening, store: Redis, days: DayStore
) -> None:
    other, ear = replica(store, account="bob"), Ear()
    listening.news.join(other.channel, ear)
    await listening.until(lambda _: ear.misses == 1)
    listening.news.leave(other.channel, ear)

    await other.forget([DAY])
    told = await days.forget([DAY])
    assert await listening.ear.next() == told
    assert ear.heard.empty()


async def _nobody_listens(store: Redis) -> bool:
    return await store.client_list(_type="pubsub") == []


@pytest.mark.parametrize("is_killed", [False, True], ids=["silence", "killed"])
async def test_whoever_joins_after_all_have_left_is_told_again(
    listening: Listening, store: Redis, days: DayStore, *, is_killed: bool
) -> None:
    """However long nobody has, and whatever became of the connection: that is no error."""
    with capture_logs() as logged:
        listening.news.leave(days.channel, listening.ear)
        if is_killed:
            await store.client_kill_filter(_type="pubsub")
        async with asyncio.timeout(HEARD_WITHIN):
            await until(partial(_nobody_listens, store), every=0.01)
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE):
                await until(listening.has_ended, every=0.01)
        ear = Ear()
        listening.news.join(days.channel, ear)
        await listening.until(lambda news: ear.misses > 0 and not news.is_to_be_asked())

        told = await days.forget([DAY])
        assert await ear.next() == told
    assert [each for each in logged if each["log_level"] in {"warning", "error"}] == []


async def test_whoever_leaves_late_leaves_its_successor_alone(listening: Listening, days: DayStore) -> None:
    """As an account that is connected again before it was closed."""
    successor = Ear()
    listening.news.join(days.channel, successor)
    listening.news.leave(days.channel, listening.ear)
    await listening.until(lambda news: not news.is_to_be_asked())

    told = await days.forget([DAY])

    assert await successor.next() == told


@dataclass
class Faulty(Ear):
    """Comes to grief over the first that it hears."""

    grief: type[BaseException] = ZeroDivisionError
    has_come_to_it: bool = False

    def hear(self, untrue: Untrue) -> None:
        if not self.has_come_to_it:
            self.has_come_to_it = True
            raise self.grief
        super().hear(untrue)


@pytest.mark.parametrize(
    "grief",
    [
        ZeroDivisionError,
        # As the Redis library raises it, without anybody having cancelled.
        asyncio.CancelledError,
    ],
)
async def test_whatever_goes_wrong_listening_goes_on(
    listening: Listening, store: Redis, grief: type[BaseException]
) -> None:
    days, ear = replica(store, account="bob"), Faulty(grief=grief)
    listening.news.join(days.channel, ear)
    await listening.until(lambda _: ear.misses == 1)
    with capture_logs() as logged:
        await days.forget([DAY])

        await listening.until(lambda news: ear.misses > 1 and not news.is_to_be_asked())

        told = await days.forget([DAY])
        assert await ear.next() == told
    assert [each["event"] for each in logged if each["log_level"] == "error"] == ["cache.listening_failed"]
