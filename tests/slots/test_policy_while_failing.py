"""What is served while it is known that Calendly does not answer: whatever there is, but nothing that there is not."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.slots.policy import Lifetimes, plan

DAY = date(2026, 12, 1)
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LIVES = Lifetimes(fresh=timedelta(seconds=30), aged=timedelta(minutes=10), old=timedelta(hours=1))


@pytest.mark.parametrize(
    ("age", "first", "meanwhile"),
    [
        pytest.param(timedelta(seconds=30), False, False, id="fresh"),
        pytest.param(timedelta(seconds=31), False, True, id="aged"),
        pytest.param(timedelta(minutes=11), False, True, id="old"),
        pytest.param(timedelta(minutes=61), True, False, id="over"),
    ],
)
def test_only_what_may_not_be_served_at_all_is_waited_for(
    age: timedelta, *, first: bool, meanwhile: bool
) -> None:
    found = plan([DAY], {DAY: NOW - age}, NOW, LIVES, failing=True)

    assert (DAY in found.first, DAY in found.meanwhile) == (first, meanwhile)


def test_what_is_not_known_is_waited_for() -> None:
    assert plan([DAY], {}, NOW, LIVES, failing=True).first == {DAY}


def test_what_is_old_comes_along_where_something_is_waited_for() -> None:
    old, unknown = DAY, DAY + timedelta(days=1)

    found = plan([old, unknown], {old: NOW - timedelta(minutes=11)}, NOW, LIVES, failing=True)

    assert (found.first, found.meanwhile) == (frozenset({old, unknown}), frozenset())
