"""A circuit opens when Calendly does not answer, looks again from time to time, and closes when it does."""

import pytest

from app.calendly.circuit import (
    FIRST_COOL_OFF,
    IN_A_ROW,
    LONGEST_COOL_OFF,
    PROBE_TAKES,
    Circuit,
    State,
    Verdict,
    around_one,
)

ANSWERED, FAILED, NOTHING = Verdict


class Rig:
    """A circuit whose time passes when it is told to, and what it became one after the other."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.became: list[str] = []
        self.circuit = Circuit(
            lambda: self.now, lambda state: self.became.append(state.value), spread=lambda: 1.0
        )

    def meets(self, *verdicts: Verdict) -> None:
        for verdict in verdicts:
            self.circuit.end(self.circuit.begin(), verdict)

    def opens(self) -> None:
        self.meets(*[FAILED] * IN_A_ROW)

    def cools_off(self) -> float:
        """For how long that took."""
        wait = self.circuit.wait()
        self.now += wait
        return wait


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_it_is_closed_to_begin_with(rig: Rig) -> None:
    assert (rig.circuit.state, rig.circuit.wait(), rig.circuit.is_failing) == (State.CLOSED, 0, False)


def test_so_many_failures_in_a_row_open_it(rig: Rig) -> None:
    rig.meets(*[FAILED] * (IN_A_ROW - 1))
    before = rig.circuit.state

    rig.meets(FAILED)

    assert (before, rig.circuit.state, rig.circuit.wait()) == (State.CLOSED, State.OPEN, FIRST_COOL_OFF)


def test_an_answer_between_them_begins_the_row_anew(rig: Rig) -> None:
    rig.meets(*[FAILED] * (IN_A_ROW - 1), ANSWERED, *[FAILED] * (IN_A_ROW - 1))

    assert rig.circuit.state is State.CLOSED


def test_what_says_nothing_of_calendly_neither_lengthens_the_row_nor_ends_it(rig: Rig) -> None:
    rig.meets(*[FAILED, NOTHING] * (IN_A_ROW - 1))
    before = rig.circuit.state

    rig.meets(FAILED)

    assert (before, rig.circuit.state) == (State.CLOSED, State.OPEN)


def test_it_is_failing_from_the_first_failure_until_the_next_answer(rig: Rig) -> None:
    rig.meets(FAILED)
    after_one = rig.circuit.is_failing
    rig.opens()
    rig.cools_off()
    rig.circuit.begin()
    while_probing = rig.circuit.is_failing
    rig.meets(ANSWERED)

    assert (after_one, while_probing, rig.circuit.is_failing) == (True, True, False)


def test_one_probe_at_a_time_is_let_through_when_it_has_cooled_off(rig: Rig) -> None:
    rig.opens()
    rig.cools_off()
    first = rig.circuit.wait()
    rig.circuit.begin()

    assert (first, rig.circuit.wait(), rig.circuit.state) == (0, PROBE_TAKES, State.HALF_OPEN)


def test_a_probe_that_is_answered_closes_it(rig: Rig) -> None:
    rig.opens()
    rig.cools_off()

    rig.meets(ANSWERED)

    assert (rig.circuit.state, rig.circuit.wait()) == (State.CLOSED, 0)


def test_a_probe_that_never_came_so_far_leaves_its_place_to_the_next(rig: Rig) -> None:
    rig.opens()
    rig.cools_off()

    rig.meets(NOTHING)

    assert (rig.circuit.state, rig.circuit.wait()) == (State.HALF_OPEN, 0)


def test_every_probe_that_fails_makes_it_wait_longer_up_to_a_bound(rig: Rig) -> None:
    rig.opens()
    waits = []
    for _ in range(6):
        waits.append(rig.cools_off())
        rig.meets(FAILED)

    assert waits == [2, 4, 8, LONGEST_COOL_OFF, LONGEST_COOL_OFF, LONGEST_COOL_OFF]


def test_once_closed_it_begins_with_the_shortest_wait_again(rig: Rig) -> None:
    rig.opens()
    rig.cools_off()
    rig.meets(FAILED)
    rig.cools_off()
    rig.meets(ANSWERED)

    rig.opens()

    assert rig.circuit.wait() == FIRST_COOL_OFF


@pytest.mark.parametrize("verdict", [ANSWERED, FAILED])
def test_what_began_before_it_opened_does_not_end_the_wait(rig: Rig, verdict: Verdict) -> None:
    late = rig.circuit.begin()
    rig.opens()

    rig.circuit.end(late, verdict)

    assert (rig.circuit.state, rig.circuit.wait()) == (State.OPEN, FIRST_COOL_OFF)


def test_failures_from_before_do_not_open_it_again(rig: Rig) -> None:
    late = [rig.circuit.begin() for _ in range(IN_A_ROW)]
    rig.opens()
    rig.cools_off()
    rig.meets(ANSWERED)

    for each in late:
        rig.circuit.end(each, FAILED)

    assert (rig.circuit.state, rig.circuit.is_failing) == (State.CLOSED, False)


def test_whoever_is_late_does_not_make_room_for_a_second_probe(rig: Rig) -> None:
    late = rig.circuit.begin()
    rig.opens()
    rig.cools_off()
    rig.circuit.begin()

    rig.circuit.end(late, NOTHING)

    assert rig.circuit.wait() == PROBE_TAKES


def test_each_change_is_told_once(rig: Rig) -> None:
    rig.meets(ANSWERED, FAILED, ANSWERED)
    rig.opens()
    rig.cools_off()
    rig.meets(FAILED)
    rig.cools_off()
    rig.meets(ANSWERED, ANSWERED)

    assert rig.became == ["open", "half_open", "open", "half_open", "closed"]


def test_processes_that_opened_together_do_not_look_together() -> None:
    spreads = {around_one() for _ in range(50)}

    assert len(spreads) > 40
    assert min(spreads) >= 0.75
    assert max(spreads) <= 1.25
