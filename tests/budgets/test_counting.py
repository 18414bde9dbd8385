"""The shared count: a call is counted in every window it concerns, or in none."""

import asyncio
import time
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.budgets.budgets import Budgets, Reckoning
from app.budgets.names import keys_of
from app.calendly.quota import Purpose
from app.errors import BookingQuotaSpentError, UpstreamBusyError
from app.store.state import StateStore
from tests.budgets.examples import (
    BOOK,
    BRIEF,
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


async def test_as_many_are_admitted_as_a_window_holds(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))

    assert await count_admitted(quota, BOOK, 15) == 10


async def test_the_narrowest_window_decides(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10), window("bookings_hour", 4))

    assert await count_admitted(quota, BOOK, 8) == 4


async def test_a_booking_is_counted_in_every_window_or_in_none(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10), window("bookings_hour", 4), calls=100)

    await count_admitted(quota, BOOK, 8)

    assert await quota.left() == {"calls_minute": 96, "bookings_minute": 6, "bookings_hour": 0}


async def test_a_booking_needs_room_among_all_calls_too(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 50), calls=50)

    admitted = await count_admitted(quota, BOOK, 50)

    assert (admitted, await quota.left()) == (44, {"calls_minute": 6, "bookings_minute": 6})


async def test_reads_spend_no_bookings(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10))

    await count_admitted(quota, READ, 20)

    assert await quota.left() == {"calls_minute": 980, "bookings_minute": 10}


async def test_room_comes_back_when_a_call_leaves_the_window(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 3, BRIEF))
    await count_admitted(quota, BOOK, 3)

    await asyncio.sleep(BRIEF.total_seconds() + 0.01)

    assert await count_admitted(quota, BOOK, 5) == 3


async def test_who_is_refused_is_told_when_there_will_be_room(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 1), window("bookings_hour", 5))
    await quota.admit(BOOK)

    with pytest.raises(BookingQuotaSpentError) as refusal:
        await quota.admit(BOOK)

    assert refusal.value.retry_after is not None
    assert 58 <= refusal.value.retry_after <= 60


async def test_nobody_is_told_to_wait_for_less_than_a_second(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 1, BRIEF))
    await quota.admit(BOOK)

    with pytest.raises(BookingQuotaSpentError) as refusal:
        await quota.admit(BOOK)

    assert refusal.value.retry_after == 1


async def test_nobody_is_told_to_wait_for_more_than_a_day(store: Redis) -> None:
    quota = budgets(store, window("bookings_day", 1, timedelta(days=2)))
    await quota.admit(BOOK)

    with pytest.raises(BookingQuotaSpentError) as refusal:
        await quota.admit(BOOK)

    assert refusal.value.retry_after == 86_400


async def test_reads_leave_room_for_lookups_and_lookups_for_cancellations(store: Redis) -> None:
    quota = budgets(store, calls=100)

    admitted = [await count_admitted(quota, purpose, 100) for purpose in (READ, LOOKUP, CANCEL)]

    assert admitted == [80, 14, 6]


@pytest.mark.parametrize("purpose", [READ, LOOKUP, CANCEL])
async def test_what_is_no_booking_is_told_that_calendly_is_busy(store: Redis, purpose: Purpose) -> None:
    quota = budgets(store, calls=1)
    await quota.admit(CANCEL)

    with pytest.raises(UpstreamBusyError) as refusal:
        await quota.admit(purpose)

    assert refusal.value.retry_after == 60


async def test_a_booking_that_lacks_a_call_is_told_that_calendly_is_busy(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 10), calls=1)
    await quota.admit(CANCEL)

    for refused in (quota.require(Purpose.BOOK), quota.admit(BOOK)):
        with pytest.raises(UpstreamBusyError) as refusal:
            await refused
        assert refusal.value.retry_after == 60


async def test_a_booking_that_is_shut_out_is_told_by_what(store: Redis) -> None:
    calls, bookings = (budgets(store, window("bookings_minute", 10), account=name) for name in ("0a", "1b"))

    await calls.observe(READ, standing(1000, 0, 60, refused=True))
    await bookings.observe(BOOK, standing(10, 0, 60, refused=True))

    with pytest.raises(UpstreamBusyError):
        await calls.require(Purpose.BOOK)
    with pytest.raises(BookingQuotaSpentError):
        await bookings.require(Purpose.BOOK)


async def test_what_was_not_sent_is_given_back(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 2))
    permits = [await quota.admit(BOOK) for _ in range(2)]

    await quota.give_back(BOOK, permits[0])

    assert await quota.left() == {"calls_minute": 999, "bookings_minute": 1}


async def test_a_permit_is_given_back_once(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 5))
    permits = [await quota.admit(BOOK) for _ in range(3)]

    for _ in range(3):
        await quota.give_back(BOOK, permits[0])

    assert (await quota.left())["bookings_minute"] == 3


async def test_asking_whether_a_booking_can_be_made_costs_nothing(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 1))

    for _ in range(3):
        await quota.require(Purpose.BOOK)

    assert await is_admitted(quota, BOOK)


async def test_asking_whether_a_booking_can_be_made_says_when(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 1))
    await quota.admit(BOOK)

    with pytest.raises(BookingQuotaSpentError) as refusal:
        await quota.require(Purpose.BOOK)

    assert refusal.value.retry_after is not None
    assert 58 <= refusal.value.retry_after <= 60


async def test_accounts_do_not_share_a_quota(store: Redis) -> None:
    one, other = (budgets(store, window("bookings_minute", 3), account=name) for name in ("0a", "1b"))

    await count_admitted(one, BOOK, 5)

    assert (await other.left())["bookings_minute"] == 3


@pytest.mark.fault("R14")
async def test_a_store_that_has_forgotten_the_scripts_forgets_no_count(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 5))
    await count_admitted(quota, BOOK, 3)

    await store.script_flush()

    assert await count_admitted(quota, BOOK, 5) == 2


async def test_what_is_kept_goes_when_it_counts_no_more(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 3, BRIEF))
    await quota.admit(BOOK)

    bookings, calls = [await store.pttl(name) for name in keys_of("0a1b")[1:]][::-1]

    assert 0 < bookings <= 300
    assert 59_000 <= calls <= 60_000


async def test_what_has_left_the_longest_window_is_not_kept(store: Redis) -> None:
    quota = budgets(store, window("bookings_minute", 9, BRIEF), window("bookings_hour", 9, BRIEF * 2))
    await count_admitted(quota, BOOK, 5)
    await asyncio.sleep(BRIEF.total_seconds() * 2 + 0.01)

    await quota.admit(BOOK)

    assert await store.zcard(keys_of("0a1b")[2]) == 1


@pytest.mark.fault("R10")
@pytest.mark.parametrize("part", range(3), ids=["standing", "calls", "bookings"])
async def test_a_foreign_value_under_a_name_of_ours_is_replaced(store: Redis, part: int) -> None:
    await store.set(keys_of("0a1b")[part], b"\xff\x00 not ours")
    quota = budgets(store, window("bookings_minute", 2), tier="auto")

    assert await count_admitted(quota, BOOK, 4) == 2


async def test_calls_from_a_future_that_the_stores_clock_has_left_count_no_more(store: Redis) -> None:
    tomorrow = (time.time() + 86_400) * 1_000_000
    await store.zadd(keys_of("0a1b")[2], {f"{number}": tomorrow + number for number in range(10)})
    quota = budgets(store, window("bookings_minute", 3))

    assert await count_admitted(quota, BOOK, 5) == 3


async def test_calls_made_before_the_stores_clock_was_set_back_a_little_still_count(store: Redis) -> None:
    soon = (time.time() + 5) * 1_000_000
    await store.zadd(keys_of("0a1b")[2], {"0": soon, "1": soon})
    quota = budgets(store, window("bookings_minute", 3))

    assert await count_admitted(quota, BOOK, 5) == 1


async def test_who_needs_two_calls_to_leave_the_window_waits_for_the_second(store: Redis) -> None:
    ages = {f"{age}": (time.time() - age) * 1_000_000 for age in (50, 30, 20, 10, 5)}
    await store.zadd(keys_of("0a1b")[1], ages)
    quota = budgets(store, calls=5)

    with pytest.raises(UpstreamBusyError) as refusal:
        await quota.admit(READ)

    assert refusal.value.retry_after == 30


async def test_calls_are_kept_for_the_longest_window_in_whatever_order_they_stand(store: Redis) -> None:
    quota = budgets(store, window("bookings_hour", 2), window("bookings_minute", 2, BRIEF))
    await quota.admit(BOOK)
    await asyncio.sleep(BRIEF.total_seconds() + 0.01)

    assert await count_admitted(quota, BOOK, 3) == 1


async def test_what_was_spent_before_the_account_had_a_name_counts_once_it_has(store: Redis) -> None:
    names = ["unknown"]
    quota = Budgets(
        state=StateStore(store),
        account=lambda: names[-1],
        tier="paid",
        reckoning=Reckoning(plans=plan(window("bookings_minute", 10), calls=100)),
    )
    await count_admitted(quota, READ, 3)
    names.append("0a1b")

    await quota.admit(BOOK)
    await count_admitted(quota, READ, 2)

    assert await quota.left() == {"calls_minute": 94, "bookings_minute": 9}


async def test_there_is_room_for_a_renewal_until_half_of_what_reads_may_have_is_spent(store: Redis) -> None:
    quota = budgets(store, calls=100)
    await count_admitted(quota, READ, 39)
    before = await quota.has_room(RENEW)

    await quota.admit(READ)

    assert (before, await quota.has_room(RENEW), await quota.has_room(READ)) == (True, False, True)


async def test_asking_for_room_spends_nothing(store: Redis) -> None:
    quota = budgets(store, calls=100)

    await quota.has_room(RENEW)

    assert await quota.left() == {"calls_minute": 100}


async def test_behind_a_gate_that_is_shut_there_is_no_room(store: Redis) -> None:
    quota = budgets(store)

    await quota.observe(READ, standing(refused=True))

    assert not await quota.has_room(RENEW)
