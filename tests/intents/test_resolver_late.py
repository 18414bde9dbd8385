"""Today these fail. Copy into tests/intents/ (as it is) once the resolver drops and waits only for what is overdue."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from app.errors import BookingInFlightError
from app.intents import names
from app.intents.ledger import Opened
from app.intents.machine import FINAL, State
from tests.intents.rig import SHORT, KilledError, Process, Rig
from tests.support.service import plan_fault


@pytest.fixture
def one(rig: Rig) -> Process:
    return rig.process()


@pytest.fixture
def two(rig: Rig) -> Process:
    return rig.process()


async def test_what_is_cleared_while_it_is_being_dropped_is_still_looked_after(
    rig: Rig, one: Process, two: Process
) -> None:
    """Its holder slept past its lease and wakes between the resolver's reading of it and its word."""
    await plan_fault(rig.calendly, "commit_then_reset", path="/invitees$", method="POST")
    standing = None

    async def read() -> None:
        nonlocal standing
        await rig.later()
        standing = await rig.ledger.load("bk_1")

    async def drop() -> None:
        assert standing is not None
        await two.resolver._resume(standing)

    one.steps.do("after look", read)
    one.steps.do("before send", drop)
    await rig.book(one)

    assert await rig.store.zscore(names.DUE, "bk_1") is not None
    await rig.settle(two)
    ended = await rig.ledger.load("bk_1")
    assert ended is not None
    assert ended.state in FINAL


async def test_what_was_taken_over_since_it_was_due_is_not_dropped(rig: Rig, two: Process) -> None:
    await rig.ledger.open(rig.intent(), SHORT.lease)
    await rig.later()

    async def take_over() -> None:
        assert isinstance(await rig.ledger.open(rig.intent("bk_2"), SHORT.lease), Opened)

    two.steps.do("after store", take_over)
    await two.take_up()

    assert await rig.ledger.find("key-1", "body-0") is not None


@pytest.mark.fault("R13")
async def test_what_has_just_been_cleared_is_not_given_up(rig: Rig, one: Process, two: Process) -> None:
    """It was due while its holder slept, and is read when the holder has got leave to send."""
    states: list[State] = []

    async def take_up() -> None:
        await two.resolver._take_up("bk_1")
        standing = await rig.ledger.load("bk_1")
        assert standing is not None
        states.append(standing.state)

    one.steps.do("before send", take_up)
    await rig.book(one)

    assert states == [State.SENDING]


async def test_what_is_taken_over_is_kept_under_the_id_that_its_matter_has(
    rig: Rig, one: Process, two: Process
) -> None:
    one.steps.fail(2, KilledError())
    with pytest.raises(KilledError):
        await rig.book(one)
    await rig.later()

    progress = await rig.book(two, "bk_2")

    assert progress.id == progress.matter.draft


async def test_a_key_that_joined_and_then_took_over_is_the_owner(
    rig: Rig, one: Process, two: Process
) -> None:
    one.steps.fail(2, KilledError())
    with pytest.raises(KilledError):
        await rig.book(one)
    with suppress(BookingInFlightError):
        await rig.book(two, "bk_2", key="key-2")
    await rig.later()
    first = await rig.book(two, "bk_3", key="key-2")

    again = await rig.book(two, "bk_4", key="key-2")

    assert (first.fresh, first.owner, again.owner) == (True, True, True)


@pytest.mark.fault("R10")
async def test_rubbish_among_what_is_due_ends_no_resolver(rig: Rig, two: Process) -> None:
    await rig.ledger.open(rig.intent(), timedelta(seconds=-1))
    await rig.store.zadd(names.DUE, {b"\xff\xfe": 0})

    await two.take_up()

    assert await rig.ledger.load("bk_1") is None


@pytest.mark.fault("R10")
async def test_rubbish_in_a_record_is_no_crash(rig: Rig, two: Process) -> None:
    await rig.book(two)
    await rig.store.hset(names.intent("bk_1"), b"\xff", b"1")

    assert await two.runner.read("bk_1") is not None


@pytest.mark.fault("R10")
async def test_rubbish_in_a_key_is_no_crash(rig: Rig, two: Process) -> None:
    await rig.book(two)
    await rig.store.hset(names.key("key-1"), "intent", b"\xff")

    assert await two.runner.find("key-1", "body-0") is None


@pytest.mark.parametrize("error", [RuntimeError(), asyncio.CancelledError()])
async def test_no_mishap_ends_the_resolver(one: Process, error: BaseException) -> None:
    """Nobody has cancelled it: the Redis library raises that, too, now and then."""
    one.steps.fail(0, error)

    task = asyncio.create_task(one.resolver.run())
    await asyncio.sleep(0.1)

    assert not task.done()
    assert len(one.steps.taken) > 1
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
