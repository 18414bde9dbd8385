"""The quotas of each plan."""

from datetime import timedelta

import pytest

from app.budgets.windows import AUTO, Learnt, plan_of

UNKNOWN = Learnt()


def quotas(tier: str, learnt: Learnt = UNKNOWN) -> dict[str, int]:
    plan = plan_of(tier, learnt)
    return {window.name: window.limit for window in (plan.calls, *plan.bookings)}


PAID = {"calls_minute": 500, "bookings_minute": 10, "bookings_hour": 50, "bookings_day": 100}


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        pytest.param("free", {"calls_minute": 50, "bookings_day": 5}, id="free"),
        pytest.param("trial", {"calls_minute": 500, "bookings_day": 5}, id="trial"),
        pytest.param("paid", PAID, id="paid"),
        pytest.param("enterprise", {"calls_minute": 500, "bookings_minute": 500}, id="enterprise"),
    ],
)
def test_a_tier_that_was_told_has_its_quotas(tier: str, expected: dict[str, int]) -> None:
    assert quotas(tier, Learnt("free", "trial")) == expected


@pytest.mark.parametrize(
    ("learnt", "expected"),
    [
        pytest.param(UNKNOWN, PAID, id="nothing-known"),
        pytest.param(Learnt("full"), PAID, id="not-free"),
        pytest.param(Learnt("free"), {"calls_minute": 50, "bookings_day": 5}, id="free"),
        pytest.param(Learnt("full", "trial"), {"calls_minute": 500, "bookings_day": 5}, id="trial"),
        pytest.param(
            Learnt("full", "enterprise"), {"calls_minute": 500, "bookings_minute": 500}, id="enterprise"
        ),
        pytest.param(Learnt("free", "paid"), PAID | {"calls_minute": 50}, id="free-with-paid-bookings"),
        pytest.param(Learnt("galactic", "galactic"), PAID, id="names-of-a-newer-version"),
    ],
)
def test_a_tier_that_was_not_told_has_the_quotas_that_were_learnt(
    learnt: Learnt, expected: dict[str, int]
) -> None:
    assert quotas(AUTO, learnt) == expected


@pytest.mark.parametrize("tier", ["free", "trial", "paid", "enterprise"])
def test_a_window_is_counted_a_little_longer_than_it_is(tier: str) -> None:
    plan = plan_of(tier, UNKNOWN)

    margins = [window.span / window.length for window in (plan.calls, *plan.bookings)]

    assert all(1 < margin < 1.1 for margin in margins)


def test_a_day_of_bookings_lasts_a_day_and_a_minute() -> None:
    *_, day = plan_of("paid", UNKNOWN).bookings

    assert day.span == timedelta(days=1, minutes=1)
