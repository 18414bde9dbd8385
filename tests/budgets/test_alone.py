"""What Calendly says is left bounds a process that sees nobody else."""

import pytest

from app.budgets.alone import Alone
from app.budgets.claims import SHARES, Shares, shares
from app.budgets.recent import Recent
from app.budgets.windows import Plan
from app.calendly.quota import Purpose
from tests.budgets.examples import HandClock, window

PLAN = Plan(window("calls_minute", 100), ())
KEPT = 24
"""Calls that reads leave to others: a fifth, and one in 25 for what others have under way."""


class Rig:
    def __init__(self, chosen: Shares = SHARES) -> None:
        self.clock = HandClock()
        self.sent = Recent(60, self.clock)
        self.alone = Alone(sent=self.sent, span=65, monotonic=self.clock, shares=chosen)
        self._given = 0

    def gives(self, number: int) -> None:
        for _ in range(number):
            self._given += 1
            self.sent.add(f"{self._given}")

    @property
    def wait(self) -> float:
        return self.wait_for(Purpose.READ)

    def wait_for(self, purpose: Purpose) -> float:
        return self.alone.wait(PLAN, purpose)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_who_was_told_nothing_knows_of_no_bound(rig: Rig) -> None:
    rig.gives(50)

    assert rig.wait == 0


@pytest.mark.parametrize(("left", "wait"), [(KEPT + 1, 0), (KEPT, 30), (0, 30)])
def test_what_is_kept_for_others_is_not_there_for_reads(rig: Rig, left: int, wait: float) -> None:
    rig.alone.told(left, 30)

    assert rig.wait == wait


def test_the_last_call_that_is_left_is_there_for_a_cancellation(rig: Rig) -> None:
    rig.alone.told(1, 30)
    before = rig.wait_for(Purpose.CANCEL)

    rig.alone.told(0, 30)

    assert (before, rig.wait_for(Purpose.CANCEL)) == (0, 30)


def test_the_less_reads_may_have_the_more_is_kept() -> None:
    rig = Rig(shares(0.4))

    rig.alone.told(64, 30)

    assert rig.wait == 30


def test_what_was_sent_since_is_taken_off(rig: Rig) -> None:
    rig.gives(5)
    rig.clock.now += 1
    rig.alone.told(KEPT + 2, 30)
    rig.clock.now += 10
    rig.gives(1)
    before = rig.wait

    rig.gives(1)

    assert (before, rig.wait) == (0, 20)


def test_it_holds_until_its_time_is_up(rig: Rig) -> None:
    rig.alone.told(0, 30)
    rig.clock.now += 30

    assert rig.wait == 0


def test_more_than_was_known_is_believed_only_when_that_time_is_up(rig: Rig) -> None:
    rig.alone.told(0, 30)
    rig.clock.now += 10
    rig.alone.told(90, 60)
    too_soon = rig.wait
    rig.clock.now += 20

    rig.alone.told(90, 60)

    assert (too_soon, rig.wait) == (20, 0)


def test_less_than_was_known_is_believed(rig: Rig) -> None:
    rig.alone.told(90, 30)

    rig.alone.told(KEPT, 60)

    assert rig.wait == 60
