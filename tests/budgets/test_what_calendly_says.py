"""The count follows Calendly's headers, and every replica hears of them."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from app.budgets.budgets import Budgets, Reckoning
from app.budgets.claims import shares
from app.budgets.names import keys_of
from app.calendly.quota import Purpose
from app.errors import BookingQuotaSpentError, UpstreamBusyError
from app.store.state import StateStore
from tests.budgets.examples import (
    BOOK,
    CANCEL,
    CHECK,
    LOOKUP,
    READ,
    RENEW,
    HandClock,
    budgets,
    count_admitted,
    is_admitted,
    standing,
    window,
)

ACCOUNT = "0a1b"
STANDING = keys_of(ACCOUNT)[0]


def learning(store: Redis) -> Budgets:
    return Budgets(state=StateStore(store), account=lambda: ACCOUNT)


async def test_what_others_have_spent_is_not_there_for_us(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))

    await quota.observe(BOOK, standing(10, 2, 60))

    assert await count_admitted(quota, BOOK, 10) == 2


async def test_what_one_replica_was_told_bounds_the_others(store: Redis) -> None:
    one, other = budgets(store, calls=100), budgets(store, calls=100)

    await one.observe(READ, standing(100, 30, 60))

    assert [await count_admitted(other, purpose, 50) for purpose in (READ, LOOKUP, CANCEL)] == [10, 14, 6]


async def test_our_own_calls_since_then_are_taken_off(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))
    await quota.observe(BOOK, standing(10, 3, 60))

    await quota.admit(BOOK)

    assert (await quota.left())["bookings_minute"] == 2


async def test_a_reply_that_was_overtaken_gives_nothing_back(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))
    await quota.observe(BOOK, standing(10, 1, 60))

    await quota.observe(BOOK, standing(10, 4, 60))

    assert (await quota.left())["bookings_minute"] == 1


async def test_less_than_was_known_is_believed(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))
    await quota.observe(BOOK, standing(10, 4, 60))

    await quota.observe(BOOK, standing(10, 1, 60))

    assert (await quota.left())["bookings_minute"] == 1


async def test_what_calendly_said_is_over_with_its_window(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))
    await quota.observe(BOOK, standing(10, 0, 1))

    await asyncio.sleep(1.05)

    assert await count_admitted(quota, BOOK, 20) == 10


async def test_who_waits_for_calendlys_window_is_told_how_long(store: Redis) -> None:
    one, other = (budgets(store, window("bookings_hour", 50)) for _ in range(2))
    await one.observe(BOOK, standing(50, 0, 60))

    with pytest.raises(BookingQuotaSpentError) as refusal:
        await other.require(Purpose.BOOK)

    assert refusal.value.retry_after == 60


async def test_a_reply_that_says_nothing_new_costs_nothing(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10), calls=100)

    await quota.observe(READ, standing(100, 60, 60))
    await quota.observe(BOOK, standing(10, 5, 60))

    assert not await store.exists(STANDING)


async def test_the_less_reads_may_have_the_sooner_a_reply_says_something_new(store: Redis) -> None:
    by = Reckoning(shares=shares(0.1))
    quota = Budgets(state=StateStore(store), account=lambda: ACCOUNT, tier="paid", reckoning=by)

    await quota.observe(READ, standing(500, 474, 60))

    assert await store.exists(STANDING)


@pytest.mark.parametrize(
    ("purpose", "limit", "expected"),
    [
        pytest.param(READ, 50, {"calls_minute": 50, "bookings_day": 5}, id="free"),
        pytest.param(BOOK, 5, {"calls_minute": 500, "bookings_day": 5}, id="trial"),
    ],
)
async def test_a_plan_that_one_replica_learnt_holds_for_all(
    store: Redis, purpose: Purpose, limit: int, expected: dict[str, int]
) -> None:
    one, other = learning(store), learning(store)
    await one.observe(purpose, standing(limit, limit, 60))

    assert await other.left() == expected


@pytest.mark.parametrize(
    ("sent", "bookings"),
    [
        pytest.param(12, 495, id="calls-it-would-have-counted"),
        pytest.param(2, 10, id="calls-that-were-not-sent"),
    ],
)
async def test_the_enterprise_plan_is_learnt_from_a_count_that_leaves_out_our_calls(
    store: Redis, sent: int, bookings: int
) -> None:
    clock = HandClock()
    quota = _reckoning(store, monotonic=clock)
    permits = [await quota.admit(READ) for _ in range(12)]
    for permit in permits[sent:]:
        await quota.give_back(READ, permit)
    clock.now += 10

    await quota.observe(BOOK, standing(500, 495, 30))

    assert (await quota.left())["bookings_minute"] == bookings


@pytest.mark.parametrize(("seconds", "bookings"), [(3, 495), (8, 10)], ids=["arrived", "may be under way"])
async def test_what_a_slow_read_may_still_bring_proves_no_plan(
    store: Redis, seconds: int, bookings: int
) -> None:
    clock = HandClock()
    quota = _reckoning(store, monotonic=clock, read_timeout=timedelta(seconds=seconds))
    for _ in range(12):
        await quota.admit(READ)
    clock.now += 5

    await quota.observe(BOOK, standing(500, 495, 30))

    assert (await quota.left())["bookings_minute"] == bookings


def _reckoning(store: Redis, **by: Any) -> Budgets:
    return Budgets(state=StateStore(store), account=lambda: ACCOUNT, reckoning=Reckoning(**by))


async def test_until_the_plan_is_learnt_bookings_are_as_on_most(store: Redis) -> None:
    quota = learning(store)

    assert await count_admitted(quota, BOOK, 20) == 10


async def test_a_plan_that_was_told_is_not_learnt(store: Redis) -> None:
    quota = Budgets(state=StateStore(store), account=lambda: ACCOUNT, tier="paid")

    await quota.observe(BOOK, standing(5, 5, 60))

    assert (await quota.left())["bookings_minute"] == 10


async def test_another_plan_has_its_bookings_to_be_learnt_anew(store: Redis) -> None:
    one, other = learning(store), learning(store)
    await one.observe(READ, standing(500, 500, 60))
    await one.observe(BOOK, standing(5, 5, 60))

    await one.observe(READ, standing(50, 50, 60))
    await one.observe(READ, standing(500, 500, 60))

    assert (await other.left()).keys() >= {"bookings_minute", "bookings_hour", "bookings_day"}


async def test_a_plan_the_store_has_forgotten_is_learnt_again(store: Redis) -> None:
    quota = learning(store)
    await quota.observe(READ, standing(50, 50, 60))
    await store.flushdb()
    forgotten = (await quota.left())["calls_minute"]

    await quota.observe(READ, standing(50, 50, 60))

    assert (forgotten, (await learning(store).left())["calls_minute"]) == (500, 50)


@pytest.mark.fault("R11")
async def test_fields_and_plans_of_another_version_are_left_alone(store: Redis) -> None:
    await store.hset(STANDING, mapping={"calls": "galactic", "since_when": "2027", "shut:tea": "9e15"})
    quota = learning(store)

    admitted = await count_admitted(quota, BOOK, 20)

    assert (admitted, await store.hget(STANDING, "since_when")) == (10, b"2027")


@pytest.mark.fault("R10")
@pytest.mark.parametrize(
    "field", ["calls", "bookings", "shut:calls", "left:calls_minute", "until:calls_minute"]
)
async def test_fields_that_make_no_sense_count_as_not_there(store: Redis, field: str) -> None:
    await store.hset(STANDING, field, b"\xff{}")
    quota = learning(store)

    assert await count_admitted(quota, BOOK, 20) == 10


@pytest.mark.fault("U11")
async def test_a_booking_that_is_refused_shuts_bookings_and_nothing_else(store: Redis) -> None:
    one, other = (budgets(store, window("bookings_minute", 10)) for _ in range(2))

    await one.observe(BOOK, standing(10, 0, 60, refused=True))

    admitted = {purpose: await is_admitted(other, purpose) for purpose in Purpose}
    assert admitted == {RENEW: True, CHECK: True, READ: True, LOOKUP: True, CANCEL: True, BOOK: False}


@pytest.mark.fault("U11")
@pytest.mark.parametrize("purpose", [READ, LOOKUP])
async def test_a_call_that_is_refused_shuts_all_but_cancellations(store: Redis, purpose: Purpose) -> None:
    one, other = (budgets(store, window("bookings_minute", 10)) for _ in range(2))

    await one.observe(purpose, standing(refused=True))

    admitted = {purpose: await is_admitted(other, purpose) for purpose in Purpose}
    assert admitted == {RENEW: False, CHECK: False, READ: False, LOOKUP: False, CANCEL: True, BOOK: False}


@pytest.mark.fault("U11")
async def test_a_cancellation_that_is_refused_shuts_everything(store: Redis) -> None:
    one, other = (budgets(store, window("bookings_minute", 10)) for _ in range(2))

    await one.observe(CANCEL, standing(refused=True))

    assert not any([await is_admitted(other, purpose) for purpose in Purpose])


@pytest.mark.fault("U11")
async def test_where_calendly_says_that_nothing_is_left_no_cancellation_tries(store: Redis) -> None:
    one, other = budgets(store), budgets(store)

    await one.observe(READ, standing(1000, 0, 60, refused=True))

    assert not await is_admitted(other, CANCEL)


@pytest.mark.fault("U11")
async def test_who_finds_a_gate_shut_is_told_for_how_long(store: Redis) -> None:
    one, other = budgets(store), budgets(store)
    await one.observe(READ, standing(refused=True, reset=300))

    with pytest.raises(UpstreamBusyError) as refusal:
        await other.admit(READ)

    assert refusal.value.retry_after == 300


@pytest.mark.fault("U11")
async def test_a_gate_opens_at_its_reset(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))
    await quota.observe(BOOK, standing(10, None, 1, refused=True))

    await asyncio.sleep(1.05)

    assert await is_admitted(quota, BOOK)


async def test_a_gate_that_is_shut_for_long_is_not_opened_by_a_shorter_refusal(store: Redis) -> None:
    one, other = (budgets(store, window("bookings_day", 100)) for _ in range(2))
    await one.observe(BOOK, standing(None, None, 7200, refused=True))

    await one.observe(BOOK, standing(None, None, 5, refused=True))

    with pytest.raises(BookingQuotaSpentError) as refusal:
        await other.admit(BOOK)
    assert refusal.value.retry_after == 7200


async def test_behind_a_gate_that_is_shut_nothing_is_left(store: Redis) -> None:
    one, other = (budgets(store, window("bookings_minute", 10), calls=100) for _ in range(2))

    await one.observe(BOOK, standing(refused=True))

    assert await other.left() == {"calls_minute": 100, "bookings_minute": 0}


@pytest.mark.fault("R09")
async def test_a_gate_stays_shut_though_the_store_was_emptied(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))
    await quota.observe(BOOK, standing(refused=True))

    await store.flushdb()

    assert not await is_admitted(quota, BOOK)


async def test_a_gate_that_is_shut_for_years_is_no_gate_of_ours(store: Redis) -> None:
    await store.hset(STANDING, "shut:calls", str((time.time() + 10**8) * 1_000_000))
    quota = budgets(store)

    assert await is_admitted(quota, READ)


async def test_what_calendly_said_is_kept_for_a_month(store: Redis) -> None:
    await learning(store).observe(READ, standing(50, 50, 60))

    assert 29 * 86_400 < await store.ttl(STANDING) <= 30 * 86_400
