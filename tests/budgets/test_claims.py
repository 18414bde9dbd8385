"""What is kept for calls that matter more."""

import pytest

from app.budgets.claims import CANCELLATION, Gate, claims_of, share_of, shares
from app.budgets.windows import Learnt, plan_of
from app.calendly.quota import Purpose

PAID = plan_of("paid", Learnt())
A_BOOKING = 3
"""Calls: a look, the booking itself, and reading what was booked."""


@pytest.mark.parametrize(
    ("limit", "purpose", "share"),
    [
        pytest.param(500, Purpose.RENEW, 200, id="renewals"),
        pytest.param(500, Purpose.CHECK, 250, id="checks"),
        pytest.param(500, Purpose.READ, 400, id="reads"),
        pytest.param(500, Purpose.LOOKUP, 480, id="lookups"),
        pytest.param(500, Purpose.BOOK, 480, id="bookings"),
        pytest.param(500, Purpose.CANCEL, 500, id="cancellations"),
        pytest.param(50, Purpose.READ, 40, id="reads-on-the-free-plan"),
        pytest.param(50, Purpose.LOOKUP, 44, id="lookups-on-the-free-plan"),
        pytest.param(50, Purpose.BOOK, 44, id="bookings-on-the-free-plan"),
        pytest.param(50, Purpose.CANCEL, 50, id="cancellations-on-the-free-plan"),
        pytest.param(10, Purpose.LOOKUP, 7, id="lookups-of-a-process-alone-on-the-free-plan"),
        pytest.param(1, Purpose.READ, 1, id="always-one"),
    ],
)
def test_a_purpose_has_its_share_of_all_calls(limit: int, purpose: Purpose, share: int) -> None:
    assert share_of(limit, purpose) == share


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        pytest.param(0.8, [200, 250, 400], id="most"),
        pytest.param(0.4, [100, 125, 200], id="half of it"),
        pytest.param(0.1, [25, 31, 50], id="least"),
    ],
)
def test_the_share_of_reads_is_an_operators_and_what_matters_less_has_a_part_of_it(
    read: float, expected: list[int]
) -> None:
    chosen = shares(read)

    assert [share_of(500, each, chosen) for each in (Purpose.RENEW, Purpose.CHECK, Purpose.READ)] == expected


def test_what_concerns_bookings_has_its_share_whatever_reads_have() -> None:
    of_bookings = (Purpose.LOOKUP, Purpose.BOOK, Purpose.CANCEL)

    assert {each: shares(0.1)[each] for each in of_bookings} == {
        each: shares(0.8)[each] for each in of_bookings
    }


def test_the_most_that_reads_may_have_leaves_a_booking_on_the_smallest_plan() -> None:
    left = [share_of(50, purpose, shares(0.8)) for purpose in (Purpose.BOOK, Purpose.READ)]

    assert left[0] - left[1] >= A_BOOKING


@pytest.mark.parametrize("tier", ["free", "trial", "paid", "enterprise"])
def test_two_whole_cancellations_are_left_on_any_plan(tier: str) -> None:
    limit = plan_of(tier, Learnt()).calls.limit

    most = max(share_of(limit, purpose) for purpose in Purpose if purpose is not Purpose.CANCEL)

    assert limit - most >= 2 * CANCELLATION


def test_only_a_booking_claims_the_quota_of_bookings() -> None:
    claimed = {purpose: len(claims_of(PAID, purpose)) for purpose in Purpose}

    assert claimed.pop(Purpose.BOOK) == 4
    assert set(claimed.values()) == {1}


def test_bookings_keep_nothing_of_their_quota_in_reserve() -> None:
    assert [claim.reserve for claim in claims_of(PAID, Purpose.BOOK)] == [20, 0, 0, 0]


def test_a_cancellation_has_a_gate_of_its_own() -> None:
    assert [claim.gate for claim in claims_of(PAID, Purpose.CANCEL)] == [Gate.CANCELS]
