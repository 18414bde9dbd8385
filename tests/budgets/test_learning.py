"""What the headers of a reply tell."""

import pytest

from app.budgets.claims import Gate
from app.budgets.learning import bound_from, learnt_from, shut_by
from app.budgets.windows import Learnt, plan_of
from app.calendly.quota import Purpose, Standing
from tests.budgets.examples import BOOK, CANCEL, LOOKUP, READ, standing

FREE, FULL = Learnt("free"), Learnt("full")
PAID = plan_of("paid", Learnt())


def _sent_nothing(_oldest: float) -> int:
    return 0


def _one_a_second(oldest: float) -> int:
    """Those of the last three seconds may be under way."""
    return max(0, int(oldest - 3))


@pytest.mark.parametrize(
    ("purpose", "limit", "known", "learnt"),
    [
        pytest.param(READ, 50, Learnt(), FREE, id="free-by-a-read"),
        pytest.param(LOOKUP, 500, Learnt(), FULL, id="not-free-by-a-lookup"),
        pytest.param(CANCEL, 500, FREE, FULL, id="upgraded"),
        pytest.param(READ, 50, Learnt("full", "paid"), FREE, id="downgraded-forgets-bookings"),
        pytest.param(READ, 500, Learnt("full", "trial"), Learnt("full", "trial"), id="nothing-new"),
        pytest.param(READ, 10, FULL, FULL, id="a-read-says-nothing-of-bookings"),
        pytest.param(READ, None, FULL, FULL, id="no-header"),
        pytest.param(BOOK, 5, FULL, Learnt("full", "trial"), id="trial"),
        pytest.param(BOOK, 10, FULL, Learnt("full", "paid"), id="paid-by-the-minute"),
        pytest.param(BOOK, 50, FULL, Learnt("full", "paid"), id="paid-by-the-hour"),
        pytest.param(BOOK, 100, Learnt("full", "trial"), Learnt("full", "paid"), id="paid-by-the-day"),
        pytest.param(BOOK, 500, FREE, Learnt("free", "enterprise"), id="enterprise"),
        pytest.param(BOOK, 500, FULL, FULL, id="all-calls-of-a-plan-that-is-not-free"),
        pytest.param(BOOK, 500, Learnt(), Learnt(), id="perhaps-all-calls"),
        pytest.param(BOOK, 50, FREE, FREE, id="all-calls-of-the-free-plan"),
        pytest.param(BOOK, 7, FULL, FULL, id="a-limit-we-do-not-know"),
        pytest.param(BOOK, None, FULL, FULL, id="no-header-on-a-booking"),
    ],
)
def test_limits_give_the_plan_away(
    purpose: Purpose, limit: int | None, known: Learnt, learnt: Learnt
) -> None:
    said = standing(limit, 3, 60)

    assert learnt_from(purpose, said, known, _sent_nothing) == learnt


@pytest.mark.parametrize(
    ("said", "bookings"),
    [
        pytest.param(standing(500, 495, 20), "enterprise", id="has-counted-less-than-we-sent"),
        pytest.param(standing(500, 460, 20), None, id="may-have-counted-all-we-sent"),
        pytest.param(standing(500, 464, 20), "enterprise", id="has-counted-no-more-than-we-sent"),
        pytest.param(standing(500, 463, 20), None, id="may-have-begun-within-the-second"),
        pytest.param(standing(500, 499, 60), None, id="has-only-begun"),
        pytest.param(standing(500, 495, 57), None, id="has-begun-while-calls-were-under-way"),
        pytest.param(standing(500, None, 20), None, id="does-not-say-what-is-left"),
        pytest.param(standing(500, 495, None), None, id="does-not-say-when-it-began"),
    ],
)
def test_a_booking_shows_the_enterprise_plan_where_it_cannot_mean_all_calls(
    said: Standing, bookings: str | None
) -> None:
    assert learnt_from(BOOK, said, FULL, _one_a_second).bookings == bookings


@pytest.mark.parametrize(
    ("purpose", "said", "expected"),
    [
        pytest.param(READ, standing(500, 12, 30), ("calls_minute", 12, 30), id="all-calls"),
        pytest.param(READ, standing(200, 12, 30), ("calls_minute", 12, 30), id="a-limit-we-do-not-know"),
        pytest.param(BOOK, standing(10, 2, 30), ("bookings_minute", 2, 30), id="bookings-of-the-minute"),
        pytest.param(BOOK, standing(50, 2, 1800), ("bookings_hour", 2, 1800), id="bookings-of-the-hour"),
        pytest.param(BOOK, standing(100, 2, 9000), ("bookings_day", 2, 9000), id="bookings-of-the-day"),
        pytest.param(BOOK, standing(500, 12, 30), ("calls_minute", 12, 30), id="all-calls-by-a-booking"),
        pytest.param(READ, standing(500, 12), ("calls_minute", 12, 60), id="until-the-window-is-over"),
        pytest.param(READ, standing(500, 12, -5), ("calls_minute", 12, 60), id="negative-reset"),
        pytest.param(READ, standing(500, 12, 10**9), ("calls_minute", 12, 60), id="reset-beyond-the-window"),
        pytest.param(READ, standing(500, 12, 0), ("calls_minute", 12, 1), id="reset-now"),
    ],
)
def test_what_calendly_says_is_left_bounds_its_window(
    purpose: Purpose, said: Standing, expected: tuple[str, int, int]
) -> None:
    bound = bound_from(purpose, said, PAID)

    assert bound is not None
    assert (bound.window.name, bound.left, bound.seconds) == expected


@pytest.mark.parametrize(
    ("purpose", "said"),
    [
        pytest.param(BOOK, standing(7, 2, 30), id="unknown-window"),
        pytest.param(READ, standing(None, 2, 30), id="no-limit"),
        pytest.param(READ, standing(500, None, 30), id="nothing-said"),
        pytest.param(READ, standing(500, -1, 30), id="less-than-nothing"),
        pytest.param(READ, standing(500, 501, 30), id="more-than-all"),
    ],
)
def test_nonsense_bounds_nothing(purpose: Purpose, said: Standing) -> None:
    assert bound_from(purpose, said, PAID) is None


@pytest.mark.parametrize(
    ("purpose", "limit", "gates"),
    [
        pytest.param(READ, 500, (Gate.CALLS,), id="read"),
        pytest.param(LOOKUP, 500, (Gate.CALLS,), id="lookup"),
        pytest.param(CANCEL, 500, (Gate.CALLS, Gate.CANCELS), id="cancellation"),
        pytest.param(BOOK, 10, (Gate.BOOKINGS,), id="booking"),
        pytest.param(BOOK, None, (Gate.BOOKINGS,), id="booking-without-headers"),
        pytest.param(BOOK, 500, (Gate.CALLS,), id="booking-over-the-limit-on-all-calls"),
    ],
)
def test_a_refusal_shuts_the_gates_it_speaks_of(
    purpose: Purpose, limit: int | None, gates: tuple[Gate, ...]
) -> None:
    shut = shut_by(purpose, standing(limit, 0, 60, refused=True), PAID)

    assert shut is not None
    assert shut.gates == gates


@pytest.mark.fault("U12")
@pytest.mark.parametrize(
    ("purpose", "reset", "seconds"),
    [
        pytest.param(READ, 42, 42, id="read"),
        pytest.param(READ, None, 60, id="read-without-a-hint"),
        pytest.param(READ, -3, 60, id="read-negative"),
        pytest.param(READ, 0, 1, id="read-at-once"),
        pytest.param(READ, 10**9, 900, id="read-in-thirty-years"),
        pytest.param(BOOK, 42, 42, id="booking"),
        pytest.param(BOOK, None, 60, id="booking-without-a-hint"),
        pytest.param(BOOK, 40_000, 40_000, id="booking-tomorrow"),
        pytest.param(BOOK, 10**9, 86_400, id="booking-in-thirty-years"),
    ],
)
def test_a_gate_is_shut_for_a_sensible_time(purpose: Purpose, reset: int | None, seconds: int) -> None:
    shut = shut_by(purpose, standing(10, 0, reset, refused=True), PAID)

    assert shut is not None
    assert shut.seconds == seconds


@pytest.mark.parametrize("purpose", Purpose)
def test_a_reply_that_is_no_refusal_shuts_nothing(purpose: Purpose) -> None:
    assert shut_by(purpose, standing(10, 0, 60), PAID) is None
