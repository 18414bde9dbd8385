"""Laws of day buckets: the fewest calls, each day once, each slot on its date."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.calendly.models import AvailableTime
from app.slots.model import Slot
from app.slots.planning import (
    MARGIN,
    MAX_WINDOW,
    Window,
    bounds,
    by_date,
    dates,
    is_over,
    midnight,
    nearest,
    widened,
    windows,
)

FIRST = date(2026, 1, 1)
DAYS = st.dates(FIRST, date(2027, 12, 31))
INSTANTS = st.integers(0, 89 * 1440).map(lambda minute: midnight(FIRST) + timedelta(minutes=minute))
WINDOW = (FIRST, FIRST + timedelta(days=30))


def _time(start: datetime, *, status: str = "available", left: int = 1) -> AvailableTime:
    return AvailableTime(status=status, start_time=start, invitees_remaining=left)


def _fewest(days: set[date]) -> int:
    """Counted another way: how often one must begin anew when walking over the days."""
    count, covered = 0, date.min
    for day in sorted(days):
        if day > covered:
            count, covered = count + 1, day + timedelta(days=MAX_WINDOW - 1)
    return count


@given(st.sets(DAYS, max_size=80))
def test_windows_hold_every_day_once(days: set[date]) -> None:
    held = [day for window in windows(days) for day in dates(window)]

    assert days <= set(held)
    assert len(held) == len(set(held))


@given(st.sets(DAYS, max_size=80))
def test_no_window_is_longer_than_calendly_allows(days: set[date]) -> None:
    assert all(len(dates(window)) <= MAX_WINDOW for window in windows(days))


@given(st.sets(DAYS, max_size=80))
def test_there_are_as_few_windows_as_can_be(days: set[date]) -> None:
    assert len(windows(days)) == _fewest(days)


@given(st.sets(DAYS, max_size=80))
def test_no_window_asks_for_more_than_it_must(days: set[date]) -> None:
    assert all({first, last} <= days for first, last in windows(days))


def test_two_months_are_two_windows() -> None:
    assert windows(dates((FIRST, FIRST + timedelta(days=61)))) == [
        (FIRST, FIRST + timedelta(days=30)),
        (FIRST + timedelta(days=31), FIRST + timedelta(days=61)),
    ]


@given(DAYS, st.integers(0, 30), INSTANTS)
def test_bounds_never_begin_in_the_past_nor_span_too_much(first: date, length: int, now: datetime) -> None:
    found = bounds((first, first + timedelta(days=length)), now)

    assert found is None or (found[0] >= now + MARGIN and timedelta(0) < found[1] - found[0])
    assert found is None or found[1] - found[0] <= timedelta(days=MAX_WINDOW)


def test_a_window_that_is_over_has_no_bounds() -> None:
    assert bounds((FIRST, FIRST), midnight(FIRST) + timedelta(days=1) - MARGIN) is None


@given(st.sets(INSTANTS, max_size=60))
def test_each_slot_is_on_the_date_it_starts(starts: set[datetime]) -> None:
    window: Window = (FIRST, date(2026, 3, 31))

    found = by_date([_time(start) for start in starts], window)

    assert list(found) == dates(window)
    assert [slot.start for slots in found.values() for slot in slots] == sorted(starts)
    assert all(slot.start.date() == day for day, slots in found.items() for slot in slots)


def test_a_slot_that_comes_twice_is_there_once() -> None:
    start = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    again = start.astimezone(tz=None)

    found = by_date([_time(start), _time(again)], WINDOW)

    assert [slot.start for slot in found[start.date()]] == [start]


def test_a_slot_outside_the_window_is_left_to_the_window_it_belongs_to() -> None:
    found = by_date([_time(midnight(WINDOW[1] + timedelta(days=1)))], WINDOW)

    assert not any(found.values())


def test_a_time_that_is_not_available_is_no_slot() -> None:
    found = by_date([_time(midnight(FIRST), status="unavailable")], WINDOW)

    assert not any(found.values())


@given(st.sets(INSTANTS, max_size=30), INSTANTS, st.integers(0, 8))
def test_the_nearest_are_no_farther_than_any_other(
    starts: set[datetime], wanted: datetime, limit: int
) -> None:
    slots = [Slot(start, 1) for start in starts]

    chosen = nearest(slots, wanted, limit)

    distances = [abs(slot.start - wanted) for slot in chosen]
    others = [abs(slot.start - wanted) for slot in slots if slot not in chosen]
    assert len(chosen) == min(limit, len(slots))
    assert distances == sorted(distances)
    assert not distances or not others or max(distances) <= min(others)


def test_of_two_as_near_the_earlier_comes_first() -> None:
    wanted = midnight(FIRST)
    around = [Slot(wanted + timedelta(minutes=30), 1), Slot(wanted - timedelta(minutes=30), 1)]

    assert nearest(around, wanted, 2) == around[::-1]


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ANY_TIMES = st.builds(
    AvailableTime,
    status=st.sampled_from(["available", "unheard-of"]),
    start_time=st.datetimes(timezones=OFFSETS),
    invitees_remaining=st.integers(),
)


@example([_time(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))), _time(midnight(FIRST))])
@example([_time(datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=1)))), _time(midnight(FIRST))])
@given(st.lists(ANY_TIMES))
def test_any_times_that_calendly_may_send_can_be_sorted_into_days(times: list[AvailableTime]) -> None:
    days = by_date(times, WINDOW)

    assert set(days) == set(dates(WINDOW))
    assert all(slot.start.date() == day for day, slots in days.items() for slot in slots)


@given(st.integers(max_value=0))
def test_a_slot_without_seats_is_none(left: int) -> None:
    days = by_date([_time(midnight(FIRST), left=left)], WINDOW)

    assert days[FIRST] == []


@given(days=st.sets(DAYS, min_size=1, max_size=40), others=st.sets(DAYS, max_size=40))
def test_what_comes_along_costs_no_call_more(days: set[date], others: set[date]) -> None:
    found = widened(days, others)

    assert days <= found <= days | others
    assert len(windows(found)) == len(windows(days))


def test_the_nearest_come_along_first() -> None:
    days = dates((date(2026, 1, 10), date(2026, 1, 30)))
    others = set(dates((date(2026, 1, 1), date(2026, 2, 9)))) - set(days)

    found = widened(days, others)

    assert sorted(found) == dates((date(2026, 1, 5), date(2026, 2, 4)))


def test_nothing_comes_along_where_nothing_is_fetched() -> None:
    assert widened([], [FIRST]) == frozenset()


def test_between_two_calls_each_brings_what_is_near_to_it() -> None:
    first, second = date(2026, 1, 1), date(2026, 3, 6)
    others = set(dates((first, second))) - {first, second}

    found = widened([first, second], others)

    assert others - found == set(dates((date(2026, 2, 1), date(2026, 2, 3))))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(datetime(2026, 1, 1, 23, 59, tzinfo=UTC), False, id="its last minute"),
        pytest.param(datetime(2026, 1, 2, 0, 0, tzinfo=UTC), True, id="the next midnight"),
        pytest.param(datetime(2025, 12, 31, 12, 0, tzinfo=UTC), False, id="the day before"),
        pytest.param(
            datetime(2026, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=2))), False, id="in the east"
        ),
        pytest.param(
            datetime(2026, 1, 1, 23, 0, tzinfo=timezone(-timedelta(hours=2))), True, id="in the west"
        ),
    ],
)
def test_a_day_is_over_when_it_is_over_in_utc(now: datetime, *, expected: bool) -> None:
    assert is_over(FIRST, now) is expected
