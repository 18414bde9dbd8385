"""What many ask for comes first, and what nobody asks for any more is forgotten."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from app.slots.popularity import Popularity

MINUTE = timedelta(minutes=1)
FIRST, SECOND = date(2026, 12, 1), date(2026, 12, 2)


@dataclass(frozen=True, slots=True)
class EventType:
    id: str

    @property
    def uri(self) -> str:
        return f"https://calendly.example.test/event_types/{self.id}"


A, B, C = map(EventType, "ABC")


class Rig:
    def __init__(self, most: int = 2) -> None:
        self.now = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
        self.popularity = Popularity(most=most, lately=MINUTE)

    def asks(self, event_type: EventType, times: int = 1, days: tuple[date, ...] = (FIRST,)) -> None:
        for _ in range(times):
            self.popularity.note(event_type, days, self.now)

    @property
    def found(self) -> dict[str, set[date]]:
        """In order."""
        return {each.event_type.id: set(each.days) for each in self.popularity.most_asked(self.now)}


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_nothing_is_asked_for_to_begin_with(rig: Rig) -> None:
    assert rig.found == {}


def test_the_most_asked_come_first_and_no_more_than_were_wished_for(rig: Rig) -> None:
    rig.asks(A, 2)
    rig.asks(B, 1)
    rig.asks(C, 3)

    assert [*rig.found] == ["C", "A"]


def test_where_none_are_wished_for_there_are_none() -> None:
    rig = Rig(most=0)

    rig.asks(A, 5)

    assert rig.found == {}


def test_days_are_those_that_somebody_asked_for(rig: Rig) -> None:
    rig.asks(A, days=(FIRST,))
    rig.asks(A, days=(SECOND,))

    assert rig.found == {"A": {FIRST, SECOND}}


def test_what_nobody_asks_for_any_more_is_forgotten_day_by_day(rig: Rig) -> None:
    rig.asks(A, days=(FIRST, SECOND))
    rig.now += MINUTE
    rig.asks(A, days=(SECOND,))
    just_in_time = rig.found
    rig.now += timedelta(seconds=1)
    one_day_later = rig.found
    rig.now += MINUTE

    assert (just_in_time, one_day_later, rig.found) == ({"A": {FIRST, SECOND}}, {"A": {SECOND}}, {})


def test_yesterdays_favourite_makes_room_for_todays(rig: Rig) -> None:
    rig.asks(A, 100)
    for _ in range(7):
        rig.now += MINUTE
        rig.asks(A)
    before = [*rig.found]

    rig.asks(B, 5)

    assert (before, [*rig.found]) == (["A"], ["B", "A"])


def test_what_comes_back_after_it_was_forgotten_begins_anew(rig: Rig) -> None:
    rig.asks(A, 100)
    rig.now += 2 * MINUTE
    assert rig.found == {}

    rig.asks(A)
    rig.asks(B, 2)

    assert [*rig.found] == ["B", "A"]


@pytest.mark.fault("P06")
def test_after_the_clock_was_set_back_what_was_asked_ahead_is_forgotten(rig: Rig) -> None:
    rig.asks(A, 100)
    rig.now -= timedelta(hours=1)

    rig.asks(B)

    assert [*rig.found] == ["B"]
