"""What a process remembers by itself."""

from itertools import count

import pytest

from app.budgets.claims import Gate
from app.budgets.recent import Gates, Recent, Uncounted
from tests.budgets.examples import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_permits_are_counted_by_their_age(clock: HandClock) -> None:
    recent = Recent(60, clock)
    for permit in range(10):
        recent.add(f"{permit}")
        clock.now += 1

    assert (recent.count(60), recent.count(5), recent.count(5, 3)) == (10, 4, 2)


def test_permits_are_forgotten_when_their_time_is_up(clock: HandClock) -> None:
    recent = Recent(60, clock)
    recent.add("old")
    clock.now += 60
    recent.add("new")

    assert recent.count(1000) == 1


def test_a_permit_that_was_not_used_is_not_counted(clock: HandClock) -> None:
    recent = Recent(60, clock)
    recent.add("used")
    recent.add("unused")

    recent.remove("unused")
    recent.remove("unknown")

    assert recent.count(60) == 1


def test_one_waits_until_the_span_holds_fewer_than_the_limit(clock: HandClock) -> None:
    recent = Recent(60, clock)
    permits = count()
    for _ in range(5):
        recent.add(f"{next(permits)}")
        clock.now += 10

    waits = [recent.wait(limit) for limit in (6, 5, 4, 1)]

    assert waits == [0, 10, 20, 50]


def test_what_could_not_be_counted_is_counted_once_and_not_when_its_time_is_up(clock: HandClock) -> None:
    sent = Recent(60, clock)
    uncounted = Uncounted(sent, lambda: "0a1b")
    for permit in ("old", "young"):
        sent.add(permit)
        uncounted.add(permit)
        clock.now += 40
    uncounted.permits()

    found = uncounted.permits()
    uncounted.counted(found, "0a1b")

    assert (found, uncounted.permits()) == (["young"], [])


def test_what_was_given_under_another_name_is_to_be_counted_again(clock: HandClock) -> None:
    names = ["unknown"]
    sent = Recent(60, clock)
    uncounted = Uncounted(sent, lambda: names[-1])
    uncounted.permits()
    sent.add("one")
    before = uncounted.permits()

    names.append("0a1b")

    assert (before, uncounted.permits()) == ([], ["one"])


def test_what_was_counted_under_a_name_that_is_no_more_is_still_to_be_counted(clock: HandClock) -> None:
    names = ["unknown"]
    sent = Recent(60, clock)
    uncounted = Uncounted(sent, lambda: names[-1])
    uncounted.permits()
    sent.add("one")
    uncounted.add("one")
    asked_under, under_way = names[-1], uncounted.permits()
    names.append("0a1b")
    uncounted.permits()

    uncounted.counted(under_way, asked_under)

    assert uncounted.permits() == ["one"]


def test_a_gate_opens_when_its_time_is_up(clock: HandClock) -> None:
    gates = Gates(clock)
    gates.shut(Gate.CALLS, 60)
    clock.now += 45

    assert (gates.wait([Gate.CALLS]), gates.wait([Gate.BOOKINGS])) == (15, 0)


def test_a_gate_is_not_opened_by_shutting_it_for_less(clock: HandClock) -> None:
    gates = Gates(clock)
    gates.shut(Gate.BOOKINGS, 600)

    gates.shut(Gate.BOOKINGS, 10)

    assert gates.wait([Gate.BOOKINGS]) == 600


def test_of_several_gates_the_last_to_open_counts(clock: HandClock) -> None:
    gates = Gates(clock)
    gates.shut(Gate.CALLS, 10)
    gates.shut(Gate.BOOKINGS, 30)

    assert gates.wait([Gate.CALLS, Gate.BOOKINGS]) == 30


def test_a_gate_that_has_long_been_open_takes_no_time(clock: HandClock) -> None:
    gates = Gates(clock)
    gates.shut(Gate.CALLS, 10)
    clock.now += 100

    assert gates.wait([Gate.CALLS]) == 0
