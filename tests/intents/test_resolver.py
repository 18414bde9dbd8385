"""Taking up what nobody looks after: found, or proved absent, or carried to its end, by one process at a time."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from app.intents import names
from app.intents.machine import State
from app.intents.model import Result
from app.intents.resolver import AT_ONCE
from app.store.state import StoreAwayError
from tests.intents.examples import brought_to, everything
from tests.intents.rig import SHORT, Process, Rig, standing_of
from tests.support.service import plan_fault

AS_SENT: dict[str, Any] = {"path": "/invitees$", "method": "POST"}
LOOK = "/scheduled_events$"
A_WHILE = timedelta(seconds=31)
"""Past the quiet period, and long before the alarm."""


async def lost(rig: Rig, kind: str = "reset", **intent: Any) -> str:
    """The id of an intent that was sent, and of which nobody knows more."""
    await plan_fault(rig.calendly, kind, **AS_SENT)
    progress = await rig.book(rig.process(), **intent)
    assert progress.state is State.UNKNOWN
    return progress.id


@pytest.mark.fault("B06")
async def test_what_was_booked_is_found_and_is_its_makers(rig: Rig, two: Process) -> None:
    id_ = await lost(rig, "commit_then_reset")
    await rig.later(A_WHILE)

    await two.take_up()

    found = await two.runner.find("key-1", "body-0")
    assert found is not None
    assert (found.id, found.state, found.owner) == (id_, State.CONFIRMED, True)
    assert two.settled == [structs.replace(rig.intent().matter, asked=rig.booking())]


@pytest.mark.fault("B06")
async def test_what_was_booked_is_found_before_the_quiet_period_is_over(rig: Rig, two: Process) -> None:
    id_ = await lost(rig, "commit_then_reset")
    await rig.later(timedelta(seconds=1))

    await two.take_up()

    assert (await standing_of(rig, id_)).state is State.CONFIRMED


async def strangers(rig: Rig, **person: Any) -> Result:
    """What somebody else with the same address books for the same time, elsewhere."""
    client = rig.process().client
    invitee = await client.create_invitee(rig.booking(name="Another Example", **person))
    return Result(client.id_from(invitee.event), client.id_from(invitee.uri))


async def test_what_says_something_else_is_nobodys_and_not_called_failed(rig: Rig, two: Process) -> None:
    id_ = await lost(rig)
    theirs = await strangers(rig)
    await rig.later(A_WHILE)

    await two.take_up()

    found = await two.runner.find("key-1", "body-0")
    assert found is not None
    assert (found.id, found.state, found.owner) == (id_, State.CONFIRMED, False)
    assert found.result == structs.replace(theirs, found=True, other=True)


async def test_what_says_something_else_settles_nothing_before_it_is_quiet(rig: Rig, two: Process) -> None:
    """The right one may still come to be seen."""
    id_ = await lost(rig)
    await strangers(rig)
    await rig.later(timedelta(seconds=1))
    await two.take_up()
    early = (await standing_of(rig, id_)).state
    mine = await rig.taken(0)

    await rig.later(timedelta(seconds=1))
    await two.take_up()

    settled = await standing_of(rig, id_)
    assert (early, settled.state, settled.result) == (State.UNKNOWN, State.CONFIRMED, mine)


async def test_of_two_with_one_address_the_one_that_says_the_same_is_found(rig: Rig, two: Process) -> None:
    await strangers_first(rig, two)

    await rig.settle(two)

    standing = await standing_of(rig, "bk_1")
    assert standing.result is not None
    assert (standing.state, standing.result.found) == (State.CONFIRMED, False)


async def strangers_first(rig: Rig, process: Process) -> None:
    """After our look, and before what we send arrives and its answer is lost."""

    async def book() -> None:
        await strangers(rig)
        await plan_fault(rig.calendly, "commit_then_reset", **AS_SENT)

    process.steps.do("before send", book)
    assert (await rig.book(process)).state is State.UNKNOWN


async def test_for_what_says_something_else_no_time_is_given_up(rig: Rig, two: Process) -> None:
    old = await rig.taken(1)
    await lost(rig, replaces=old.event)
    await strangers(rig)

    for _ in range(3):
        await rig.later()
        await two.take_up()

    assert (await standing_of(rig, "bk_1")).state is State.UNKNOWN
    assert await rig.booked() == rig.at(0, 1)


@pytest.mark.fault("R11")
@pytest.mark.parametrize(("name", "other"), [("GRACE  Example ", False), ("Another Example", True)])
async def test_of_what_an_earlier_version_kept_the_name_decides(
    rig: Rig, two: Process, name: str, *, other: bool
) -> None:
    await brought_to(State.UNKNOWN, rig.ledger, rig.intent())
    await two.client.create_invitee(rig.booking(name=name))
    await rig.later()

    await two.take_up()

    standing = await standing_of(rig, "bk_1")
    assert standing.result is not None
    assert (standing.state, standing.result.other) == (State.CONFIRMED, other)


@pytest.mark.fault("B07")
async def test_two_empty_looks_after_the_quiet_period_prove_that_it_was_not_made(
    rig: Rig, two: Process
) -> None:
    id_ = await lost(rig)
    states = []

    for _ in range(2):
        await rig.later(A_WHILE)
        await two.take_up()
        states.append((await standing_of(rig, id_)).state)

    assert states == [State.UNKNOWN, State.FAILED]


@pytest.mark.fault("B08")
async def test_empty_looks_in_the_quiet_period_prove_nothing(rig: Rig, two: Process) -> None:
    id_ = await lost(rig)

    for _ in range(5):
        await rig.later(timedelta(seconds=5))
        await two.take_up()

    standing = await standing_of(rig, id_)
    assert (standing.state, standing.absences, standing.looks) == (State.UNKNOWN, 0, 5)


@pytest.mark.fault("B08")
async def test_looks_that_fail_prove_nothing(rig: Rig, two: Process) -> None:
    id_ = await lost(rig)
    await plan_fault(rig.calendly, "status", path=LOOK, status=500, times=20)

    for _ in range(5):
        await rig.later(A_WHILE)
        await two.take_up()

    standing = await standing_of(rig, id_)
    assert (standing.state, standing.absences) == (State.UNKNOWN, 0)


@pytest.mark.fault("B08")
async def test_looks_that_cannot_see_all_prove_nothing(rig: Rig, two: Process) -> None:
    whole = rig.intent().matter
    pooled = structs.replace(whole, wanted=structs.replace(whole.wanted, pooled=True))
    id_ = await lost(rig, matter=pooled)

    for _ in range(5):
        await rig.later(A_WHILE)
        await two.take_up()

    standing = await standing_of(rig, id_)
    assert (standing.state, standing.absences) == (State.UNKNOWN, 0)


@pytest.mark.fault("B08")
async def test_what_shows_up_late_is_found_all_the_same(rig: Rig, two: Process) -> None:
    """Calendly's list does not have it at the first look after the quiet period."""
    id_ = await lost(rig)
    await rig.later(A_WHILE)
    await two.take_up()
    await rig.taken(0)

    await rig.later(A_WHILE)
    await two.take_up()

    assert (await standing_of(rig, id_)).state is State.CONFIRMED


async def test_what_was_not_made_may_be_tried_again(rig: Rig, two: Process) -> None:
    await lost(rig)
    await rig.settle(two)

    again = await rig.book(two, "bk_2")

    assert (again.state, again.fresh) == (State.CONFIRMED, True)
    assert await rig.booked() == rig.at(0)


async def test_what_was_opened_and_left_is_dropped(rig: Rig, two: Process) -> None:
    await rig.ledger.open(rig.intent(), SHORT.lease)
    await rig.later()

    await two.take_up()

    assert await everything(rig.store) == {}


async def test_what_may_have_been_sent_is_waited_for_first(rig: Rig, two: Process) -> None:
    await brought_to(State.SENDING, rig.ledger, rig.intent())
    await rig.later()

    await two.take_up()

    standing = await standing_of(rig, "bk_1")
    assert standing.state is State.UNKNOWN
    assert standing.age < 60
    assert "before look" not in two.steps.taken


@pytest.mark.parametrize("kind", ["commit_then_reset", "reset"], ids=["made", "not-made"])
async def test_two_at_once_look_once(kind: str, rig: Rig, two: Process) -> None:
    three = rig.process()
    for slot in range(3):
        await lost(rig, kind, slot=slot, id_=f"bk_{slot}", key=f"key-{slot}")
    await rig.later(A_WHILE)

    taken = await asyncio.gather(two.take_up(), three.take_up())

    looks = (two.steps.taken + three.steps.taken).count("before look")
    assert (sum(taken), looks) == (3, 3)


async def test_of_many_a_round_takes_a_few(rig: Rig, two: Process) -> None:
    for slot in range(AT_ONCE + 2):
        await rig.ledger.open(rig.intent(f"bk_{slot}", slot=slot, key=f"key-{slot}"), timedelta(seconds=-1))

    assert [await two.take_up() for _ in range(3)] == [AT_ONCE, 2, 0]


@pytest.mark.fault("R13")
async def test_an_answer_that_comes_after_the_booking_was_found_changes_nothing(
    rig: Rig, two: Process
) -> None:
    """Its holder slept before it could write the answer down."""
    one = rig.process()

    async def resolve() -> None:
        await rig.settle(two)

    one.steps.do("after send", resolve)

    progress = await rig.book(one)

    standing = await standing_of(rig, progress.id)
    assert progress.state is standing.state is State.CONFIRMED
    assert standing.result == progress.result
    assert await rig.sent() == 1


@pytest.mark.fault("R13")
async def test_a_refusal_that_comes_late_frees_the_key(rig: Rig, two: Process) -> None:
    """The resolver had given the answer up; that nothing was booked is certain now."""
    one = rig.process()

    async def give_up() -> None:
        await rig.later()
        await two.take_up()

    one.steps.do("before send", give_up)
    await plan_fault(rig.calendly, "status", status=400, **AS_SENT)

    with suppress(Exception):
        await rig.book(one)

    assert await everything(rig.store) == {}


@pytest.mark.fault("R10")
async def test_what_it_cannot_read_keeps_it_from_nothing_else(rig: Rig, two: Process) -> None:
    await lost(rig, "commit_then_reset")
    await rig.ledger.open(rig.intent("bk_9", slot=1, key="key-9"), timedelta(seconds=-1))
    await rig.store.hset(names.intent("bk_9"), "matter", "nonsense")
    await rig.later(A_WHILE)

    await two.take_up()

    assert (await standing_of(rig, "bk_1")).state is State.CONFIRMED
    assert await rig.store.hget(names.intent("bk_9"), "state") == b"open"


async def found_by(process: Process) -> None:
    """Runs its resolver until it has written down what it found."""
    written = asyncio.Event()

    async def seen() -> None:
        process.steps.do("after store", note)

    async def note() -> None:
        written.set()

    process.steps.do("after invitees", seen)
    running = asyncio.create_task(process.resolver.run())
    async with asyncio.timeout(5):
        await written.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_it_goes_round_until_it_is_stopped(rig: Rig, two: Process) -> None:
    id_ = await lost(rig, "commit_then_reset")

    await found_by(two)

    assert (await standing_of(rig, id_)).state is State.CONFIRMED


@pytest.mark.fault("R02")
async def test_it_goes_round_while_the_store_is_away(rig: Rig, two: Process) -> None:
    id_ = await lost(rig, "commit_then_reset")
    two.steps.fail(0, StoreAwayError())

    await found_by(two)

    assert (await standing_of(rig, id_)).state is State.CONFIRMED
