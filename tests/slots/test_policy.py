"""What the age of a day allows: at each border, and that a plan is the same however one looks at it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cache.clocks import AHEAD
from app.slots.policy import Age, Lifetimes, Plan, can_serve, due_soon, plan

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
TODAY = NOW.date()
LIVES = Lifetimes(fresh=timedelta(seconds=30), aged=timedelta(minutes=10), old=timedelta(hours=1))
MOMENT = timedelta.resolution
UNKNOWN, FRESH, AGED, OLD, OVER = (TODAY + timedelta(days=number) for number in range(5))
KNOWN = {
    FRESH: NOW - LIVES.fresh,
    AGED: NOW - LIVES.aged,
    OLD: NOW - LIVES.old,
    OVER: NOW - LIVES.old - MOMENT,
}


@pytest.mark.parametrize(
    ("passed", "age"),
    [
        pytest.param(-AHEAD - MOMENT, Age.OVER, id="far ahead"),
        pytest.param(-AHEAD, Age.FRESH, id="a little ahead"),
        pytest.param(timedelta(), Age.FRESH, id="just read"),
        pytest.param(LIVES.fresh, Age.FRESH, id="still fresh"),
        pytest.param(LIVES.fresh + MOMENT, Age.AGED, id="aged"),
        pytest.param(LIVES.aged, Age.AGED, id="still aged"),
        pytest.param(LIVES.aged + MOMENT, Age.OLD, id="old"),
        pytest.param(LIVES.old, Age.OLD, id="still old"),
        pytest.param(LIVES.old + MOMENT, Age.OVER, id="over"),
    ],
)
def test_a_day_has_the_age_of_its_reading(passed: timedelta, age: Age) -> None:
    assert LIVES.age(NOW - passed, NOW) is age


PASSED = st.timedeltas(timedelta(minutes=-2), timedelta(hours=2))


@given(PASSED, st.timedeltas(MOMENT, timedelta(hours=2)))
def test_between_two_turns_no_day_has_another_age(passed: timedelta, later: timedelta) -> None:
    as_of = NOW - passed
    age = LIVES.age(as_of, NOW)
    turns = LIVES.turns(as_of, NOW)

    until = min(NOW + later, *turns) if turns else NOW + later
    if passed >= -AHEAD:
        assert LIVES.age(as_of, until) is age


@pytest.mark.parametrize(
    ("day", "turns"),
    [
        pytest.param(FRESH, [timedelta(), timedelta(seconds=570), timedelta(seconds=3570)], id="fresh"),
        pytest.param(AGED, [timedelta(), timedelta(minutes=50)], id="aged"),
        pytest.param(OLD, [timedelta()], id="old"),
        pytest.param(OVER, [], id="over"),
    ],
)
def test_what_is_past_is_no_turn(day: date, turns: list[timedelta]) -> None:
    assert [turn - NOW for turn in LIVES.turns(KNOWN[day], NOW)] == turns


@pytest.mark.parametrize(
    ("wanted", "first", "meanwhile"),
    [
        pytest.param([], set(), set(), id="nothing"),
        pytest.param([FRESH], set(), set(), id="fresh"),
        pytest.param([FRESH, AGED], set(), {AGED}, id="aged"),
        pytest.param([OLD], {OLD}, set(), id="old"),
        pytest.param([OVER], {OVER}, set(), id="over"),
        pytest.param([UNKNOWN], {UNKNOWN}, set(), id="unknown"),
        pytest.param([FRESH, AGED, UNKNOWN], {AGED, UNKNOWN}, set(), id="aged comes along"),
    ],
)
def test_what_is_fetched_first_and_what_meanwhile(
    wanted: list[date], first: set[date], meanwhile: set[date]
) -> None:
    found = plan(wanted, KNOWN, NOW, LIVES)

    assert found == Plan(frozenset(first), frozenset(meanwhile))
    assert found.is_fulfilled is (not first and not meanwhile)


DATES = st.integers(0, 60).map(lambda number: TODAY + timedelta(days=number))


@given(
    wanted=st.sets(DATES, max_size=20),
    ages=st.dictionaries(DATES, PASSED, max_size=40),
    failing=st.booleans(),
)
def test_nothing_is_fetched_that_need_not_be_and_nothing_served_that_may_not_be(
    wanted: set[date], ages: dict[date, timedelta], *, failing: bool
) -> None:
    known = {day: NOW - passed for day, passed in ages.items()}

    found = plan(wanted, known, NOW, LIVES, failing=failing)

    fetched = found.first | found.meanwhile
    assert not found.first or not found.meanwhile
    assert wanted - fetched == {day for day in wanted & set(known) if LIVES.age(known[day], NOW) is Age.FRESH}
    assert found.first or can_serve(wanted, known, NOW, LIVES)


@pytest.mark.parametrize(
    ("wanted", "can"),
    [
        pytest.param([], True, id="nothing"),
        pytest.param([FRESH, AGED, OLD], True, id="as old as may be"),
        pytest.param([FRESH, OVER], False, id="one that is over"),
        pytest.param([FRESH, UNKNOWN], False, id="one that nobody has read"),
    ],
)
def test_where_calendly_fails_all_or_nothing_is_served(wanted: list[date], *, can: bool) -> None:
    assert can_serve(wanted, KNOWN, NOW, LIVES) is can


@pytest.mark.parametrize(
    ("day", "passed", "is_due"),
    [
        pytest.param(TODAY, LIVES.fresh / 2, False, id="half of its life"),
        pytest.param(TODAY, LIVES.fresh / 2 + MOMENT, True, id="past half of it"),
        pytest.param(TODAY, LIVES.aged, True, id="aged"),
        pytest.param(TODAY, LIVES.aged + MOMENT, False, id="nobody asks for it any more"),
        pytest.param(TODAY - timedelta(days=1), LIVES.fresh, False, id="yesterday"),
        pytest.param(TODAY, -AHEAD, False, id="ahead"),
    ],
)
def test_what_is_to_be_read_soon_is_past_half_of_its_life(
    day: date, passed: timedelta, *, is_due: bool
) -> None:
    assert due_soon({day: NOW - passed}, NOW, LIVES) == ([day] if is_due else [])
