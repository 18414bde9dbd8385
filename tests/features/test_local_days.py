"""From UTC buckets to local days: over all zones and clock changes nothing is lost, doubled or misplaced."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from app.calendly.models import AvailableTime
from app.errors import InvalidRequestError
from app.features.availability.mapping import counted_days, local_days, utc_dates
from app.features.availability.ranges import DEFAULT_DAYS, dates_asked
from app.slots.model import Day, Slot
from app.slots.planning import MAX_DAYS, by_date, dates
from app.time_zones import time_zones

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
A_YEAR_AHEAD = timedelta(days=366)
ZONES = [ZoneInfo(name) for name in sorted(time_zones())]


def _changes(zone: ZoneInfo) -> list[date]:
    """Local dates between 2026 and 2030 around which the zone's offset changes."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(5 * 365)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [
        days[index].astimezone(zone).date()
        for index in range(1, len(days))
        if offsets[index] != offsets[index - 1]
    ]


def _buckets(first: date, last: date, zone: ZoneInfo) -> list[Day]:
    """Every quarter of an hour of the UTC dates that the range needs, as buckets."""
    wanted = utc_dates(first, last, zone)
    found = []
    for day in wanted:
        begins = datetime.combine(day, time.min, UTC)
        slots = [Slot(begins + QUARTER * number, 1) for number in range(96)]
        found.append(Day(day, LONG_AGO, slots))
    return found


def _expected(first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """Every quarter of an hour that is within the local range, found by walking well around it."""
    begins = datetime.combine(first, time.min, UTC) - timedelta(days=2)
    number = ((last - first).days + 5) * 96
    instants = [begins + QUARTER * step for step in range(number)]
    return [instant for instant in instants if first <= instant.astimezone(zone).date() <= last]


def _assert_lossless(first: date, last: date, zone: ZoneInfo) -> None:
    shown = local_days(_buckets(first, last, zone), dates((first, last)), zone, LONG_AGO)

    starts = [datetime.fromisoformat(slot.start) for day in shown for slot in day.slots or ()]
    assert [start.astimezone(UTC) for start in starts] == _expected(first, last, zone)
    assert [day.date for day in shown] == dates((first, last))
    assert all(slot.start.startswith(day.date.isoformat()) for day in shown for slot in day.slots or ())


@pytest.mark.fault("B15")
@pytest.mark.parametrize(
    "name",
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Havana",
        "Africa/Cairo",
        "Asia/Beirut",
        "America/Santiago",
        "Antarctica/Troll",
        "Africa/Casablanca",
        "America/St_Johns",
        "Pacific/Chatham",
        "Atlantic/Azores",
        "America/Scoresbysund",
    ],
)
def test_around_each_clock_change_each_slot_appears_once_on_its_date(name: str) -> None:
    zone = ZoneInfo(name)

    for change in _changes(zone):
        _assert_lossless(change - timedelta(days=1), change + timedelta(days=1), zone)


@pytest.mark.fault("B15")
def test_in_every_zone_each_slot_appears_once_on_its_date() -> None:
    for zone in ZONES:
        _assert_lossless(date(2026, 3, 28), date(2026, 3, 29), zone)


@pytest.mark.fault("B15")
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.integers(0, 6))
def test_over_any_range_in_any_zone_each_slot_appears_once(zone: ZoneInfo, first: date, more: int) -> None:
    _assert_lossless(first, first + timedelta(days=more), zone)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    st.integers(0, 6),
    st.integers(-1, 8 * 96),
)
def test_over_any_range_in_any_zone_a_day_counts_the_slots_it_has(
    zone: ZoneInfo, first: date, more: int, past: int
) -> None:
    wanted = dates((first, first + timedelta(days=more)))
    buckets = _buckets(wanted[0], wanted[-1], zone)
    now = buckets[0].slots[0].start + QUARTER * past

    counted = counted_days(buckets, wanted, zone, now)

    shown = local_days(buckets, wanted, zone, now)
    assert [(day.date, day.slot_count) for day in counted] == [
        (day.date, len(day.slots or ())) for day in shown
    ]
    assert [day.slot_count for day in shown] == [day.slot_count for day in counted]
    assert {day.slots for day in counted} == {UNSET}


def test_a_date_that_a_zone_skipped_is_an_empty_day() -> None:
    """Apia went from the twenty-ninth of December 2011 to the thirty-first."""
    apia, skipped = ZoneInfo("Pacific/Apia"), date(2011, 12, 30)

    [day] = local_days(_buckets(skipped, skipped, apia), [skipped], apia, LONG_AGO)

    assert day.slots == []


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2030, 12, 1)), st.integers(0, 61))
def test_no_utc_date_is_read_in_vain(zone: ZoneInfo, first: date, more: int) -> None:
    last = first + timedelta(days=more)

    needed = utc_dates(first, last, zone)

    begins = datetime.combine(needed[0], time.max, UTC).astimezone(zone).date()
    ends = datetime.combine(needed[-1], time.min, UTC).astimezone(zone).date()
    assert needed == dates((needed[0], needed[-1]))
    assert begins >= first
    assert ends <= last


@given(st.lists(st.integers(-100, 100), unique=True, max_size=20))
def test_what_is_past_is_left_out(minutes: Sequence[int]) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    times = [
        AvailableTime(status="available", start_time=now + timedelta(minutes=each), invitees_remaining=1)
        for each in minutes
    ]
    window = (now.date(), now.date())
    buckets = [Day(day, now, slots) for day, slots in by_date(times, window).items()]

    [day] = local_days(buckets, [now.date()], ZoneInfo("UTC"), now)

    assert len(day.slots or ()) == sum(each > 0 for each in minutes)


@given(
    st.none() | st.dates(),
    st.none() | st.dates(),
    st.sampled_from(ZONES),
    st.integers(0, 600_000).map(lambda hours: LONG_AGO + timedelta(hours=hours)),
)
def test_any_range_is_a_sensible_one_or_refused(
    first: date | None, last: date | None, zone: ZoneInfo, now: datetime
) -> None:
    today = now.astimezone(zone).date()
    begins = ends = today
    with suppress(InvalidRequestError):
        begins, ends = dates_asked(first, last, zone, now)

    assert begins <= ends
    assert ends >= today
    assert (ends - begins).days < MAX_DAYS
    assert begins - today <= A_YEAR_AHEAD


def test_without_wishes_a_range_is_a_month_from_today() -> None:
    now = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

    begins, ends = dates_asked(None, None, ZoneInfo("Europe/Berlin"), now)

    assert (begins, ends) == (date(2026, 11, 24), date(2026, 11, 24) + timedelta(days=DEFAULT_DAYS))
