"""Which reading of what is published is shown: of those in memory and in Redis the later one."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.cache.clocks import AHEAD
from app.errors import UpstreamFailedError
from tests.calendly import rig
from tests.catalogue.replicas import FRESH, KEY, STALE, Calendly, Replicas, shown
from tests.support.simulation import StandingClock

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(rig.NOW)


async def test_an_older_reading_in_redis_takes_no_later_one_out_of_memory(
    replicas: Replicas, calendly: Calendly, store: Redis, clock: StandingClock
) -> None:
    """It was full and could not be told of the later one, or came back with what it had saved before."""
    catalogue = replicas.opened(clock)
    await catalogue.offer()
    saved = await store.get(KEY)
    clock.moment += STALE - FRESH
    later = await shown(catalogue)
    await store.set(KEY, saved or "")
    calendly.refusal = 503

    clock.moment += FRESH + SECOND
    answers = [await shown(catalogue)]
    await store.delete(KEY)
    clock.moment += STALE - 2 * FRESH
    answers.append(await shown(catalogue))

    assert later == ["Reading 2"]
    assert answers == [later] * 2


@pytest.mark.fault("P06")
async def test_a_reading_in_redis_that_lies_ahead_takes_none_out_of_memory(
    replicas: Replicas, calendly: Calendly, clock: StandingClock
) -> None:
    catalogue = replicas.opened(clock)
    known = await shown(catalogue)
    clock.moment += FRESH + SECOND
    await replicas.opened(lambda: clock() + AHEAD + SECOND).reread()
    calendly.refusal = 503

    assert await shown(catalogue) == known


@pytest.mark.fault("P06")
async def test_a_reading_in_memory_that_lies_ahead_gives_way_to_the_one_in_redis(
    replicas: Replicas, calendly: Calendly, clock: StandingClock
) -> None:
    """For the clock was set back since."""
    catalogue, other = replicas.opened(clock), replicas.opened(clock)
    await catalogue.offer()
    clock.moment -= AHEAD + SECOND
    found = [each.name for each in (await other.reread()).event_types]
    calendly.refusal = 503

    assert await shown(catalogue) == found


async def test_a_later_reading_in_redis_is_shown(
    replicas: Replicas, calendly: Calendly, clock: StandingClock
) -> None:
    catalogue, other = replicas.opened(clock), replicas.opened(clock)
    await catalogue.offer()
    clock.moment += FRESH + SECOND
    await other.offer()

    assert await shown(catalogue) == ["Reading 2"]
    assert calendly.asked == 2


async def test_where_nothing_is_known_a_failure_is_told(replicas: Replicas, calendly: Calendly) -> None:
    calendly.refusal = 503

    with pytest.raises(UpstreamFailedError):
        await replicas.opened().offer()
