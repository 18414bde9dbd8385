"""Free times over HTTP, around clock changes all over the world: each of Calendly's slots once, on its local date."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from simulator.app import create_simulator
from simulator.model import Interval, Rule, Weekday
from simulator.server import server_config
from tests.support.front_end import CalendlyControl, FrontEnd, both_sides
from tests.support.service import served_service, settings_for
from tests.support.serving import serve_config
from tests.support.simulation import StandingClock

Json = dict[str, Any]

SLUG = "no-place"

ZONES = (
    "UTC",
    "America/Havana",  # changes at midnight: a local day without its first hour
    "America/Asuncion",
    "America/St_Johns",
    "America/New_York",
    "Africa/Cairo",  # changes at midnight, too
    "Antarctica/Troll",  # two hours at once
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # half an hour
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)

MOMENTS = {
    "europe-spring": datetime(2027, 3, 26, 22, 50, tzinfo=UTC),
    "europe-autumn": datetime(2026, 10, 23, 22, 10, tzinfo=UTC),
    "america-spring": datetime(2027, 3, 12, 4, 30, tzinfo=UTC),
    "america-autumn": datetime(2026, 10, 30, 11, 0, tzinfo=UTC),
    "south-autumn": datetime(2027, 4, 2, 9, 15, tzinfo=UTC),
    "south-spring": datetime(2026, 10, 2, 0, 0, tzinfo=UTC),
    "new-year": datetime(2026, 12, 30, 23, 59, tzinfo=UTC),
    "leap-day": datetime(2028, 2, 27, 12, 0, tzinfo=UTC),
}
"""Each a day or two before something happens to the calendar or the clocks."""

LENGTHS = (7, 62)
"""Local dates asked for at once: a week, and the most there may be."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Service and simulator that go by one clock, and a host who is open round the clock."""

    clock: StandingClock
    front_end: FrontEnd
    calendly: CalendlyControl

    def offered(self, begins: datetime, ends: datetime) -> list[datetime]:
        """What Calendly has, asked directly. Its windows have 31 days, and a slot on their edge is in both."""
        found: set[datetime] = set()
        begins = max(begins, self.clock() + timedelta(minutes=1))
        while begins < ends:
            until = min(begins + timedelta(days=31), ends)
            found |= {datetime.fromisoformat(start) for start in self.calendly.starts(SLUG, begins, until)}
            begins = until
        return sorted(start for start in found if start < ends)


@pytest.fixture(scope="module", params=list(MOMENTS))
def moved(request: pytest.FixtureRequest) -> Iterator[Moved]:
    """Anew for each moment: no cache lives in a world whose clock goes back."""
    clock = StandingClock(MOMENTS[request.param])
    app = create_simulator(clock=clock)
    for user in app.state.simulation.users.values():
        always = [Interval("00:00", "24:00")]
        user.schedule.rules[:] = [Rule("wday", always, wday=day) for day in get_args(Weekday)]
    with (
        serve_config(server_config(app, host="127.0.0.1", port=0)) as simulator,
        served_service(settings_for(simulator), clock) as service,
        both_sides(service, simulator) as sides,
    ):
        yield Moved(clock, *sides)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


in_autumn = pytest.mark.parametrize("moved", ["europe-autumn"], indirect=True)


@pytest.mark.parametrize("zone_name", ZONES)
@pytest.mark.parametrize("length", LENGTHS)
def test_every_slot_is_there_once_on_its_local_date(moved: Moved, zone_name: str, length: int) -> None:
    zone = ZoneInfo(zone_name)
    first = moved.clock().astimezone(zone).date()
    last = first + timedelta(days=length - 1)

    days = moved.front_end.days(SLUG, zone_name, first, last)

    shown = [(day["date"], slot["start"]) for day in days for slot in day["slots"]]
    expected = moved.offered(midnight(first, zone), midnight(last + timedelta(days=1), zone))
    assert [datetime.fromisoformat(start).astimezone(UTC) for _, start in shown] == expected
    assert [local for local in shown if local != _as_local(local[1], zone)] == []


def _as_local(start: str, zone: ZoneInfo) -> tuple[str, str]:
    """Its date and spelling as somebody in that zone would have it."""
    local = datetime.fromisoformat(start).astimezone(UTC).astimezone(zone)
    return local.date().isoformat(), local.isoformat(timespec="seconds")


def test_every_date_is_there_once_even_where_it_is_short(moved: Moved) -> None:
    first = moved.clock().date() + timedelta(days=1)

    days = moved.front_end.days(SLUG, "America/Havana", first, first + timedelta(days=61))

    assert Counter(day["date"] for day in days) == Counter(
        (first + timedelta(days=offset)).isoformat() for offset in range(62)
    )
    assert any(day["slots"] for day in days)


@in_autumn
def test_the_hour_that_comes_twice_has_its_slots_twice(moved: Moved) -> None:
    (day,) = moved.front_end.days(SLUG, "Europe/Berlin", date(2026, 10, 25), date(2026, 10, 25))

    twos = [slot["start"][11:] for slot in day["slots"] if slot["start"][11:13] == "02"]
    assert twos == ["02:00:00+02:00", "02:30:00+02:00", "02:00:00+01:00", "02:30:00+01:00"]


@in_autumn
@pytest.mark.parametrize("zone_name", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_a_start_as_shown_books_that_instant(moved: Moved, zone_name: str) -> None:
    moved.calendly.forget_calls()
    (day,) = moved.front_end.days(SLUG, zone_name, date(2026, 10, 25), date(2026, 10, 25))
    start = day["slots"][len(day["slots"]) // 2]["start"]
    body = {"eventTypeId": SLUG, "start": start, "timeZone": zone_name}

    answer = moved.front_end.book(
        body | {"invitee": {"name": "Grace Example", "email": "grace@example.test"}}
    )

    assert answer.json()["start"] == start
    (sent,) = moved.calendly.sent_bookings()
    assert datetime.fromisoformat(sent["start_time"]) == datetime.fromisoformat(start)
