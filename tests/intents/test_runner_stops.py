"""A runner that stops: what was booked is written down, and what is only read for an answer holds up nobody."""

import asyncio
import gc
import time
from datetime import timedelta

import pytest

from app.errors import UpstreamError
from app.intents.machine import State
from tests.intents.rig import Process, Rig
from tests.support.service import plan_fault

EVENT = "^/scheduled_events/[^/]+$"
SILENT = 30
"""Seconds: longer than anybody waits."""


@pytest.fixture
async def one(rig: Rig) -> Process:
    await plan_fault(rig.calendly, "delay", seconds=SILENT, path=EVENT, times=5)
    return rig.process(read_deadline=timedelta(seconds=10))


async def test_an_event_that_nobody_waits_for_does_not_hold_up_the_stop(rig: Rig, one: Process) -> None:
    booked = await rig.book(one)
    began = time.monotonic()

    await one.runner.aclose()

    assert time.monotonic() - began < 5
    assert isinstance(booked.event, asyncio.Task)
    assert booked.event.done()


async def test_who_still_waits_for_the_event_is_told_that_it_cannot_be_read(rig: Rig, one: Process) -> None:
    booked = await rig.book(one)
    assert booked.event is not None
    waiting = asyncio.ensure_future(asyncio.shield(booked.event))

    await one.runner.aclose()

    with pytest.raises(UpstreamError):
        await waiting


async def test_while_the_outcome_is_being_written_down_the_event_is_still_read(rig: Rig) -> None:
    one = rig.process()
    await plan_fault(rig.calendly, "delay", seconds=0.1, path=EVENT)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await go_on.wait()

    async def written() -> None:
        one.steps.do("before store", wait)

    one.steps.do("after send", written)
    caller = asyncio.create_task(rig.book(one))
    await arrived.wait()
    stopping = asyncio.create_task(one.runner.aclose())
    await asyncio.sleep(0.8)
    held_up = not stopping.done()
    go_on.set()
    await stopping

    booked = await caller

    assert held_up
    assert booked.state is State.CONFIRMED
    assert booked.event is not None
    assert (await booked.event).status == "active"


async def test_of_events_that_nobody_fetches_no_failure_is_reported(rig: Rig, one: Process) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    await rig.book(one)

    await one.runner.aclose()

    gc.collect()
    assert reported == []
