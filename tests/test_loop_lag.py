"""Whoever keeps all of the process busy is found out."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from app.background import running
from app.loop_lag import EVERY, SHOWN_FOR, LoopLag


class HandClock:
    def __init__(self) -> None:
        self.moment = 100.0

    def __call__(self) -> float:
        return self.moment


@pytest.mark.fault("P04")
async def test_a_pause_is_noticed_and_told() -> None:
    lag = LoopLag()
    with capture_logs() as said:
        async with running(lag.watch()):
            await asyncio.sleep(2 * EVERY)
            time.sleep(0.4)  # noqa: ASYNC251 - what it is to notice
            await asyncio.sleep(2 * EVERY)

    assert lag.longest() >= 0.2
    assert said[0]["event"] == "loop.lagged"


def test_the_longest_of_the_last_minute_is_shown() -> None:
    clock = HandClock()
    lag = LoopLag(clock)
    shown = []
    for late in (0.1, 0.5, 0.2, 0.3, -0.01):
        lag.note(late)
        shown.append(lag.longest())
        clock.moment += SHOWN_FOR / 4

    clock.moment += 1
    shown.append(lag.longest())
    clock.moment += SHOWN_FOR

    assert shown == [0.1, 0.5, 0.5, 0.5, 0.5, 0.3]
    assert lag.longest() == 0.0


def test_a_process_that_was_never_late_says_so() -> None:
    assert LoopLag().longest() == 0.0
