"""Moves that stopped half-way: carried to their end, or given back."""

from datetime import timedelta

import pytest

from app.intents.machine import State
from tests.intents.rig import Process, Rig, standing_of
from tests.support.service import plan_fault

CANCEL = "/cancellation$"


@pytest.mark.fault("B12")
async def test_a_move_that_stopped_half_way_is_carried_on(rig: Rig, two: Process) -> None:
    old = await rig.taken(1)
    await plan_fault(rig.calendly, "status", path=CANCEL, status=500)
    begun = await rig.book(two, replaces=old.event)
    await rig.later()

    await two.take_up()

    assert begun.state is State.MOVING
    assert (await standing_of(rig, begun.id)).state is State.CONFIRMED
    assert await rig.booked() == rig.at(0)


@pytest.mark.fault("B12")
async def test_a_move_is_carried_on_for_as_long_as_it_takes(rig: Rig, two: Process) -> None:
    old = await rig.taken(1)
    await plan_fault(rig.calendly, "status", path=CANCEL, status=500, times=6)
    begun = await rig.book(two, replaces=old.event)

    for _ in range(5):
        await rig.later()
        await two.take_up()

    assert (await standing_of(rig, begun.id)).state is State.MOVING
    assert await rig.booked() == rig.at(0, 1)


@pytest.mark.fault("B12")
async def test_a_move_whose_old_time_is_canceled_already_is_done(rig: Rig, two: Process) -> None:
    old = await rig.taken(1)
    await two.client.cancel_scheduled_event(old.event, None)

    moved = await rig.book(two, replaces=old.event)

    assert moved.state is State.CONFIRMED
    assert await rig.booked() == rig.at(0)


@pytest.mark.fault("B12")
async def test_a_move_that_comes_too_late_is_given_back(rig: Rig, two: Process) -> None:
    """The old time has begun while the new one was booked."""
    old = await rig.taken(0)

    async def begin() -> None:
        rig.calendly.clock.moment = rig.starts[0] + timedelta(minutes=1)

    two.steps.do("after send", begin)

    moved = await rig.book(two, slot=1, replaces=old.event)

    assert moved.state is State.FAILED
    assert await rig.booked() == rig.at(0)


@pytest.mark.fault("B12")
async def test_a_move_that_is_being_given_back_is_given_back_in_the_end(rig: Rig, two: Process) -> None:
    old = await rig.taken(0)

    async def begin() -> None:
        rig.calendly.clock.moment = rig.starts[0] + timedelta(minutes=1)

    async def first() -> None:
        two.steps.do("before cancel", break_down)

    async def break_down() -> None:
        await plan_fault(rig.calendly, "status", path=CANCEL, status=500)

    two.steps.do("after send", begin)
    two.steps.do("before cancel", first)
    moved = await rig.book(two, slot=1, replaces=old.event)
    assert moved.state is State.UNDOING

    await rig.settle(two)

    assert (await standing_of(rig, moved.id)).state is State.FAILED
    assert await rig.booked() == rig.at(0)


@pytest.mark.fault("R13")
async def test_a_move_that_two_carry_out_is_carried_out_once(rig: Rig, two: Process) -> None:
    one, old = rig.process(), await rig.taken(1)

    async def resolve() -> None:
        await rig.settle(two)

    one.steps.do("after send", resolve)

    progress = await rig.book(one, replaces=old.event)

    assert progress.state is State.CONFIRMED
    assert await rig.booked() == rig.at(0)
    assert await rig.ledger.unsettled() == (0, 0)
