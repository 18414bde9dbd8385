"""The budget where there is no store at all: what a process allows itself alone."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.budgets.budgets import Budgets, Reckoning
from app.budgets.claims import shares
from app.calendly.quota import Purpose
from app.errors import UpstreamBusyError
from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore
from tests.budgets.examples import (
    CANCEL,
    LOOKUP,
    READ,
    RENEW,
    budgets,
    count_admitted,
    is_admitted,
    plan,
    standing,
    window,
)
from tests.support.ports import free_port

TEN = window("bookings_minute", 10)


@pytest.fixture
async def nowhere() -> AsyncIterator[Redis]:
    async with open_store(f"redis://127.0.0.1:{free_port()}/1", patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.mark.fault("A06")
async def test_a_process_alone_allows_itself_a_fifth(nowhere: Redis) -> None:
    quota = budgets(nowhere, TEN, calls=500)

    admitted = [await count_admitted(quota, purpose, 200) for purpose in (READ, LOOKUP, CANCEL)]

    assert admitted == [80, 14, 6]


async def test_of_many_processes_each_allows_itself_less(nowhere: Redis) -> None:
    by = Reckoning(plans=plan(calls=500), processes=10)
    quota = Budgets(state=StateStore(nowhere), account=lambda: "0a1b", tier="paid", reckoning=by)

    assert await count_admitted(quota, READ, 200) == 40


async def test_alone_too_reads_have_the_share_that_an_operator_gives_them(nowhere: Redis) -> None:
    by = Reckoning(plans=plan(calls=500), shares=shares(0.1))
    quota = Budgets(state=StateStore(nowhere), account=lambda: "0a1b", tier="paid", reckoning=by)

    assert await count_admitted(quota, READ, 200) == 10


async def test_alone_too_what_others_have_spent_is_not_there_for_us(nowhere: Redis) -> None:
    quota = budgets(nowhere, calls=500)
    await quota.observe(READ, standing(500, 125, 60))

    admitted = [await count_admitted(quota, purpose, 200) for purpose in (READ, LOOKUP)]

    assert admitted == [5, 80]


async def test_a_process_alone_has_no_room_that_it_knows_of(nowhere: Redis) -> None:
    assert not await budgets(nowhere).has_room(RENEW)


async def test_who_is_one_too_many_for_a_process_alone_waits_for_its_window(nowhere: Redis) -> None:
    quota = budgets(nowhere, calls=5)
    await quota.admit(READ)

    with pytest.raises(UpstreamBusyError) as refusal:
        await quota.admit(READ)

    assert refusal.value.retry_after == 60


async def test_alone_too_what_was_not_sent_is_given_back(nowhere: Redis) -> None:
    quota = budgets(nowhere, calls=5)
    permit = await quota.admit(READ)

    await quota.give_back(READ, permit)

    assert await is_admitted(quota, READ)


@pytest.mark.fault("U11")
async def test_a_refusal_is_heeded_without_a_store(nowhere: Redis) -> None:
    quota = budgets(nowhere)

    await quota.observe(READ, standing(refused=True))

    assert not await is_admitted(quota, READ)


async def test_where_calendly_says_that_nothing_is_left_nobody_reads_without_a_store(nowhere: Redis) -> None:
    quota = budgets(nowhere)

    await quota.observe(READ, standing(1000, 0, 60))

    assert not await is_admitted(quota, READ)


async def test_a_plan_is_learnt_without_a_store(nowhere: Redis) -> None:
    quota = Budgets(state=StateStore(nowhere), account=lambda: "0a1b")

    await quota.observe(READ, standing(50, 50, 60))

    assert await count_admitted(quota, READ, 20) == 7


async def test_whether_a_booking_can_be_made_is_left_to_the_booking(nowhere: Redis) -> None:
    await budgets(nowhere, TEN).require(Purpose.BOOK)


async def test_nothing_is_said_of_what_is_left(nowhere: Redis) -> None:
    assert await budgets(nowhere, TEN).left() == {}
