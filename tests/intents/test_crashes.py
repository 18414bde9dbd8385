"""A process that dies, or loses its store, before or after any call it makes: one booking in the end, never two."""

from collections.abc import Awaitable, Callable

import pytest

from app.errors import BookingInFlightError, BookingsClosedError
from app.intents.ledger import Event, Opened
from app.intents.machine import Happened, State
from app.intents.progress import Progress
from app.store.state import StoreAwayError
from tests.intents.rig import SHORT, KilledError, Process, Rig
from tests.support.service import plan_fault

BOOK = ["store", "look", "store", "send", "store"]
MOVE = [*BOOK, "cancel", "store"]
FIND = ["store", "store", "look", "invitees", "store"]
"""What a look costs that finds the booking: claimed, loaded, looked for, written down."""

MISS = ["store", "store", "look", "store"]
"""And one that does not."""


def steps(calls: list[str]) -> list[str]:
    return [f"{when} {call}" for call in calls for when in ("before", "after")]


def each(calls: list[str], *, only: str = "") -> pytest.MarkDecorator:
    """Every step of these calls."""
    chosen = [(number, name) for number, name in enumerate(steps(calls)) if name.endswith(only)]
    return pytest.mark.parametrize(
        "step", [pytest.param(number, id=f"{number}-{name.replace(' ', '-')}") for number, name in chosen]
    )


async def begun(rig: Rig, process: Process, **intent: str) -> Progress | BaseException:
    try:
        return await rig.book(process, **intent)
    except (KilledError, BookingsClosedError, BookingInFlightError) as error:
        return error


async def lost(rig: Rig, kind: str) -> Process:
    """A process whose booking has no clear answer."""
    one = rig.process()
    await plan_fault(rig.calendly, kind, path="/invitees$", method="POST")
    assert (await rig.book(one)).state is State.UNKNOWN
    return one


async def test_these_are_the_steps_of_a_booking(rig: Rig) -> None:
    one = rig.process()

    await rig.book(one)

    assert one.steps.taken == steps(BOOK)


@pytest.mark.fault("B09")
@pytest.mark.parametrize("key", ["key-1", "key-2"], ids=["same-key", "another-key"])
@each(BOOK)
async def test_whoever_dies_while_booking_leaves_one_booking(step: int, key: str, rig: Rig) -> None:
    one, two = rig.process(), rig.process()
    one.steps.fail(step, KilledError())
    assert isinstance(await begun(rig, one), KilledError)

    await rig.persist(two, key=key)

    assert await rig.booked() == rig.at(0)
    assert await rig.sent() == 1
    assert await rig.ledger.unsettled() == (0, 0)


@pytest.mark.fault("B09")
@each(BOOK)
async def test_whoever_dies_and_is_not_asked_for_again_leaves_nothing_open(step: int, rig: Rig) -> None:
    one, two = rig.process(), rig.process()
    one.steps.fail(step, KilledError())
    await begun(rig, one)

    await rig.settle(two)

    found = await two.runner.find("key-1", "body-0")
    assert await rig.booked() == (rig.at(0) if found else [])


async def test_these_are_the_steps_of_a_move(rig: Rig) -> None:
    one, old = rig.process(), await rig.taken(1)

    await rig.book(one, replaces=old.event)

    assert one.steps.taken == steps(MOVE)


@pytest.mark.fault("B09")
@pytest.mark.fault("B12")
@each(MOVE)
async def test_whoever_dies_while_moving_leaves_one_booking(step: int, rig: Rig) -> None:
    old = await rig.taken(1)
    one, two = rig.process(), rig.process()
    one.steps.fail(step, KilledError())
    await begun(rig, one, replaces=old.event)

    await rig.persist(two, replaces=old.event)

    assert await rig.booked() == rig.at(0)
    assert await rig.sent() == 1


@pytest.mark.fault("B12")
@each(MOVE)
async def test_a_move_never_leaves_its_person_without_a_booking(step: int, rig: Rig) -> None:
    old = await rig.taken(1)
    one, two = rig.process(), rig.process()
    one.steps.fail(step, KilledError())

    await begun(rig, one, replaces=old.event)
    at_once = await rig.booked()
    await rig.settle(two)

    assert at_once
    assert await rig.booked() in (rig.at(0), rig.at(1))


@pytest.mark.fault("B06")
@each(FIND)
async def test_whoever_dies_while_finding_a_booking_leaves_it_to_be_found(step: int, rig: Rig) -> None:
    await lost(rig, "commit_then_reset")
    two, three = rig.process(), rig.process()
    await rig.later()
    two.steps.fail(step, KilledError())
    await begun_round(two)
    assert len(two.steps.taken) == step + 1

    await rig.settle(three)

    found = await three.runner.find("key-1", "body-0")
    assert found is not None
    assert (found.state, found.owner) == (State.CONFIRMED, True)
    assert await rig.sent() == 1


@pytest.mark.fault("B07")
@each(MISS)
async def test_whoever_dies_while_missing_a_booking_leaves_it_to_be_missed(step: int, rig: Rig) -> None:
    await lost(rig, "reset")
    two, three = rig.process(), rig.process()
    await rig.later()
    two.steps.fail(step, KilledError())
    await begun_round(two)
    assert len(two.steps.taken) == step + 1

    await rig.settle(three)

    assert await three.runner.find("key-1", "body-0") is None
    assert await rig.booked() == []


async def begun_round(process: Process) -> None:
    try:
        await process.take_up()
    except KilledError:
        return


@pytest.mark.fault("R02")
@pytest.mark.parametrize("lasting", ["", "store"], ids=["once", "from-then-on"])
@each(BOOK, only="store")
async def test_a_store_that_is_away_while_booking_doubles_nothing(step: int, lasting: str, rig: Rig) -> None:
    one, two = rig.process(), rig.process()
    one.steps.fail(step, StoreAwayError(), lasting=lasting)
    answer = await begun(rig, one)
    told = isinstance(answer, Progress) and answer.state is State.CONFIRMED
    assert told is bool(await rig.booked())

    await rig.persist(two)

    assert await rig.booked() == rig.at(0)
    assert await rig.sent() == 1


@pytest.mark.fault("R02")
@pytest.mark.parametrize("lasting", ["", "store"], ids=["once", "from-then-on"])
@each(MOVE, only="store")
async def test_a_store_that_is_away_while_moving_doubles_and_loses_nothing(
    step: int, lasting: str, rig: Rig
) -> None:
    old = await rig.taken(1)
    one, two = rig.process(), rig.process()
    one.steps.fail(step, StoreAwayError(), lasting=lasting)
    await begun(rig, one, replaces=old.event)
    assert await rig.booked() in (rig.at(0), rig.at(1))

    await rig.persist(two, replaces=old.event)

    assert await rig.booked() == rig.at(0)
    assert await rig.sent() == 1


@pytest.mark.fault("B06")
@pytest.mark.fault("R02")
@pytest.mark.parametrize("lasting", ["", "store"], ids=["once", "from-then-on"])
@each(BOOK, only="store")
async def test_a_store_that_is_away_while_an_answer_is_lost_fails_nothing_that_is_booked(
    step: int, lasting: str, rig: Rig
) -> None:
    await plan_fault(rig.calendly, "commit_then_reset", path="/invitees$", method="POST")
    one, two = rig.process(), rig.process()
    one.steps.fail(step, StoreAwayError(), lasting=lasting)
    await begun(rig, one)
    before = await rig.booked()

    await rig.settle(two)

    found = await two.runner.find("key-1", "body-0")
    assert await rig.booked() == before
    assert (found is not None and found.state is State.CONFIRMED) is bool(before)


@pytest.mark.fault("R02")
@pytest.mark.parametrize("kind", ["commit_then_reset", "reset"], ids=["made", "not-made"])
@pytest.mark.parametrize("lasting", ["", "store"], ids=["once", "from-then-on"])
@each(FIND, only="store")
async def test_a_store_that_is_away_while_looking_is_looked_for_again(
    step: int, lasting: str, kind: str, rig: Rig
) -> None:
    await lost(rig, kind)
    before = await rig.booked()
    two, three = rig.process(), rig.process()
    await rig.later()
    two.steps.fail(step, StoreAwayError(), lasting=lasting)
    await two.take_up()

    await rig.settle(three)

    found = await three.runner.find("key-1", "body-0")
    assert (found is not None and found.state is State.CONFIRMED) is bool(before)
    assert await rig.booked() == before


def paused(process: Process, step: int, act: Callable[[], Awaitable[None]]) -> None:
    """At this step the process sleeps, and this happens meanwhile."""
    name = steps(BOOK)[step]
    earlier = steps(BOOK)[:step].count(name)

    async def reached() -> None:
        nonlocal earlier
        if earlier:
            earlier -= 1
            process.steps.do(name, reached)
        else:
            await act()

    process.steps.do(name, reached)


LEAVE_TO_SEND = range(5, 7)
"""From here to there the first byte has to be sent within seconds, which the fence on the connection sees to."""


@pytest.mark.fault("R13")
@pytest.mark.parametrize("key", ["key-1", "key-2"], ids=["same-key", "another-key"])
@each(BOOK)
async def test_whoever_sleeps_too_long_doubles_nothing(step: int, key: str, rig: Rig) -> None:
    """Another process takes the booking up, and has it done, before the sleeper wakes."""
    one, two = rig.process(), rig.process()

    async def meanwhile() -> None:
        if step in LEAVE_TO_SEND:
            with pytest.raises(BookingInFlightError):
                await rig.book(two, "bk_2", key=key)
        else:
            await rig.later()
            await rig.persist(two, key=key)

    paused(one, step, meanwhile)
    woken = await begun(rig, one)

    assert await rig.booked() == rig.at(0)
    assert await rig.sent() == 1
    assert isinstance(woken, BookingInFlightError) or (
        isinstance(woken, Progress) and woken.state is State.CONFIRMED
    )
    assert await rig.ledger.unsettled() == (0, 0)


@pytest.mark.fault("R13")
async def test_whoever_has_taken_over_is_the_only_one_to_send(rig: Rig) -> None:
    """The first holder wakes when the second has it and has not sent yet."""
    one = rig.process()
    second: list[object] = []

    async def take_over() -> None:
        await rig.later()
        second.append(await rig.ledger.open(rig.intent("bk_2"), SHORT.lease))

    one.steps.do("after look", take_over)
    woken = await begun(rig, one)

    (holder,) = second
    assert isinstance(holder, Opened)
    assert isinstance(woken, BookingInFlightError)
    assert await rig.sent() == 0
    assert await rig.ledger.advance(
        holder.id, Event(happened=Happened.CLEARED, fence=holder.fence, due_in=SHORT.answer_within)
    )
