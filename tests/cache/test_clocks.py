"""A clock that is set back is noticed, by whoever looks at it, and where nobody does."""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.background import running
from app.cache.clocks import AHEAD, WatchedClock
from tests.cache.replicas import NOON, SECOND
from tests.soak.waiting import until
from tests.support.simulation import StandingClock


class Rig:
    """`looks`: at the time, by whoever it was. `told`: how often that it was set back."""

    def __init__(self) -> None:
        self.clock = StandingClock(NOON)
        self.looks = 0
        self.told = 0
        self.breaks = False
        self.watched = WatchedClock(self._look, self._note)

    async def is_looked_at(self) -> None:
        """From now on, at least once."""
        seen = self.looks

        async def is_so() -> bool:
            return self.looks > seen

        async with asyncio.timeout(10):
            await until(is_so, every=0.001)

    def _look(self) -> datetime:
        self.looks += 1
        if self.breaks:
            raise OverflowError
        return self.clock()

    def _note(self) -> None:
        self.told += 1


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.fault("P06")
@pytest.mark.parametrize(
    ("step", "told"),
    [
        pytest.param(timedelta(hours=1), 0, id="forward"),
        pytest.param(timedelta(), 0, id="not at all"),
        pytest.param(-AHEAD, 0, id="a little back"),
        pytest.param(-AHEAD - SECOND, 1, id="back"),
    ],
)
def test_whoever_looks_notices_that_it_was_set_back(rig: Rig, step: timedelta, told: int) -> None:
    """Once."""
    rig.watched()
    rig.clock.moment += step

    assert [rig.watched() for _ in range(3)] == [NOON + step] * 3
    assert rig.told == told


@pytest.mark.fault("P06")
def test_little_by_little_is_set_back_as_well(rig: Rig) -> None:
    rig.watched()
    for _ in range(3):
        rig.clock.moment -= AHEAD / 2
        rig.watched()

    assert rig.told == 1


@pytest.mark.fault("P06")
async def test_nobody_has_to_look(rig: Rig) -> None:
    async with running(rig.watched.watch(every=0.001)):
        await rig.is_looked_at()
        rig.clock.moment -= AHEAD + SECOND
        await rig.is_looked_at()
        rig.clock.moment += 2 * AHEAD
        await rig.is_looked_at()

    assert rig.told == 1


@pytest.mark.fault("P06")
async def test_a_clock_that_cannot_be_read_is_looked_at_again(rig: Rig) -> None:
    async with running(rig.watched.watch(every=0.001)):
        await rig.is_looked_at()
        rig.breaks = True
        await rig.is_looked_at()
        rig.breaks = False
        rig.clock.moment -= AHEAD + SECOND
        await rig.is_looked_at()

    assert rig.told == 1
