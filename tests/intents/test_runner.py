"""Carrying an intent out: looked for, cleared, sent once, and written down, whoever leaves and whatever fails."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.calendly.failures import BookingRefusedError, NotSentError
from app.errors import (
    AppError,
    BookingInFlightError,
    BookingQuotaSpentError,
    BookingsClosedError,
    IdempotencyKeyReusedError,
    SlotTakenError,
    UpstreamError,
)
from app.intents.machine import State
from app.intents.progress import Progress, SlotHeldError
from app.store.state import StoreAwayError
from tests.intents.examples import everything
from tests.intents.rig import SHORT, Process, Rig
from tests.soak.waiting import until
from tests.support.service import plan_fault

LOOK = "/scheduled_events$"
SEND = "/invitees$"
EVENT = "^/scheduled_events/[^/]+$"
FILLED = {
    "title": "Invalid Argument",
    "message": "The supplied parameters are invalid.",
    "details": [{"message": "filled", "parameter": "event.start_time", "code": "already_filled"}],
}
AS_SENT: dict[str, Any] = {"path": SEND, "method": "POST"}


@pytest.fixture
def one(rig: Rig) -> Process:
    return rig.process()


async def test_what_is_new_is_booked_once(rig: Rig, one: Process) -> None:
    progress = await rig.book(one)

    assert (progress.state, progress.owner, progress.fresh) == (State.CONFIRMED, True, True)
    assert await rig.booked() == rig.at(0)


async def test_what_was_booked_is_written_down(rig: Rig, one: Process) -> None:
    progress = await rig.book(one)

    standing = await one.runner.read(progress.id)

    assert standing is not None
    assert (standing.state, standing.result) == (State.CONFIRMED, progress.result)
    assert await rig.ledger.unsettled() == (0, 0)


async def test_a_booking_is_told_on_once(rig: Rig, one: Process) -> None:
    await rig.book(one)

    assert one.settled == [msgspec.structs.replace(rig.intent().matter, asked=rig.booking())]


async def test_calendly_is_looked_at_before_it_is_sent_to(rig: Rig, one: Process) -> None:
    await rig.book(one)

    assert one.steps.taken == [
        f"{when} {what}"
        for what in ("store", "look", "store", "send", "store")
        for when in ("before", "after")
    ]


@pytest.mark.fault("B03")
async def test_a_key_is_sent_once(rig: Rig, one: Process) -> None:
    first = await rig.book(one)

    again = await rig.book(one, "bk_2")

    assert (again.id, again.result, again.owner, again.fresh) == (first.id, first.result, True, False)
    assert await rig.sent() == 1


@pytest.mark.fault("B03")
async def test_a_key_that_is_sent_many_times_at_once_is_booked_once(rig: Rig) -> None:
    processes = [rig.process() for _ in range(4)]

    answers = await asyncio.gather(
        *(rig.book(processes[number % 4], f"bk_{number}") for number in range(40)), return_exceptions=True
    )

    assert sum(isinstance(answer, Progress) and answer.fresh for answer in answers) == 1
    assert {type(answer) for answer in answers} <= {Progress, BookingInFlightError}
    assert len(await rig.booked()) == await rig.sent() == 1


@pytest.mark.fault("B05")
async def test_a_person_who_uses_many_keys_at_once_is_booked_once(rig: Rig) -> None:
    processes = [rig.process() for _ in range(4)]

    answers = await asyncio.gather(
        *(rig.book(processes[number % 4], f"bk_{number}", key=f"key-{number}") for number in range(40)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Progress) and answer.owner for answer in answers) == 1
    assert len(await rig.booked()) == await rig.sent() == 1


async def test_another_key_of_the_same_body_joins_and_owns_nothing(rig: Rig, one: Process) -> None:
    first = await rig.book(one)

    joined = await rig.book(one, "bk_2", key="key-2")

    assert (joined.id, joined.owner, joined.fresh) == (first.id, False, False)


async def test_a_key_of_another_body_is_refused(rig: Rig, one: Process) -> None:
    await rig.book(one)

    with pytest.raises(IdempotencyKeyReusedError):
        await rig.book(one, "bk_2", fingerprint="body-2")
    with pytest.raises(IdempotencyKeyReusedError):
        await one.runner.find("key-1", "body-2")


async def test_another_body_for_the_same_person_is_held_up(rig: Rig, one: Process) -> None:
    await rig.book(one)

    with pytest.raises(SlotHeldError):
        await rig.book(one, "bk_2", key="key-2", fingerprint="body-2")


async def test_a_key_is_found_as_what_has_become_of_it(rig: Rig, one: Process) -> None:
    booked = await rig.book(one)

    found = await one.runner.find("key-1", "body-0")

    assert found == replace(booked, invitee=None, event=None, fresh=False)


async def test_the_event_is_read_while_the_store_takes_its_time(rig: Rig, one: Process) -> None:
    async def is_read() -> bool:
        return await rig.asked(EVENT) > 0

    async def until_read() -> None:
        async with asyncio.timeout(10):
            await until(is_read, every=0.01)

    async def written() -> None:
        one.steps.do("before store", until_read)

    one.steps.do("after send", written)

    booked = await rig.book(one)

    assert booked.state is State.CONFIRMED
    assert booked.event is not None
    assert booked.result is not None
    assert one.client.id_from((await booked.event).uri) == booked.result.event


async def test_an_event_that_cannot_be_read_is_told_to_whoever_waits_for_it(rig: Rig, one: Process) -> None:
    await plan_fault(rig.calendly, "status", status=500, path=EVENT, times=5)

    booked = await rig.book(one)

    assert booked.state is State.CONFIRMED
    assert booked.event is not None
    with pytest.raises(UpstreamError):
        await booked.event


async def test_of_a_move_no_event_is_read_before_the_old_one_is_canceled(rig: Rig, one: Process) -> None:
    old = await rig.taken(1)

    moved = await rig.book(one, replaces=old.event)

    assert (moved.state, moved.event) == (State.CONFIRMED, None)


async def test_a_new_key_is_not_found(one: Process) -> None:
    assert await one.runner.find("key-1", "body-0") is None


@pytest.mark.fault("B11")
async def test_what_the_store_has_lost_is_found_at_calendly(rig: Rig, one: Process) -> None:
    first = await rig.book(one)
    await rig.store.flushall()

    again = await rig.book(one, "bk_2")

    assert (again.state, again.owner, again.fresh) == (State.CONFIRMED, False, False)
    assert first.result is not None
    assert again.result == msgspec.structs.replace(first.result, found=True)
    assert await rig.sent() == 1


@pytest.mark.fault("B11")
async def test_without_the_look_a_lost_store_would_double(rig: Rig) -> None:
    """What these tests would show, were it not for the look."""
    one = rig.process(replace(SHORT, look_first=False))
    await rig.book(one)
    await rig.store.flushall()

    await rig.book(one, "bk_2")

    assert await rig.booked() == rig.at(0, 0)


async def test_who_shares_an_address_with_somebody_booked_is_not_taken_for_them(
    rig: Rig, one: Process
) -> None:
    await one.client.create_invitee(rig.booking(name="Ada Example"))

    with pytest.raises(SlotHeldError):
        await rig.book(one)

    assert await everything(rig.store) == {}
    assert await rig.booked() == rig.at(0)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param({"kind": "status", "status": 400, "body": FILLED}, SlotTakenError, id="filled"),
        pytest.param({"kind": "status", "status": 400}, BookingRefusedError, id="refused"),
        pytest.param({"kind": "status", "status": 429}, BookingQuotaSpentError, id="quota"),
        pytest.param({"kind": "status", "status": 403}, UpstreamError, id="access"),
    ],
)
async def test_a_refusal_leaves_nothing(
    fault: dict[str, Any], error: type[AppError], rig: Rig, one: Process
) -> None:
    await plan_fault(rig.calendly, **AS_SENT, **fault)

    with pytest.raises(error):
        await rig.book(one)

    assert await everything(rig.store) == {}


async def test_after_a_refusal_the_key_may_be_tried_again(rig: Rig, one: Process) -> None:
    await plan_fault(rig.calendly, "status", status=400, **AS_SENT)
    with pytest.raises(BookingRefusedError):
        await rig.book(one)

    again = await rig.book(one, "bk_2")

    assert again.fresh
    assert len(await rig.booked()) == 1


async def test_nothing_is_sent_where_calendly_cannot_be_looked_at(rig: Rig, one: Process) -> None:
    await plan_fault(rig.calendly, "status", path=LOOK, status=503, times=2)

    with pytest.raises(UpstreamError):
        await rig.book(one)

    assert await rig.sent() == 0
    assert await everything(rig.store) == {}


UNCLEAR = [
    pytest.param({"kind": "commit_then_reset"}, True, id="booked-and-cut"),
    pytest.param({"kind": "commit_then_status", "status": 502}, True, id="booked-and-bad-gateway"),
    pytest.param({"kind": "commit_then_hang"}, True, id="booked-and-silent"),
    pytest.param({"kind": "truncate"}, True, id="booked-and-half-told"),
    pytest.param({"kind": "reset"}, False, id="cut"),
    pytest.param({"kind": "status", "status": 500}, False, id="broken"),
    pytest.param({"kind": "html"}, False, id="html"),
]


@pytest.mark.fault("B06")
@pytest.mark.fault("B07")
@pytest.mark.parametrize(("fault", "made"), UNCLEAR)
async def test_what_is_not_clear_is_unknown_and_never_sent_again(
    fault: dict[str, Any], rig: Rig, *, made: bool
) -> None:
    one = rig.process(write_deadline=timedelta(milliseconds=400))
    await plan_fault(rig.calendly, **AS_SENT, **fault)

    first = await rig.book(one)
    again = await rig.book(one, "bk_2")

    assert [(one.state, one.result, one.fresh) for one in (first, again)] == [
        (State.UNKNOWN, None, True),
        (State.UNKNOWN, None, False),
    ]
    assert await rig.sent() == 1
    assert len(await rig.booked()) == made


@pytest.mark.fault("B10")
async def test_a_caller_who_leaves_does_not_stop_it(rig: Rig, one: Process) -> None:
    arrived = asyncio.Event()
    go_on = asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await go_on.wait()

    one.steps.do("before send", wait)
    caller = asyncio.create_task(rig.book(one))
    await arrived.wait()
    caller.cancel()
    go_on.set()
    await one.runner.aclose()

    found = await one.runner.find("key-1", "body-0")
    assert caller.cancelled()
    assert found is not None
    assert found.state is State.CONFIRMED


@pytest.mark.fault("B10")
@pytest.mark.parametrize("when", ["before look", "after look", "before send", "after send"])
async def test_a_process_that_closes_waits_for_what_it_sends(when: str, rig: Rig, one: Process) -> None:
    arrived = asyncio.Event()

    async def note() -> None:
        arrived.set()
        await asyncio.sleep(0.05)

    one.steps.do(when, note)
    caller = asyncio.create_task(rig.book(one))
    await arrived.wait()

    await one.runner.aclose()

    assert (await caller).state is State.CONFIRMED
    assert await rig.ledger.unsettled() == (0, 0)


async def test_while_it_is_sent_others_are_told_to_wait(rig: Rig, one: Process) -> None:
    two = rig.process()
    told: list[type[Exception]] = []

    async def ask() -> None:
        for attempt in (rig.book(two, "bk_2"), two.runner.find("key-1", "body-0")):
            try:
                await attempt
            except BookingInFlightError as error:
                told.append(type(error))

    one.steps.do("before look", ask)
    one.steps.do("before send", ask)

    await rig.book(one)

    assert told == [BookingInFlightError] * 4


@pytest.mark.fault("R13")
async def test_what_others_took_over_is_not_sent_by_who_had_it_first(rig: Rig, one: Process) -> None:
    two = rig.process()

    async def take_over() -> None:
        await rig.later()
        assert (await rig.book(two, "bk_2")).fresh

    one.steps.do("after look", take_over)

    with pytest.raises(BookingInFlightError):
        await rig.book(one)

    assert await rig.sent() == len(await rig.booked()) == 1


@pytest.mark.fault("R13")
async def test_a_holder_of_the_past_drops_nothing_of_the_new_ones(rig: Rig, one: Process) -> None:
    """It is refused by Calendly's look, after another has taken over and not sent yet."""
    kept: list[object] = []

    async def take_over() -> None:
        await rig.later()
        await rig.ledger.open(rig.intent("bk_2"), SHORT.lease)
        kept.append(await everything(rig.store))
        await plan_fault(rig.calendly, "status", path=LOOK, status=503, times=2)

    one.steps.do("before look", take_over)

    with pytest.raises(UpstreamError):
        await rig.book(one)

    assert kept == [await everything(rig.store)]


@pytest.mark.fault("R13")
async def test_who_slept_between_leave_and_send_does_not_send(rig: Rig) -> None:
    one = rig.process(replace(SHORT, send_within=timedelta(milliseconds=50)))

    async def sleep() -> None:
        await asyncio.sleep(0.06)

    one.steps.do("before send", sleep)

    with pytest.raises(NotSentError):
        await rig.book(one)

    assert await rig.sent() == 0
    assert await everything(rig.store) == {}


@pytest.mark.fault("R13")
async def test_the_time_to_send_runs_while_the_store_is_asked(rig: Rig) -> None:
    """A process that slept while it was told yes has slept too."""
    one = rig.process(replace(SHORT, send_within=timedelta(milliseconds=50)))

    async def sleep() -> None:
        one.steps.do("before store", pause)

    async def pause() -> None:
        await asyncio.sleep(0.06)

    one.steps.do("after look", sleep)

    with pytest.raises(NotSentError):
        await rig.book(one)

    assert await rig.sent() == 0


@pytest.mark.fault("R02")
async def test_without_the_store_nothing_is_sent(rig: Rig, one: Process) -> None:
    one.steps.fail(0, StoreAwayError())

    with pytest.raises(BookingsClosedError):
        await rig.book(one)

    assert await rig.sent() == 0
