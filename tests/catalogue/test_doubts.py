"""What was read by a clock that has been set back since is not shown as young, by whoever has it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from redis.asyncio import Redis

from app.cache.cache import Cache, Entry
from app.cache.clocks import AHEAD, WatchedClock
from app.cache.shared_flight import SharedFlight
from app.errors import UpstreamFailedError
from tests.cache.replicas import reach_of
from tests.calendly import rig
from tests.catalogue.replicas import FRESH, KEY, STALE, Calendly, Replicas, shown
from tests.soak.waiting import until
from tests.support.simulation import StandingClock

pytestmark = pytest.mark.fault("P06")

SECOND = timedelta(seconds=1)

T = TypeVar("T")


Step = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Is what happens meanwhile."""


class _StagedCache(Cache):
    """What happens while it is at work happens once. `written`: the names of all that was."""

    def __init__(self, store: Redis) -> None:
        super().__init__(store, reach_of(store), lifetime=STALE)
        self.before_reading: Step = _nothing
        self.after_reading: Step = _nothing
        self.before_writing: Step = _nothing
        self.written: list[str] = []

    async def read(self, keys: Sequence[str], kind: type[T]) -> dict[str, Entry[T]]:
        before, self.before_reading = self.before_reading, _nothing
        after, self.after_reading = self.after_reading, _nothing
        await before()
        found = await super().read(keys, kind)
        await after()
        return found

    async def write(self, entries: Mapping[str, Entry[Any]]) -> None:
        before, self.before_writing = self.before_writing, _nothing
        await before()
        await super().write(entries)
        self.written.extend(entries)


class _KeepingFlight(SharedFlight):
    async def drop(self, key: str) -> bool:
        del key
        return False


@pytest.fixture
def cache(store: Redis) -> _StagedCache:
    return _StagedCache(store)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(rig.NOW)


async def _is_dropped(store: Redis) -> None:
    async def is_so() -> bool:
        return not await store.exists(KEY)

    async with asyncio.timeout(10):
        await until(is_so, every=0.005)


async def _has_asked(calendly: Calendly) -> None:
    async def is_so() -> bool:
        return calendly.asked == 1

    async with asyncio.timeout(10):
        await until(is_so, every=0.005)


async def test_after_a_doubt_it_is_read_again_by_whoever_asks(
    replicas: Replicas, calendly: Calendly, store: Redis, clock: StandingClock
) -> None:
    """One that has another clock, or has begun since, knows of no doubt."""
    doubting = replicas.opened(clock)
    await doubting.offer()
    doubting.doubt()
    await _is_dropped(store)

    assert [await shown(each) for each in (replicas.opened(clock), doubting)] == [["Reading 2"]] * 2
    assert calendly.asked == 2


async def test_what_comes_after_a_doubt_is_believed(
    replicas: Replicas, calendly: Calendly, store: Redis, clock: StandingClock
) -> None:
    doubting = [replicas.opened(clock) for _ in range(2)]
    for each in doubting:
        await each.offer()
        each.doubt()
    await _is_dropped(store)

    assert [await shown(each) for each in doubting * 2] == [["Reading 2"]] * 4
    assert calendly.asked == 2


async def test_while_calendly_fails_nothing_from_before_a_doubt_does_instead(
    replicas: Replicas, calendly: Calendly, clock: StandingClock
) -> None:
    doubting = replicas.opened(clock)
    await doubting.offer()
    doubting.doubt()
    calendly.refusal = 503

    with pytest.raises(UpstreamFailedError):
        await doubting.offer()
    assert doubting.fresh_until < clock()


async def test_what_does_not_age_is_known_after_a_doubt(
    replicas: Replicas, calendly: Calendly, clock: StandingClock
) -> None:
    """Whose account it is, and the pages of its event types."""
    doubting = replicas.opened(clock)
    await doubting.offer()
    doubting.doubt()
    recalled = await doubting.recalled()

    assert recalled is not None
    assert not recalled.is_fresh
    assert [each.name for each in recalled.event_types] == ["Reading 1"]
    assert (await doubting.account()).slug == "ada"
    assert doubting.known_account() is not None
    assert [each.name for each in doubting.known()] == ["Reading 1"]
    assert calendly.asked == 1


@pytest.mark.fault("R01")
async def test_what_could_not_be_dropped_is_not_believed_and_dropped_later(
    replicas: Replicas, calendly: Calendly, store: Redis, clock: StandingClock
) -> None:
    doubting = replicas.opened(clock)
    await doubting.offer()
    [reach] = replicas.reaches
    reach.failed(OSError())
    calendly.refusal = 503
    doubting.doubt()
    with pytest.raises(UpstreamFailedError):
        await doubting.offer()
    kept = await store.exists(KEY)
    await reach.ask()
    with pytest.raises(UpstreamFailedError):
        await doubting.offer()

    assert (kept, await store.exists(KEY)) == (1, 0)


async def test_what_redis_does_not_drop_is_not_believed(
    replicas: Replicas, calendly: Calendly, clock: StandingClock
) -> None:
    """Though it lets it be read."""
    await replicas.opened(clock).offer()
    doubting = replicas.opened(clock, flight=_KeepingFlight)
    doubting.doubt()
    calendly.refusal = 503

    with pytest.raises(UpstreamFailedError):
        await doubting.offer()


async def test_a_reading_that_began_before_a_doubt_is_not_kept(
    replicas: Replicas, calendly: Calendly, clock: StandingClock, cache: _StagedCache
) -> None:
    """Nor put where others see it, were it for a moment."""
    doubting = replicas.opened(clock, cache=cache)
    calendly.let.clear()
    under_way = asyncio.create_task(shown(doubting))
    await _has_asked(calendly)
    doubting.doubt()
    calendly.let.set()

    assert await under_way == ["Reading 1"]
    assert cache.written == []
    assert await shown(doubting) == ["Reading 2"]


async def test_what_is_put_there_only_after_it_was_dropped_is_dropped_again(
    replicas: Replicas, store: Redis, clock: StandingClock, cache: _StagedCache
) -> None:
    doubting = replicas.opened(clock, cache=cache)
    await doubting.offer()
    clock.moment += FRESH + SECOND

    async def doubt() -> None:
        doubting.doubt()
        await _is_dropped(store)

    cache.before_writing = doubt
    found = [await shown(doubting)]
    await _is_dropped(store)
    found.append(await shown(doubting))

    assert found == [["Reading 2"], ["Reading 3"]]


async def test_what_the_cache_was_asked_for_before_a_doubt_is_not_believed(
    replicas: Replicas, clock: StandingClock, cache: _StagedCache
) -> None:
    await replicas.opened(clock).offer()
    doubting = replicas.opened(clock, cache=cache)

    async def doubt() -> None:
        doubting.doubt()

    cache.after_reading = doubt

    assert await shown(doubting) == ["Reading 2"]


async def test_a_clock_that_is_set_back_while_the_cache_answers_is_looked_at_before_that_is_believed(
    replicas: Replicas, clock: StandingClock, cache: _StagedCache
) -> None:
    await replicas.opened(clock).offer()

    def doubt() -> None:
        doubting.doubt()

    doubting = replicas.opened(WatchedClock(clock, doubt), cache=cache)
    clock.moment += timedelta(hours=1)

    async def set_back() -> None:
        clock.moment = rig.NOW + SECOND

    cache.before_reading = set_back

    assert await shown(doubting) == ["Reading 2"]


async def test_whoever_asks_may_be_the_first_to_look_at_the_time(
    replicas: Replicas, clock: StandingClock
) -> None:
    """What was read an hour ago looks as young as a moment ago, where the clock was set back by as much."""

    def doubt() -> None:
        catalogue.doubt()

    watched = WatchedClock(clock, doubt)
    catalogue = replicas.opened(watched)
    await catalogue.offer()
    clock.moment += timedelta(hours=1)
    watched()
    clock.moment = rig.NOW + SECOND

    assert await shown(catalogue) == ["Reading 2"]


async def test_what_lay_ahead_when_it_was_found_never_becomes_young(
    replicas: Replicas, calendly: Calendly, store: Redis, clock: StandingClock
) -> None:
    """Though Calendly fails until that hour, and nobody says anything of a doubt."""
    other, catalogue = replicas.opened(_ahead(clock)), replicas.opened(clock)
    await other.offer()
    calendly.refusal = 503
    with pytest.raises(UpstreamFailedError):
        await catalogue.offer()
    await store.delete(KEY)
    clock.moment += 2 * AHEAD

    with pytest.raises(UpstreamFailedError):
        await catalogue.offer()


def _ahead(clock: StandingClock) -> StandingClock:
    return StandingClock(clock() + 2 * AHEAD)
