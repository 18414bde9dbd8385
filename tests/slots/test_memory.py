"""Days in memory: the newest reading of each, and no more slots than fit."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.slots.memory import DayMemory, Place
from app.slots.model import Day, Slot
from app.slots.planning import midnight

FIRST = date(2026, 12, 1)
READ_AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
INTRO, WORKSHOP = EVENT_TYPES = ("intro-call", "workshop")
DATES = [FIRST + timedelta(days=number) for number in range(4)]
MOST = 12
"""Slots, in the sequences below: fewer than there are dates and event types for."""


def _day(number: int = 0, *, read: int = 0, slots: int = 1) -> Day:
    """`read`: seconds after the first reading."""
    day = DATES[number]
    starts = [midnight(day) + timedelta(minutes=30 * slot) for slot in range(slots)]
    return Day(day, READ_AT + timedelta(seconds=read), [Slot(start, 1) for start in starts])


def test_what_was_kept_is_read_and_what_was_not_is_not_there() -> None:
    memory = DayMemory()
    memory.keep(INTRO, [_day(0), _day(1)])

    assert memory.read(INTRO, DATES[1:3]) == {DATES[1]: _day(1)}
    assert memory.read(WORKSHOP, DATES) == {}


def test_the_newest_reading_stays_whichever_comes_last() -> None:
    memory = DayMemory()
    memory.keep(INTRO, [_day(read=5, slots=2)])

    memory.keep(INTRO, [_day(read=4, slots=3), _day(read=5, slots=4)])
    before = memory.read(INTRO, [FIRST])
    memory.keep(INTRO, [_day(read=6, slots=5)])

    assert before == {FIRST: _day(read=5, slots=2)}
    assert memory.read(INTRO, [FIRST]) == {FIRST: _day(read=6, slots=5)}


def test_the_days_of_an_event_type_are_its_own() -> None:
    memory = DayMemory()
    memory.keep(INTRO, [_day(0), _day(1)])
    memory.keep(WORKSHOP, [_day(2)])

    assert memory.all_of(INTRO) == {DATES[0]: _day(0), DATES[1]: _day(1)}


def test_what_was_read_longest_ago_makes_room() -> None:
    memory = DayMemory(most_slots=6)
    memory.keep(INTRO, [_day(0), _day(1), _day(2)])
    memory.keep(INTRO, [_day(0, read=1)])

    memory.keep(INTRO, [_day(3)])

    assert set(memory.all_of(INTRO)) == {DATES[0], DATES[2], DATES[3]}


def test_empty_days_take_room_as_well() -> None:
    memory = DayMemory(most_slots=3)

    memory.keep(INTRO, [_day(number, slots=0) for number in range(4)])

    assert set(memory.all_of(INTRO)) == set(DATES[1:])


def test_a_day_that_fits_nowhere_is_not_kept_and_leaves_room() -> None:
    memory = DayMemory(most_slots=3)

    memory.keep(INTRO, [_day(0, slots=3)])
    memory.keep(INTRO, [_day(1, slots=2)])

    assert set(memory.all_of(INTRO)) == {DATES[1]}


def test_what_is_untrue_is_forgotten_of_all_event_types() -> None:
    memory = DayMemory()
    for event_type in EVENT_TYPES:
        memory.keep(event_type, [_day(0), _day(1)])

    memory.forget([DATES[0], DATES[3]])

    assert [set(memory.all_of(event_type)) for event_type in EVENT_TYPES] == [{DATES[1]}, {DATES[1]}]


def test_what_is_gone_is_forgotten_of_all_days() -> None:
    memory = DayMemory()
    for event_type in EVENT_TYPES:
        memory.keep(event_type, [_day(0), _day(1)])

    memory.forget_event_type(INTRO)

    assert memory.all_of(INTRO) == {}
    assert set(memory.all_of(WORKSHOP)) == {DATES[0], DATES[1]}


def test_what_was_forgotten_may_be_kept_again_though_it_was_read_before() -> None:
    memory = DayMemory()
    memory.keep(INTRO, [_day(read=5)])
    memory.forget([FIRST])

    memory.keep(INTRO, [_day(read=4)])

    assert memory.read(INTRO, [FIRST]) == {FIRST: _day(read=4)}


class _Model:
    """The same said slowly: whatever is there is counted anew each time."""

    def __init__(self) -> None:
        self.days: list[tuple[Place, Day]] = []

    @property
    def weight(self) -> int:
        return sum(1 + len(day.slots) for _, day in self.days)

    def keep(self, event_type: str, days: Iterable[Day]) -> None:
        for day in days:
            place = (event_type, day.date)
            if all(kept.as_of < day.as_of for known, kept in self.days if known == place):
                self.days = [each for each in self.days if each[0] != place] + [(place, day)]
        while self.weight > MOST:
            self.days.pop(0)

    def forget(self, days: Iterable[date]) -> None:
        self.days = [each for each in self.days if each[0][1] not in days]

    def forget_event_type(self, event_type: str) -> None:
        self.days = [each for each in self.days if each[0][0] != event_type]

    def clear(self) -> None:
        self.days = []

    def all_of(self, event_type: str) -> dict[date, Day]:
        return {day.date: day for place, day in self.days if place[0] == event_type}


Step = Callable[[DayMemory | _Model], None]
ANY_DAY = st.builds(
    lambda number, read, slots: _day(number, read=read, slots=slots),
    st.integers(0, 3),
    st.integers(0, 5),
    st.integers(0, MOST + 1) | st.integers(0, 2),
)
KEEP: st.SearchStrategy[Step] = st.builds(
    lambda event_type, days: lambda memory: memory.keep(event_type, days),
    st.sampled_from(EVENT_TYPES),
    st.lists(ANY_DAY, max_size=4),
)
FORGET: st.SearchStrategy[Step] = st.builds(
    lambda days: lambda memory: memory.forget(days), st.lists(st.sampled_from(DATES), max_size=2)
)
LOSE: st.SearchStrategy[Step] = st.builds(
    lambda event_type: lambda memory: memory.forget_event_type(event_type), st.sampled_from(EVENT_TYPES)
)
CLEAR: st.SearchStrategy[Step] = st.just(lambda memory: memory.clear())


@given(st.lists(KEEP | KEEP | KEEP | FORGET | LOSE | CLEAR, max_size=20))
def test_after_any_steps_what_is_there_is_what_should_be_and_its_weight_is_right(steps: list[Step]) -> None:
    memory, model = DayMemory(most_slots=MOST), _Model()

    for step in steps:
        step(memory)
        step(model)

        assert [memory.all_of(each) for each in EVENT_TYPES] == [model.all_of(each) for each in EVENT_TYPES]
        assert memory._weight == model.weight <= MOST
