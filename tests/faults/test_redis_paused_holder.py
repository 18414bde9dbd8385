"""A process that is stopped for longer than it may hold a booking, and wakes up with the booking in its hands."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.soak.caller import NoAnswerError
from tests.soak.kills import QUICK
from tests.soak.visitor import Visitor
from tests.soak.waiting import until
from tests.soak.world import MANY, World, running_world, slot

OVERSLEPT = QUICK.lease + QUICK.answer_within
"""Both holds are over by then, of whoever has opened a booking and of whoever sends it."""

TRIALS = 3
TRIES = 5
"""For each of them: on a busy machine an attempt may have gone past its step before anybody looks."""

AT_ONCE_SEEN = 0.002
"""Seconds, to see an attempt come to a step."""


async def _trial(world: World, visitors: Sequence[Visitor], step: str) -> list[Visitor]:
    """Stop a process at this step of an attempt, let another go on with it, and wake the first.

    Those who have booked: the last of them with that one.
    """
    sleeper, other = await world.fleet.start(), await world.fleet.start()
    for number, visitor in enumerate(visitors):
        attempt = asyncio.create_task(_attempted(visitor, sleeper.port))
        await until(partial(_has_come_to, world, visitor, step, attempt), every=AT_ONCE_SEEN)
        if not attempt.done():
            os.kill(sleeper.pid, signal.SIGSTOP)
            await asyncio.sleep(OVERSLEPT.total_seconds())
            await visitor.book(lambda: other.port)
            os.kill(sleeper.pid, signal.SIGCONT)
            await attempt
            return [*visitors[: number + 1]]
    raise AssertionError(f"no attempt was seen at {step!r}")


async def _has_come_to(world: World, visitor: Visitor, step: str, attempt: "asyncio.Task[None]") -> bool:
    return attempt.done() or await world.state_of(visitor.key) == step


async def _attempted(visitor: Visitor, port: int) -> None:
    with suppress(NoAnswerError):
        await visitor.submit(port)


@pytest.mark.fault("R13")
@pytest.mark.parametrize("step", ["open", "sending"])
async def test_a_holder_that_wakes_up_sends_nothing_that_another_has_sent(tmp_path: Path, step: str) -> None:
    async with running_world(tmp_path, QUICK, CALENDLY_BOOKING_TIMEOUT="2") as world:
        await world.calendly.settings(latencyMs=100)
        visitors = [
            Visitor(f"sleeper-{number}@example.test", MANY, slot(number)) for number in range(TRIALS * TRIES)
        ]

        trials = (_trial(world, visitors[number::TRIALS], step) for number in range(TRIALS))
        booked = [visitor for those in await asyncio.gather(*trials) for visitor in those]

        found = await world.calendly.bookings()
        sent = await world.calendly.calls("POST", "/invitees")

    assert [found[visitor.email] for visitor in booked] == [1] * len(booked)
    assert [len(set(visitor.bodies)) for visitor in booked] == [1] * len(booked)
    assert len([call for call in sent if call["status"] == 201]) == len(booked)
