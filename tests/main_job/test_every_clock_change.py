"""Every zone there is, every change of its clocks from 2026 to 2030: each of the simulator's slots once, on its date.

The simulator's engine makes the slots, our own buckets and mapping show them;
over HTTP, for fewer zones, the same is in `test_every_slot_once`.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from app.calendly.models import AvailableTime
from app.features.availability.mapping import local_days, utc_dates
from app.slots.model import Day
from app.slots.planning import MAX_WINDOW, ONE_DAY, by_date, dates
from app.time_zones import time_zones
from simulator.app import create_simulator
from simulator.availability import open_slots
from simulator.model import Interval, Rule, Weekday
from tests.support.simulation import StandingClock

YEARS = range(2026, 2031)
BEFORE = timedelta(days=3)


@cache
def changes() -> dict[date, list[ZoneInfo]]:
    """UTC dates in the five years, each with the zones whose offset changes on it."""
    begins = datetime(YEARS[0], 1, 1, tzinfo=UTC)
    moments = [begins + ONE_DAY * number for number in range(366 * len(YEARS))]
    found = defaultdict(list)
    for zone in (ZoneInfo(name) for name in sorted(time_zones())):
        offsets = [moment.astimezone(zone).utcoffset() for moment in moments]
        for number in range(len(moments) - 1):
            if offsets[number] != offsets[number + 1]:
                found[moments[number].date()].append(zone)
    return found


def simulated(now: datetime) -> list[datetime]:
    """What the simulator offers in the week after `now`, of a host who is always open."""
    app = create_simulator(clock=StandingClock(now))
    state = app.state.simulation
    for user in state.users.values():
        always = [Interval("00:00", "24:00")]
        user.schedule.rules[:] = [Rule("wday", always, wday=day) for day in get_args(Weekday)]
    event_type = next(each for each in state.event_types.values() if each.slug == "no-place")
    return [slot.start for slot in open_slots(state, event_type, now, now + timedelta(days=8))]


def test_the_five_years_are_full_of_changes() -> None:
    assert len(changes()) > 50
    assert len({zone.key for zones in changes().values() for zone in zones}) > 200


@pytest.mark.parametrize("year", YEARS)
def test_around_every_change_each_slot_is_there_once_on_its_date(year: int) -> None:
    for changed, zones in changes().items():
        if changed.year == year:
            now = datetime.combine(changed, datetime.min.time(), UTC) - BEFORE
            offered = simulated(now)
            assert len(offered) > 300
            for zone in zones:
                _assert_shown(offered, changed, zone, now)


def test_in_every_zone_each_slot_is_there_once_on_its_date() -> None:
    changed = date(2026, 10, 25)
    now = datetime.combine(changed, datetime.min.time(), UTC) - BEFORE
    offered = simulated(now)

    for name in sorted(time_zones()):
        _assert_shown(offered, changed, ZoneInfo(name), now)


def _assert_shown(offered: list[datetime], changed: date, zone: ZoneInfo, now: datetime) -> None:
    wanted = dates((changed - ONE_DAY, changed + ONE_DAY))
    needed = utc_dates(wanted[0], wanted[-1], zone)
    assert len(needed) <= MAX_WINDOW
    times = [AvailableTime(status="available", start_time=start) for start in offered]
    buckets = [Day(day, now, slots) for day, slots in by_date(times, (needed[0], needed[-1])).items()]

    shown = [
        (day.date, datetime.fromisoformat(slot.start))
        for day in local_days(buckets, wanted, zone, now)
        for slot in day.slots or ()
    ]

    local = [(start.astimezone(zone).date(), start) for start in offered]
    assert shown == [(day, start) for day, start in local if day in wanted], zone.key
