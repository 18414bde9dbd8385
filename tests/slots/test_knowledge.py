"""What a process knows, and how it hears that something is no longer true."""

import asyncio
from datetime import date, timedelta

import pytest

from app.cache.day_store import Untrue
from app.cache.heard import Heard
from app.errors import NotFoundError
from app.slots.knowledge import GONE_FOR, Knowledge
from app.slots.model import Day
from tests.slots.readings import DAY, DAYS, INTRO, NOW, WORKSHOP, Readings, others


class Rig:
    """Somebody who knows two days of two event types, and has heard of everything up to generation 5."""

    def __init__(self) -> None:
        self.changes = 0
        self.readings = Readings()
        self.now = NOW
        self.knowledge = Knowledge(Heard(), self._changed, lambda: self.now)
        self.knowledge.note(5)
        for event_type in (INTRO, WORKSHOP):
            self.knowledge.memory.keep(event_type, [Day(day, NOW, []) for day in DAYS[:2]])
        self._version, self.changes = self.knowledge.version, 0

    @property
    def known(self) -> list[set[date]]:
        return [set(self.knowledge.memory.all_of(event_type)) for event_type in (INTRO, WORKSHOP)]

    @property
    def versions(self) -> int:
        """Since the beginning."""
        return self.knowledge.version - self._version

    def _changed(self) -> None:
        self.changes += 1


ALL, ONE, NONE = [set(DAYS[:2])] * 2, [{DAYS[1]}] * 2, [set[date]()] * 2


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize(
    ("generation", "before", "known"),
    [
        pytest.param(6, 5, ONE, id="the next"),
        pytest.param(9, 4, ONE, id="all before it was heard of"),
        pytest.param(9, 8, NONE, id="one before it was missed"),
    ],
)
def test_news_makes_its_days_untrue_and_all_where_some_was_missed(
    rig: Rig, generation: int, before: int, known: list[set[date]]
) -> None:
    rig.knowledge.hear(Untrue(generation, before, frozenset({DAY})))

    assert rig.known == known
    assert (rig.versions, rig.changes, rig.knowledge.generation) == (1, 1, generation)


@pytest.mark.parametrize("generation", [4, 5], ids=["older", "the same"])
def test_what_was_heard_of_is_no_news(rig: Rig, generation: int) -> None:
    rig.knowledge.hear(Untrue(generation, 0, frozenset({DAY})))
    rig.knowledge.note(generation)

    assert rig.known == ALL
    assert (rig.versions, rig.changes, rig.knowledge.generation) == (0, 0, 5)


def test_a_later_generation_says_that_news_was_missed(rig: Rig) -> None:
    rig.knowledge.note(6)

    assert rig.known == NONE
    assert (rig.versions, rig.changes, rig.knowledge.generation) == (1, 1, 6)


def test_where_nobody_knows_the_generation_nothing_was_missed(rig: Rig) -> None:
    rig.knowledge.note(0)

    assert (rig.known, rig.versions, rig.knowledge.generation) == (ALL, 0, 5)


def test_news_that_comes_late_after_its_generation_was_noted_is_none(rig: Rig) -> None:
    rig.knowledge.note(6)
    rig.knowledge.memory.keep(INTRO, [Day(DAY, NOW, [])])

    rig.knowledge.hear(Untrue(6, 5, frozenset({DAY})))

    assert rig.known == [{DAY}, set()]
    assert rig.versions == 1


def test_days_are_untrue_of_all_event_types(rig: Rig) -> None:
    rig.knowledge.spoil([DAY])

    assert rig.known == ONE
    assert (rig.versions, rig.changes, rig.knowledge.generation) == (1, 1, 5)


def test_whoever_missed_something_trusts_nothing(rig: Rig) -> None:
    rig.knowledge.miss()

    assert rig.known == NONE
    assert (rig.versions, rig.changes, rig.knowledge.generation) == (1, 1, 5)


@pytest.mark.parametrize("is_all", [False, True], ids=["these days", "all days"])
async def test_what_is_being_read_becomes_untrue_as_well(rig: Rig, *, is_all: bool) -> None:
    running = rig.knowledge.loads.begin(INTRO, DAYS[:2], rig.readings)
    await others()

    if is_all:
        rig.knowledge.miss()
    else:
        rig.knowledge.spoil([DAY])

    under_way = {day for day in DAYS if rig.knowledge.loads.is_under_way(INTRO, day)}
    assert (rig.readings.begun[0].untrue, under_way) == (
        (set(DAYS[:2]), set()) if is_all else ({DAY}, {DAYS[1]})
    )
    rig.readings.let.set()
    await asyncio.gather(*running)


@pytest.mark.fault("R09")
@pytest.mark.parametrize(("before", "has_lost"), [(4, True), (5, False), (8, False)])
def test_news_that_follow_what_was_long_before_show_that_redis_has_lost_some(
    rig: Rig, before: int, *, has_lost: bool
) -> None:
    assert rig.knowledge.hear(Untrue(9, before, frozenset([DAY]))) == has_lost


@pytest.mark.parametrize("doing", ["nothing", "remembers", "reads", "reads again"])
async def test_the_first_generation_that_is_heard_of_is_news_to_who_may_know_what_was_before(
    doing: str,
) -> None:
    knowledge, readings = Knowledge(Heard(), lambda: None, lambda: NOW), Readings()
    running = knowledge.loads.begin(INTRO, [DAY], readings) if doing == "reads" else []
    knowledge.memory.keep(INTRO, [Day(DAY, NOW, [])] if doing == "remembers" else [])
    knowledge.rereadings = int(doing == "reads again")

    knowledge.note(5)

    assert (knowledge.version, knowledge.memory.is_empty) == (int(doing != "nothing"), True)
    readings.let.set()
    await asyncio.gather(*running)


def test_every_change_counts(rig: Rig) -> None:
    rig.knowledge.spoil([DAY])
    rig.knowledge.spoil([DAY])
    rig.knowledge.miss()
    rig.knowledge.lose(INTRO)

    assert (rig.versions, rig.changes) == (4, 4)


def test_who_is_told_of_a_change_finds_it_made() -> None:
    seen: list[tuple[int, dict[date, Day]]] = []
    knowledge = Knowledge(
        Heard(),
        lambda: seen.append((knowledge.version, knowledge.memory.all_of(INTRO))),
        lambda: NOW,
    )
    knowledge.memory.keep(INTRO, [Day(DAY, NOW, [])])

    knowledge.spoil([DAY])

    assert seen == [(1, {})]


def test_an_event_type_that_is_gone_takes_its_days_along(rig: Rig) -> None:
    rig.knowledge.lose(INTRO)

    assert rig.known == [set(), set(DAYS[:2])]
    assert (rig.versions, rig.changes) == (1, 1)
    rig.now += GONE_FOR - timedelta.resolution
    rig.knowledge.require_there(WORKSHOP)
    with pytest.raises(NotFoundError):
        rig.knowledge.require_there(INTRO)


def test_it_may_be_there_again_when_its_time_is_up_whatever_the_clock_says_then(rig: Rig) -> None:
    rig.knowledge.lose(INTRO)

    rig.now += GONE_FOR
    rig.knowledge.require_there(INTRO)

    rig.now = NOW
    rig.knowledge.require_there(INTRO)


@pytest.mark.fault("P06")
def test_after_the_clock_was_set_back_it_may_be_there_again(rig: Rig) -> None:
    rig.knowledge.lose(INTRO)

    rig.now -= timedelta(hours=1)

    rig.knowledge.require_there(INTRO)


@pytest.mark.fault("U24")
@pytest.mark.parametrize(
    ("before", "known"),
    [
        pytest.param(5, [set(), set(DAYS[:2])], id="the next"),
        pytest.param(8, [set(), set()], id="one before it was missed"),
    ],
)
def test_what_others_found_gone_is_gone(rig: Rig, before: int, known: list[set[date]]) -> None:
    rig.knowledge.hear(Untrue(9, before, gone=INTRO))

    assert rig.known == known
    rig.knowledge.require_there(WORKSHOP)
    with pytest.raises(NotFoundError):
        rig.knowledge.require_there(INTRO)


def test_whoever_missed_something_does_not_believe_that_it_is_gone(rig: Rig) -> None:
    rig.knowledge.lose(INTRO)

    rig.knowledge.miss()

    rig.knowledge.require_there(INTRO)


def test_news_of_days_does_not_bring_back_what_is_gone(rig: Rig) -> None:
    rig.knowledge.lose(INTRO)

    rig.knowledge.spoil([DAY])

    with pytest.raises(NotFoundError):
        rig.knowledge.require_there(INTRO)
