"""What a runner does for a booking that stands: its answer, its person, and whether it is still on its way."""

import pytest

from app.errors import BookingInFlightError
from app.intents import names
from app.intents.machine import FINAL, State
from app.store.state import StoreAwayError
from tests.intents.examples import brought_to
from tests.intents.rig import Process, Rig


@pytest.fixture
def one(rig: Rig) -> Process:
    return rig.process()


async def test_an_answer_is_told_again_to_whoever_has_the_key(rig: Rig, one: Process) -> None:
    progress = await rig.book(one)
    await one.runner.keep_answer(progress.id, "answer")

    found = await one.runner.find("key-1", "body-0")

    assert found is not None
    assert found.answer == "answer"


@pytest.mark.fault("R02")
async def test_an_answer_is_told_where_it_cannot_be_kept(rig: Rig, one: Process) -> None:
    progress = await rig.book(one)
    one.steps.fail(0, StoreAwayError())

    assert await one.runner.keep_answer(progress.id, "answer") == "answer"


async def test_a_released_person_may_book_again(rig: Rig, one: Process) -> None:
    progress = await rig.book(one)
    assert progress.result is not None
    await one.client.cancel_scheduled_event(progress.result.event, None)

    await one.runner.release(progress.id)

    assert (await rig.book(one, "bk_2", key="key-2")).fresh
    assert await rig.booked() == rig.at(0)


@pytest.mark.fault("R02")
async def test_a_release_does_without_the_store(rig: Rig, one: Process) -> None:
    progress = await rig.book(one)
    one.steps.fail(0, StoreAwayError())

    await one.runner.release(progress.id)

    found = await rig.ledger.find_natural("person-0")
    assert found is not None
    assert found.id == progress.id


@pytest.mark.parametrize("state", [state for state in State if state is not State.DROPPED])
async def test_it_is_pending_until_it_is_final(state: State, rig: Rig, one: Process) -> None:
    named = (await one.runner.names()).of("person", "0")
    await brought_to(
        state, rig.ledger, rig.intent(natural=named, generation=(await one.runner.names()).generation)
    )

    assert await one.runner.is_pending(("person", "0")) is (state not in FINAL)


async def test_what_nobody_has_begun_is_not_pending(one: Process) -> None:
    assert not await one.runner.is_pending(("person", "0"))


@pytest.mark.fault("R11")
async def test_what_this_version_cannot_read_is_waited_for_and_not_sent(rig: Rig, one: Process) -> None:
    await rig.book(rig.process())
    await rig.store.hset(names.intent("bk_1"), "state", "pondering")

    with pytest.raises(BookingInFlightError):
        await rig.book(one, "bk_2")

    assert await rig.sent() == 1
