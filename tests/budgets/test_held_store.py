"""The budget whose store answers late, and not at all while it is held."""

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from app.budgets.budgets import Budgets, Reckoning
from app.calendly.quota import Purpose
from app.store.script import Script
from app.store.state import Reply, StateStore
from tests.budgets.examples import (
    BOOK,
    READ,
    all_landed,
    busy,
    count_admitted,
    is_admitted,
    plan,
    window,
)
from tests.soak.waiting import until

TEN = window("bookings_minute", 10)


class _HeldStore(StateStore):
    """What it is told while it is held, it does when it is let go. `told`: how often it was."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.is_held = False
        self.is_waiting = asyncio.Event()
        self.let_go = asyncio.Event()
        self.told = 0

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | int | float | bytes] = ()
    ) -> Reply:
        self.told += 1
        if self.is_held:
            self.is_waiting.set()
            await self.let_go.wait()
        return await super().run(script, keys, args)


def _held(store: Redis, *, hurried: bool = False) -> tuple[_HeldStore, Budgets]:
    """`hurried`: the cache is away, and may have held up whoever asks."""
    state = _HeldStore(store)
    by = Reckoning(plans=plan(TEN), hurries=lambda: hurried)
    return state, Budgets(state=state, account=lambda: "0a1b", tier="paid", reckoning=by)


async def _left(quota: Budgets) -> dict[str, int]:
    """By who is in a hurry, and has 20 ms for the store, which are not enough each time on every machine."""
    left: dict[str, int] = {}

    async def is_told() -> bool:
        left.update(await quota.left())
        return bool(left)

    async with asyncio.timeout(10):
        await until(is_told, every=0.01)
    return left


@pytest.mark.fault("R04")
async def test_who_was_held_up_by_the_cache_is_gone_before_the_store_is_found_to_be_away(
    store: Redis,
) -> None:
    state, quota = _held(store, hurried=True)
    state.is_held = True
    await quota.admit(READ)

    state.is_held = False
    state.let_go.set()
    await all_landed()

    # A store that was waited for in vain would not be asked.
    assert await _left(quota) == {"calls_minute": 999, "bookings_minute": 10}


@pytest.mark.fault("R04")
async def test_while_the_store_is_not_yet_judged_nobody_waits_for_it_again(store: Redis) -> None:
    state, quota = _held(store, hurried=True)
    state.is_held = True

    admitted = await count_admitted(quota, READ, 5)

    assert (admitted, state.told) == (5, 1)
    state.let_go.set()
    await all_landed()


@pytest.mark.fault("R04")
async def test_a_booking_waits_for_a_store_however_long_the_cache_took(store: Redis) -> None:
    state, quota = _held(store, hurried=True)
    state.is_held = True
    booking = asyncio.create_task(quota.admit(BOOK))
    await quota.admit(READ)

    state.is_held = False
    state.let_go.set()
    await booking
    await all_landed()

    assert (await _left(quota))["bookings_minute"] == 9


async def test_a_process_that_is_busy_counts_by_its_store_though_the_cache_held_it_up(store: Redis) -> None:
    state, quota = _held(store, hurried=True)
    await quota.admit(READ)

    with busy(turn=0.05):
        admitted = await count_admitted(quota, READ, 5)

    # Whoever had left the store behind, would have kept the next one from asking.
    assert (admitted, state.told) == (5, 6)
    await all_landed()
    assert (await _left(quota))["calls_minute"] == 994


async def test_what_may_yet_be_taken_is_not_given_back_before(store: Redis) -> None:
    state, quota = _held(store)
    state.is_held = True
    await is_admitted(quota, BOOK)
    state.is_held = False
    await quota.admit(BOOK)

    state.let_go.set()
    await all_landed()

    assert await count_admitted(quota, BOOK, 20) == 9


async def _renamed_under_way(store: Redis, purpose: Purpose) -> Budgets:
    """One of its calls was on its way to the store when it got to know whose quota it is."""
    names = ["unknown"]
    state = _HeldStore(store)
    by = Reckoning(plans=plan(TEN))
    quota = Budgets(state=state, account=lambda: names[-1], tier="paid", reckoning=by)
    state.is_held = True
    held = asyncio.create_task(quota.admit(purpose))
    await state.is_waiting.wait()
    names.append("0a1b")
    state.is_held = False
    await quota.admit(READ)
    state.let_go.set()
    await held
    return quota


@pytest.mark.parametrize("purpose", [READ, BOOK])
async def test_what_was_being_counted_when_the_account_got_its_name_counts_under_it(
    store: Redis, purpose: Purpose
) -> None:
    quota = await _renamed_under_way(store, purpose)

    await quota.admit(READ)

    assert (await quota.left())["calls_minute"] == 997
