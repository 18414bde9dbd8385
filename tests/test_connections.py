"""No more connections than leave room for all else; those on which nothing is asked go first."""

import resource
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from app.connections import IDLE, KEPT, MOST, SWEPT_EVERY, Connections, most_connections


class HandClock:
    def __init__(self) -> None:
        self.moment = 100.0

    def __call__(self) -> float:
        return self.moment


@dataclass(eq=False)
class Kept:
    since: float | None = None
    left: list[float] = field(default_factory=list)

    def rests_since(self) -> float | None:
        return self.since

    def leave(self) -> None:
        self.left.append(1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.mark.fault("P07")
def test_where_all_are_busy_there_is_no_room_for_another(clock: HandClock) -> None:
    connections = Connections(3, clock)
    busy = [Kept() for _ in range(4)]

    assert [connections.add(each) for each in busy] == [True, True, True, False]
    assert [each.left for each in busy] == [[]] * 4

    connections.discard(busy[0])
    connections.discard(busy[3])
    assert connections.add(Kept())
    assert len(connections) == 3


@pytest.mark.fault("P07")
def test_those_on_which_nothing_is_asked_make_room(clock: HandClock) -> None:
    connections = Connections(3, clock)
    resting, busy, just_answered = Kept(clock.moment - IDLE), Kept(), Kept(clock.moment - IDLE + 0.01)
    for each in (resting, busy, just_answered):
        connections.add(each)

    assert connections.add(Kept())
    assert (resting.left, busy.left, just_answered.left) == ([1], [], [])


@pytest.mark.fault("P07")
def test_they_are_not_looked_through_for_each_that_comes(clock: HandClock) -> None:
    connections = Connections(1, clock)
    resting = Kept()
    connections.add(resting)
    connections.add(Kept())
    resting.since = clock.moment - IDLE
    connections.add(Kept())
    before = list(resting.left)
    clock.moment += 2 * SWEPT_EVERY
    connections.add(Kept())

    assert (before, resting.left) == ([], [1])


HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
"""Of this machine."""

RAISED = min(HARD, MOST + KEPT)


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "most"),
    [
        pytest.param(128, 128, 128, 64, id="few, and no more to be had"),
        pytest.param(1000, 1000, 1000, 1000 - KEPT, id="as usual, and no more to be had"),
        pytest.param(256, HARD, RAISED, RAISED - KEPT, id="as many as are of use, or to be had"),
    ],
)
def test_the_limit_of_files_is_raised_and_kept_from(soft: int, hard: int, raised: int, most: int) -> None:
    """In a process of its own: what has been given up of the limit is not given back."""
    program = (
        "import resource as r; from app.connections import *;"
        f"r.setrlimit(r.RLIMIT_NOFILE, ({soft}, {hard})); raise_limit();"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0], most_connections())"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout.split() == [str(raised), str(most)]


def test_by_default_the_system_s_limit_decides() -> None:
    assert 0 < most_connections() <= MOST
