"""Which days are to be read again: those that are about to age, with what the same calls bring along."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.slots.planning import windows
from app.slots.policy import Lifetimes
from app.slots.warm_up import due, lead

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
TODAY = NOW.date()


def lives(fresh: float = 30) -> Lifetimes:
    return Lifetimes(fresh=timedelta(seconds=fresh), aged=timedelta(minutes=10), old=timedelta(hours=1))


def _read(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("fresh", "expected"), [(30, 5), (60, 5), (6, 1), (1, 1 / 6)], ids=["usual", "long", "short", "shortest"]
)
def test_it_is_time_shortly_before_days_age(fresh: float, expected: float) -> None:
    assert lead(lives(fresh)) == timedelta(seconds=expected)


@pytest.mark.parametrize(("age", "is_due"), [(24.9, False), (25, True), (30, True), (500, True)])
def test_a_day_is_due_when_it_is_about_to_age(age: float, *, is_due: bool) -> None:
    assert bool(due([TODAY], {TODAY: _read(age)}, NOW, lives())) is is_due


def test_a_day_that_is_not_known_is_not_due() -> None:
    assert due([TODAY], {}, NOW, lives()) == frozenset()


def test_a_day_that_nobody_asked_for_is_not_due() -> None:
    assert due([], {TODAY: _read(29)}, NOW, lives()) == frozenset()


def test_a_day_that_is_over_is_not_due() -> None:
    yesterday = TODAY - timedelta(days=1)

    assert due([yesterday], {yesterday: _read(29)}, NOW, lives()) == frozenset()


def test_what_the_same_call_brings_comes_along_so_that_all_age_together() -> None:
    asked = [TODAY + timedelta(days=number) for number in range(40)]
    read_at = {day: _read(29 if day == asked[2] else 5) for day in asked if day != asked[20]}

    assert due(asked, read_at, NOW, lives()) == frozenset(asked[2:33])


DAYS = st.dates(date(2026, 10, 1), date(2027, 3, 31))


@given(st.dictionaries(DAYS, st.floats(0, 60), max_size=80), st.sets(DAYS, max_size=40))
def test_no_call_is_made_for_what_is_not_yet_due(ages: dict[date, float], unknown: set[date]) -> None:
    read_at = {day: _read(age) for day, age in ages.items()}
    asked = set(ages) | unknown

    found = due(asked, read_at, NOW, lives())

    ageing = {day for day, age in ages.items() if age >= 25 and day >= TODAY}
    assert ageing <= found <= asked
    assert len(windows(found)) == len(windows(ageing))
