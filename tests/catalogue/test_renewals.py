"""Several processes that need a reading at the same time: one makes it."""

import asyncio

import pytest
from redis.asyncio import Redis

from app.cache import keys
from app.cache.leases import LEASE
from app.errors import UpstreamFailedError
from app.store.connection import open_store
from tests.calendly import rig
from tests.catalogue.replicas import FRESH, KEY, Calendly, Replicas, shown
from tests.soak.waiting import until
from tests.support.ports import free_port
from tests.support.simulation import StandingClock

CLAIM = f"{keys.days('ada')}flight:catalogue"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(rig.NOW)


async def _heard(calendly: Calendly, times: int) -> None:
    """So many questions by now."""

    async def is_so() -> bool:
        return calendly.asked == times

    async with asyncio.timeout(10):
        await until(is_so, every=0.005)


async def _claimed(store: Redis) -> None:
    """By somebody who dies at once."""
    await store.set(CLAIM, "0123456789abcdef", px=LEASE)


async def test_of_processes_that_ask_at_the_same_time_one_reads_whenever_what_is_known_has_aged(
    replicas: Replicas, calendly: Calendly, clock: StandingClock
) -> None:
    catalogues = [replicas.opened(clock) for _ in range(4)]

    cold = await asyncio.gather(*map(shown, catalogues))
    clock.moment += 1.5 * FRESH
    aged = await asyncio.gather(*map(shown, catalogues))

    assert (cold, aged) == ([["Reading 1"]] * 4, [["Reading 2"]] * 4)
    assert calendly.asked == 2


async def test_whose_account_it_is_one_finds_out(replicas: Replicas, calendly: Calendly) -> None:
    accounts = await asyncio.gather(*(replicas.opened().account() for _ in range(4)))

    assert [each.slug for each in accounts] == ["ada"] * 4
    assert calendly.asked == 1


async def test_all_know_until_when_it_is_fresh(replicas: Replicas, clock: StandingClock) -> None:
    catalogues = [replicas.opened(clock) for _ in range(2)]
    await asyncio.gather(*map(shown, catalogues))

    assert [each.fresh_until for each in catalogues] == [rig.NOW + FRESH] * 2


async def test_one_that_dies_over_it_is_replaced(
    replicas: Replicas, calendly: Calendly, store: Redis
) -> None:
    await _claimed(store)

    assert await asyncio.gather(*(shown(replicas.opened()) for _ in range(2))) == [["Reading 1"]] * 2
    assert calendly.asked == 1


async def test_what_is_to_be_read_now_waits_for_nobody(replicas: Replicas, calendly: Calendly) -> None:
    calendly.let.clear()
    holder = asyncio.create_task(shown(replicas.opened()))
    await _heard(calendly, 1)

    now = asyncio.create_task(replicas.opened().find_now("intro-call"))
    await _heard(calendly, 2)
    calendly.let.set()
    await asyncio.gather(holder, now)

    assert calendly.asked == 2


async def test_a_reading_that_fails_fails_all_who_wait_for_it_once(
    replicas: Replicas, calendly: Calendly
) -> None:
    calendly.let.clear()
    calendly.refusal = 400
    tasks = [asyncio.create_task(replicas.opened().offer()) for _ in range(3)]
    await replicas.have_waited()
    calendly.let.set()

    failures = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(each) for each in failures] == [UpstreamFailedError] * 3
    assert calendly.asked == 1


async def test_one_that_calendly_has_not_answered_waits_for_nobody(
    replicas: Replicas, calendly: Calendly
) -> None:
    failing = replicas.opened()
    calendly.refusal = 503
    with pytest.raises(UpstreamFailedError):
        await failing.offer()
    calendly.refusal = None
    calendly.let.clear()
    holder = asyncio.create_task(shown(replicas.opened()))
    await _heard(calendly, 3)

    other = asyncio.create_task(shown(failing))
    await _heard(calendly, 4)
    calendly.let.set()

    assert len(await asyncio.gather(holder, other)) == 2


@pytest.mark.fault("R01")
async def test_while_redis_is_away_everybody_reads(calendly: Calendly, replicas: Replicas) -> None:
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as away:
        catalogues = [Replicas(calendly, away, replicas.stack).opened() for _ in range(2)]

        found = [await shown(each) for each in catalogues]

    assert found == [["Reading 1"], ["Reading 2"]]


async def test_what_another_has_read_too_long_ago_is_none_that_was_waited_for(
    replicas: Replicas, calendly: Calendly, store: Redis, clock: StandingClock
) -> None:
    """Redis was silent when it was first asked, and now has what was there all the time."""
    await replicas.opened(clock).offer()
    old = await store.getdel(KEY)
    clock.moment += 2 * FRESH
    calendly.let.clear()
    tasks = [asyncio.create_task(shown(replicas.opened(clock))) for _ in range(2)]
    await _heard(calendly, 2)
    await store.set(KEY, old or "")
    await store.delete(CLAIM)
    await _heard(calendly, 3)
    calendly.let.set()

    assert sorted(await asyncio.gather(*tasks)) == [["Reading 2"], ["Reading 3"]]
