"""Merging day buckets of several event types: what comes out is what went in, once, on its local date."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.features.availability.mapping import local_days, merged_days, utc_dates
from app.features.availability.schemas import MergedDay
from app.slots.model import Day, Slot
from app.slots.planning import dates
from app.time_zones import time_zones

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)
ZONES = [ZoneInfo(name) for name in sorted(time_zones())]

Offered = dict[str, list[Day]]


class Asked(NamedTuple):
    """What `merged_days` takes."""

    offered: Offered
    wanted: list[date]
    zone: ZoneInfo
    now: datetime


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    """Some event types over some local dates: their slots collide often, and some are past."""
    zone = draw(st.sampled_from(ZONES))
    first = draw(st.dates(date(2026, 1, 1), date(2030, 12, 31)))
    wanted = dates((first, first + timedelta(days=draw(st.integers(0, 3)))))
    needed = utc_dates(wanted[0], wanted[-1], zone)
    slots = st.dictionaries(st.integers(0, 287), st.integers(1, 10), max_size=12)
    ids = draw(st.lists(st.sampled_from("ABCDEFGHIJ"), unique=True, min_size=1, max_size=10))
    offered = {id_: [_bucket(day, draw(slots)) for day in needed] for id_ in ids}
    now = datetime.combine(needed[0], time.min, UTC) + timedelta(hours=draw(st.integers(-1, 30)))
    return Asked(offered, wanted, zone, now)


def _bucket(day: date, spots: Mapping[int, int]) -> Day:
    begins = datetime.combine(day, time.min, UTC)
    return Day(
        day, LONG_AGO, [Slot(begins + FIVE_MINUTES * number, spots[number]) for number in sorted(spots)]
    )


def _single(asked: Asked) -> set[tuple[date, str, str, int]]:
    """Date, start, event type and spots left, as asking for each alone tells them."""
    return {
        (day.date, slot.start, id_, slot.spots_left)
        for id_, buckets in asked.offered.items()
        for day in local_days(buckets, asked.wanted, asked.zone, asked.now)
        for slot in day.slots or ()
    }


def _listed(days: Sequence[MergedDay]) -> list[tuple[date, str, str, int]]:
    return [
        (day.date, slot.start, offer.event_type_id, offer.spots_left)
        for day in days
        for slot in day.slots
        for offer in slot.offers
    ]


@given(asked())
def test_merged_is_all_that_each_has_and_nothing_else(asked: Asked) -> None:
    listed = _listed(merged_days(*asked))

    assert set(listed) == _single(asked)
    assert len(listed) == len(set(listed))


@given(asked())
def test_each_date_and_each_instant_is_there_once_in_order(asked: Asked) -> None:
    days = merged_days(*asked)

    starts = [datetime.fromisoformat(slot.start).astimezone(UTC) for day in days for slot in day.slots]
    assert [day.date for day in days] == asked.wanted
    assert starts == sorted(set(starts))


@given(asked())
def test_a_slot_is_on_its_local_date_and_names_somebody_in_the_order_asked(asked: Asked) -> None:
    order = list(asked.offered)

    for day in merged_days(*asked):
        for slot in day.slots:
            ranks = [order.index(offer.event_type_id) for offer in slot.offers]
            assert slot.start.startswith(day.date.isoformat())
            assert ranks == sorted(ranks)
            assert ranks


@given(asked())
def test_the_order_asked_changes_no_more_than_the_order_of_offers(asked: Asked) -> None:
    turned = asked._replace(offered=dict(reversed(asked.offered.items())))

    assert set(_listed(merged_days(*turned))) == set(_listed(merged_days(*asked)))


@pytest.mark.fault("B15")
def test_the_hour_that_comes_twice_is_merged_by_instant_and_not_by_what_clocks_show() -> None:
    day, berlin = date(2026, 10, 25), ZoneInfo("Europe/Berlin")
    first, second = (datetime(2026, 10, 25, hour, 0, tzinfo=UTC) for hour in (0, 1))
    offered = {"A": [Day(day, LONG_AGO, [Slot(first, 1)])], "B": [Day(day, LONG_AGO, [Slot(second, 1)])]}

    [shown] = merged_days(offered, [day], berlin, LONG_AGO)

    assert [slot.start for slot in shown.slots] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
