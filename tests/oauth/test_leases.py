"""One renewal at a time, and what the next one is told of those before."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.oauth import names
from app.oauth.grant import DeadReason
from app.oauth.grants import Grants
from app.oauth.leases import MOST_CALLS, Begun, Changed, Held, Leases, Resting
from tests.oauth.examples import ACCOUNT, LEASE, grant

NONE = timedelta(0)
SHORT = timedelta(milliseconds=1)


@pytest.fixture
async def generation(grants: Grants) -> int:
    return (await grants.put_new(grant())).generation


async def dead(store: Redis) -> None:
    """As if the holder's lease had run out."""
    await store.hset(names.keys_of(ACCOUNT)[2], "lease", "0")


async def rested(store: Redis) -> None:
    await store.hdel(names.keys_of(ACCOUNT)[2], "rest")


async def test_of_many_who_begin_one_does(leases: Leases, generation: int) -> None:
    steps = await asyncio.gather(*(leases.begin(ACCOUNT, generation, LEASE) for _ in range(20)))

    assert [step for step in steps if step != Held()] == [Begun(1, unfinished=False, failures=0)]


async def test_who_comes_after_one_that_died_is_told_so(
    leases: Leases, store: Redis, generation: int
) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await dead(store)

    assert await leases.begin(ACCOUNT, generation, LEASE) == Begun(2, unfinished=True, failures=0)


async def test_what_was_begun_with_an_earlier_pair_is_past(
    leases: Leases, grants: Grants, generation: int
) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    again = await grants.put_new(grant())

    step = await leases.begin(ACCOUNT, again.generation, LEASE)

    assert isinstance(step, Begun)
    assert not step.unfinished


@pytest.mark.parametrize("is_unspent", [True, False])
async def test_a_failure_says_whether_the_token_may_be_spent(
    leases: Leases, generation: int, *, is_unspent: bool
) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await leases.release(ACCOUNT, generation, 1, NONE, is_unspent=is_unspent)

    assert await leases.begin(ACCOUNT, generation, LEASE) == Begun(2, unfinished=not is_unspent, failures=1)


async def test_a_failure_is_followed_by_a_rest(leases: Leases, store: Redis, generation: int) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await leases.release(ACCOUNT, generation, 1, timedelta(seconds=30), is_unspent=True)

    step = await leases.begin(ACCOUNT, generation, LEASE)
    await rested(store)

    assert isinstance(step, Resting)
    assert timedelta(seconds=25) < step.wait <= timedelta(seconds=30)
    assert isinstance(await leases.begin(ACCOUNT, generation, LEASE), Begun)


async def test_a_renewal_is_followed_by_a_rest_and_its_failures_are_forgotten(
    leases: Leases, grants: Grants, store: Redis, generation: int
) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await leases.release(ACCOUNT, generation, 1, NONE, is_unspent=False)
    await leases.begin(ACCOUNT, generation, LEASE)
    await grants.replace(generation, 2, grant(), rest=timedelta(seconds=30))

    step = await leases.begin(ACCOUNT, generation + 1, LEASE)
    await rested(store)

    assert isinstance(step, Resting)
    assert await leases.begin(ACCOUNT, generation + 1, LEASE) == Begun(3, unfinished=False, failures=0)


async def test_who_connects_again_need_not_wait(leases: Leases, grants: Grants, generation: int) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await leases.release(ACCOUNT, generation, 1, timedelta(minutes=1), is_unspent=False)

    again = await grants.put_new(grant())

    assert isinstance(await leases.begin(ACCOUNT, again.generation, LEASE), Begun)


async def test_a_release_that_comes_late_disturbs_nobody(
    leases: Leases, store: Redis, generation: int
) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await dead(store)
    await leases.begin(ACCOUNT, generation, LEASE)

    await leases.release(ACCOUNT, generation, 1, NONE, is_unspent=True)

    assert await leases.begin(ACCOUNT, generation, LEASE) == Held()


async def test_a_release_that_comes_after_the_pair_of_another_leaves_its_rest_alone(
    leases: Leases, grants: Grants, store: Redis, generation: int
) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await dead(store)
    await leases.begin(ACCOUNT, generation, LEASE)
    await grants.replace(generation, 1, grant(), rest=timedelta(seconds=30))

    await leases.release(ACCOUNT, generation, 2, NONE, is_unspent=False)

    assert isinstance(await leases.begin(ACCOUNT, generation + 1, LEASE), Resting)
    await rested(store)
    assert await leases.begin(ACCOUNT, generation + 1, LEASE) == Begun(3, unfinished=False, failures=0)


async def test_nothing_is_begun_of_what_is_dead_or_of_another_generation(
    leases: Leases, grants: Grants, generation: int
) -> None:
    other = await leases.begin(ACCOUNT, generation + 1, LEASE)
    stranger = await leases.begin("NOBODY", 1, LEASE)
    await grants.kill(ACCOUNT, generation, DeadReason.REVOKED)

    assert [other, stranger, await leases.begin(ACCOUNT, generation, LEASE)] == [Changed()] * 3


async def test_no_more_calls_are_begun_in_a_minute_than_calendly_allows(
    leases: Leases, store: Redis, generation: int
) -> None:
    """The first was the one that connected the account."""
    begun = [await leases.begin(ACCOUNT, generation, NONE) for _ in range(MOST_CALLS - 1)]
    one_too_many = await leases.begin(ACCOUNT, generation, NONE)
    await store.zremrangebyrank(names.keys_of(ACCOUNT)[3], 0, 0)

    assert all(isinstance(step, Begun) for step in begun)
    assert isinstance(one_too_many, Resting)
    assert timedelta(seconds=50) < one_too_many.wait <= timedelta(minutes=1)
    assert isinstance(await leases.begin(ACCOUNT, generation, NONE), Begun)


async def test_a_lease_from_a_clock_that_was_set_back_holds_nobody(
    leases: Leases, store: Redis, generation: int
) -> None:
    await leases.begin(ACCOUNT, generation, LEASE)
    await store.hincrby(names.keys_of(ACCOUNT)[2], "lease", 3_600_000)

    assert isinstance(await leases.begin(ACCOUNT, generation, LEASE), Begun)
