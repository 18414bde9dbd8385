"""The schedule engine against its laws, and against days on which the clocks change."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.schedule import (
    Demand,
    Host,
    Hours,
    Meeting,
    starts_of_all,
    starts_of_any,
    starts_of_one,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STEP = 5 * MINUTE
NINE_TO_FIVE: Hours = ((9 * HOUR, 17 * HOUR),)
ALL_DAY: Hours = ((0 * HOUR, 24 * HOUR),)
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

unhurried = settings(deadline=None)
"""A zone's first use reads its file: on a busy machine that takes as long as it takes."""

zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
lengths = st.sampled_from([5, 15, 30, 45, 60, 90]).map(MINUTE.__mul__)
buffers = st.sampled_from([0, 5, 15, 30]).map(MINUTE.__mul__)
moments = st.integers(0, 5 * 365 * 288).map(lambda steps: BEGINNING + steps * STEP)
steps_of_two_days = st.integers(0, 576).map(STEP.__mul__)


def host(zone: ZoneInfo, hours: Hours = NINE_TO_FIVE, meetings: Sequence[Meeting] = ()) -> Host:
    return Host(timezone=zone, weekdays=dict.fromkeys(range(7), hours), dates={}, meetings=meetings)


def demand(
    earliest: datetime, latest: datetime, duration: timedelta = HOUR, increment: timedelta = HOUR
) -> Demand:
    return Demand(
        duration=duration,
        increment=increment,
        before=timedelta(),
        after=timedelta(),
        earliest=earliest,
        latest=latest,
    )


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    earliest = draw(moments)
    return Demand(
        duration=draw(lengths),
        increment=draw(lengths),
        before=draw(buffers),
        after=draw(buffers),
        earliest=earliest,
        latest=earliest + draw(steps_of_two_days),
    )


@st.composite
def meetings_near(draw: st.DrawFn, wanted: Demand) -> list[Meeting]:
    """A busy calendar around the range; its meetings may overlap each other."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        start = wanted.earliest - 3 * HOUR + draw(steps_of_two_days)
        found.append(
            Meeting(start=start, end=start + draw(lengths), before=draw(buffers), after=draw(buffers))
        )
    return found


def clash(wanted: Demand, start: datetime, meeting: Meeting, *, add_up: bool) -> bool:
    """The definition in its plainest words, to judge the engine by."""
    end = start + wanted.duration
    wide = (start - wanted.before, end + wanted.after)
    booked = (meeting.start, meeting.end)
    booked_wide = (meeting.start - meeting.before, meeting.end + meeting.after)

    def touch(a: tuple[datetime, datetime], b: tuple[datetime, datetime]) -> bool:
        return a[0] < b[1] and b[0] < a[1]

    if add_up:
        return touch(wide, booked_wide)
    return touch(wide, booked) or touch((start, end), booked_wide)


@unhurried
@given(data=st.data(), wanted=demands(), zone=zones, add_up=st.booleans())
def test_a_start_is_offered_exactly_when_it_clashes_with_no_meeting(
    *, data: st.DataObject, wanted: Demand, zone: ZoneInfo, add_up: bool
) -> None:
    meetings = data.draw(meetings_near(wanted))
    idle = starts_of_one(wanted, host(zone))

    offered = starts_of_one(wanted, host(zone, meetings=meetings), buffers_add_up=add_up)

    free = [
        start
        for start in idle
        if not any(clash(wanted, start, meeting, add_up=add_up) for meeting in meetings)
    ]
    assert offered == free


@unhurried
@given(demands(), zones)
def test_every_start_lies_in_the_range_and_its_meeting_in_working_hours(
    wanted: Demand, zone: ZoneInfo
) -> None:
    for start in starts_of_one(wanted, host(zone)):
        local = start.astimezone(zone)
        day = datetime.combine(local.date(), datetime.min.time(), tzinfo=zone)

        assert wanted.earliest <= start <= wanted.latest
        assert (day + 9 * HOUR).astimezone(UTC) <= start
        assert start + wanted.duration <= (day + 17 * HOUR).astimezone(UTC)


@unhurried
@given(demands(), zones, st.sampled_from([NINE_TO_FIVE, ALL_DAY]))
def test_starts_are_strictly_ascending(wanted: Demand, zone: ZoneInfo, hours: Hours) -> None:
    starts = starts_of_one(wanted, host(zone, hours))

    assert all(earlier < later for earlier, later in pairwise(starts))


@unhurried
@given(demands(), zones, steps_of_two_days)
def test_a_range_in_two_parts_yields_what_the_whole_yields(
    wanted: Demand, zone: ZoneInfo, cut: timedelta
) -> None:
    middle = min(wanted.earliest + cut, wanted.latest)
    left = demand(wanted.earliest, middle, wanted.duration, wanted.increment)
    right = demand(middle + timedelta(microseconds=1), wanted.latest, wanted.duration, wanted.increment)
    whole = demand(wanted.earliest, wanted.latest, wanted.duration, wanted.increment)

    parts = [start for part in (left, right) for start in starts_of_one(part, host(zone))]

    assert parts == starts_of_one(whole, host(zone))


@unhurried
@given(data=st.data(), wishes=st.lists(demands(), min_size=1, max_size=6), add_up=st.booleans())
def test_whatever_is_booked_of_what_is_offered_never_overlaps(
    *, data: st.DataObject, wishes: list[Demand], add_up: bool
) -> None:
    first = wishes[0]
    booked: list[Meeting] = []
    for wish in wishes:
        range_of_first = Demand(
            duration=wish.duration,
            increment=wish.increment,
            before=wish.before,
            after=wish.after,
            earliest=first.earliest,
            latest=first.earliest + timedelta(days=1),
        )
        offered = starts_of_one(range_of_first, host(BERLIN, ALL_DAY, meetings=booked), buffers_add_up=add_up)
        if offered:
            start = data.draw(st.sampled_from(offered))
            booked.append(
                Meeting(start=start, end=start + wish.duration, before=wish.before, after=wish.after)
            )

    booked.sort(key=lambda meeting: meeting.start)

    for earlier, later in pairwise(booked):
        gap = earlier.after + later.before if add_up else max(earlier.after, later.before)
        assert earlier.end + gap <= later.start


@unhurried
@given(st.data(), demands(), zones, zones)
def test_one_of_several_hosts_is_free_when_any_of_them_is(
    data: st.DataObject, wanted: Demand, zone: ZoneInfo, other_zone: ZoneInfo
) -> None:
    hosts = [
        host(zone, meetings=data.draw(meetings_near(wanted))),
        host(other_zone, meetings=data.draw(meetings_near(wanted))),
    ]

    offered = starts_of_any(wanted, hosts)

    assert set(offered) == {start for one in hosts for start in starts_of_one(wanted, one)}


@unhurried
@given(st.data(), demands(), zones, zones)
def test_all_hosts_work_and_are_free_when_they_meet_together(
    data: st.DataObject, wanted: Demand, zone: ZoneInfo, other_zone: ZoneInfo
) -> None:
    hosts = [
        host(zone, meetings=data.draw(meetings_near(wanted))),
        host(other_zone, meetings=data.draw(meetings_near(wanted))),
    ]

    for start in starts_of_all(wanted, hosts):
        for one in hosts:
            local = start.astimezone(one.timezone)
            day = datetime.combine(local.date(), datetime.min.time(), tzinfo=one.timezone)
            assert day + 9 * HOUR <= local
            assert start + wanted.duration <= (day + 17 * HOUR).astimezone(UTC)
            assert not any(clash(wanted, start, meeting, add_up=False) for meeting in one.meetings)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("Europe/Berlin", date(2026, 3, 29), 23, id="berlin springs forward"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), 25, id="berlin falls back"),
        pytest.param("America/New_York", date(2027, 3, 14), 23, id="new york springs forward"),
        pytest.param("America/New_York", date(2027, 11, 7), 25, id="new york falls back"),
        pytest.param("Asia/Kolkata", date(2026, 3, 29), 24, id="kolkata never changes"),
        pytest.param("America/Santiago", date(2026, 9, 6), 23, id="santiago changes at midnight"),
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_say(zone: str, day: date, hours: int) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    whole_day = demand(midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC) - MINUTE)

    starts = starts_of_one(whole_day, host(ZoneInfo(zone), ALL_DAY))

    assert len(starts) == hours


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change() -> None:
    week = demand(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))

    starts = starts_of_one(week, host(BERLIN, ((9 * HOUR, 10 * HOUR),)))

    assert [start.hour for start in starts] == [8, 8, 7, 7, 7]


def test_two_hosts_meet_where_their_days_overlap() -> None:
    monday = demand(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))

    starts = starts_of_all(monday, [host(BERLIN), host(NEW_YORK)])

    assert [start.hour for start in starts] == [14, 15]


def test_the_hours_of_a_date_replace_those_of_its_weekday() -> None:
    monday = date(2026, 11, 23)
    short_day = Host(
        timezone=BERLIN,
        weekdays={0: NINE_TO_FIVE, 1: NINE_TO_FIVE},
        dates={monday: ((10 * HOUR, 12 * HOUR),)},
        meetings=(),
    )
    range_of_one_day = demand(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC))

    starts = starts_of_one(range_of_one_day, short_day)

    assert [start.astimezone(BERLIN).hour for start in starts] == [10, 11]


def test_a_gap_exactly_as_long_as_the_meeting_is_offered() -> None:
    nine = datetime(2026, 11, 23, 8, tzinfo=UTC)
    booked = [
        Meeting(start=begin, end=begin + HOUR, before=timedelta(), after=timedelta())
        for begin in (nine, nine + 2 * HOUR)
    ]

    starts = starts_of_one(demand(nine, nine + 2 * HOUR), host(BERLIN, meetings=booked))

    assert starts == [nine + HOUR]
