"""Telling an intent what happened: by the machine's table, for its holder alone where that matters."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from redis.asyncio import Redis

from app.intents import names
from app.intents.ledger import Event, Ledger, Opened
from app.intents.machine import FINAL, Happened, State, after
from app.intents.model import KEPT
from tests.intents.examples import (
    DUE_LATER,
    LEASE,
    OVER,
    READ_AT,
    RESULT,
    aged,
    another,
    brought_to,
    everything,
    new_intent,
    opened,
    record,
)

STORED = [state for state in State if state is not State.DROPPED]
SLOT = f"{names.PREFIX}slot:slot-1"
CLEARED = Event(happened=Happened.CLEARED, due_in=DUE_LATER)
LOST = Event(happened=Happened.LOST, due_in=DUE_LATER)
BOOKED = Event(happened=Happened.BOOKED, result=RESULT, booked_at=READ_AT)


async def put_in(state: State, ledger: Ledger, store: Redis) -> str:
    """Without going the way there: what is wanted is every state, with everything in place."""
    intent = await opened(ledger)
    await store.hset(names.intent(intent.id), "state", state.value)
    return intent.id


@pytest.mark.parametrize("moves", [False, True], ids=["books", "moves"])
@pytest.mark.parametrize(
    ("state", "happened"),
    [pytest.param(*both, id=f"{both[0]}-{both[1].name.lower()}") for both in product(STORED, Happened)],
)
async def test_it_goes_on_by_the_table(
    state: State, happened: Happened, store: Redis, ledger: Ledger, *, moves: bool
) -> None:
    id_ = await put_in(state, ledger, store)
    before = await everything(store)

    done = await ledger.advance(id_, Event(happened=happened, moves=moves, due_in=DUE_LATER))

    following = after(state, happened, moves=moves)
    assert done is (following is not None)
    if following is None:
        assert await everything(store) == before
    elif following is State.DROPPED:
        assert await everything(store) == {}
    else:
        assert (await record(store, id_))["state"] == following.encode()


async def test_nothing_can_happen_to_what_is_gone(store: Redis, ledger: Ledger) -> None:
    assert not await ledger.advance("bk_1", CLEARED)

    assert await everything(store) == {}


@pytest.mark.fault("R13")
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(Event(happened=Happened.CLEARED, fence=1, due_in=DUE_LATER), id="clear"),
        pytest.param(Event(happened=Happened.REFUSED, fence=1), id="refused"),
        pytest.param(Event(happened=Happened.LOST, fence=1), id="lost"),
    ],
)
async def test_a_holder_of_the_past_changes_nothing(event: Event, store: Redis, ledger: Ledger) -> None:
    await opened(ledger, lease=OVER)
    await opened(ledger, new_intent("bk_2"))
    before = await everything(store)

    assert not await ledger.advance("bk_1", event)

    assert await everything(store) == before


@pytest.mark.fault("R13")
async def test_the_holder_of_the_fence_may_send(ledger: Ledger) -> None:
    first = await opened(ledger, lease=OVER)
    holder = await opened(ledger, new_intent("bk_2"))

    def clear(fence: int) -> Event:
        return Event(happened=Happened.CLEARED, fence=fence, due_in=LEASE)

    assert not await ledger.advance(first.id, clear(first.fence))
    assert not await ledger.advance(holder.id, clear(first.fence))
    assert await ledger.advance(holder.id, clear(holder.fence))


async def test_of_many_who_ask_for_leave_to_send_one_gets_it(ledger: Ledger) -> None:
    intent = await opened(ledger)
    clear = Event(happened=Happened.CLEARED, fence=intent.fence, due_in=LEASE)

    answers = await asyncio.gather(*(ledger.advance(intent.id, clear) for _ in range(20)))

    assert answers.count(True) == 1


async def test_what_happens_to_an_intent_is_dated_by_the_store(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    await aged(store, intent.id, "since", timedelta(hours=1))
    seconds, _ = await store.time()

    await ledger.advance(intent.id, CLEARED)

    since = int((await record(store, intent.id))["since"]) / 1000
    assert seconds <= since < seconds + 60


async def test_a_new_state_is_looked_at_anew(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    await store.hset(names.intent(intent.id), mapping={"looks": 7, "absences": 1})

    await ledger.advance(intent.id, CLEARED)

    kept = await record(store, intent.id)
    assert (kept["looks"], kept["absences"]) == (b"0", b"0")


async def test_a_look_is_noted_and_the_state_grows_older(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await aged(store, id_, "since", timedelta(minutes=10))
    standing = await ledger.load(id_)
    assert standing is not None

    await ledger.postpone(standing.id, standing.state, looks=3, absences=1, due_in=DUE_LATER)

    noted = await ledger.load(id_)
    assert noted is not None
    assert (noted.state, noted.looks, noted.absences) == (State.UNKNOWN, 3, 1)
    assert noted.age >= 600


async def test_a_look_that_comes_too_late_is_not_noted(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    standing = await ledger.load(id_)
    assert standing is not None
    await ledger.advance(id_, BOOKED)
    before = await everything(store)

    await ledger.postpone(standing.id, standing.state, looks=1, absences=1, due_in=DUE_LATER)

    assert await everything(store) == before


async def test_it_is_due_when_the_event_says(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    seconds, _ = await store.time()

    await ledger.advance(intent.id, Event(happened=Happened.CLEARED, due_in=timedelta(hours=1)))

    due = await store.zscore(names.DUE, intent.id)
    assert due is not None
    assert seconds + 3600 <= due / 1000 < seconds + 3660
    assert due == float((await record(store, intent.id))["lease"])


@pytest.mark.parametrize("state", sorted(FINAL))
async def test_what_is_final_is_not_due(state: State, store: Redis, ledger: Ledger) -> None:
    await brought_to(state, ledger)

    assert await store.zcard(names.DUE) == 0


async def test_a_booked_seat_is_dated_by_the_clock_that_slots_are_read_by(
    store: Redis, ledger: Ledger
) -> None:
    intent = await opened(ledger)
    await ledger.advance(intent.id, CLEARED)
    moment = datetime(2026, 11, 23, 6, 0, 1, 234_000, tzinfo=UTC)

    await ledger.advance(intent.id, Event(happened=Happened.BOOKED, result=RESULT, booked_at=moment))

    assert await store.zscore(SLOT, intent.id) == moment.timestamp() * 1000


async def test_what_was_booked_is_known_afterwards(ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)

    standing = await ledger.load(id_)

    assert standing is not None
    assert standing.result == RESULT


async def test_what_failed_frees_person_and_slot_but_keeps_its_key(store: Redis, ledger: Ledger) -> None:
    await brought_to(State.FAILED, ledger)

    assert set(await everything(store)) == {names.intent("bk_1"), names.key("key-1")}


async def test_what_failed_lets_others_have_the_seat(ledger: Ledger) -> None:
    await brought_to(State.FAILED, ledger)

    assert await ledger.open(another(2), LEASE) == Opened("bk_2", 1)


async def test_what_is_dropped_has_never_been(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)

    await ledger.advance(intent.id, Event(happened=Happened.REFUSED, fence=intent.fence))

    assert await everything(store) == {}


async def test_what_is_dropped_takes_nothing_that_is_not_its_own(store: Redis, ledger: Ledger) -> None:
    """A new try has taken over key, person and slot of one that was given up."""
    await brought_to(State.FAILED, ledger)
    await opened(ledger, new_intent("bk_2"))
    await store.hset(names.intent("bk_1"), "state", State.SENDING.value)
    before = await everything(store)

    await ledger.advance("bk_1", Event(happened=Happened.REFUSED))

    assert await everything(store) == {
        name: value for name, value in before.items() if name != names.intent("bk_1")
    }


async def test_everything_of_an_intent_lives_on_with_it(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    held = [name for name in await everything(store) if name != names.DUE]
    for name in held:
        await store.pexpire(name, 60_000)

    await ledger.advance(intent.id, CLEARED)

    assert [await store.pttl(name) > KEPT.total_seconds() * 999 for name in held] == [True] * 4


async def test_a_state_that_this_version_does_not_know_is_left_alone(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    await store.hset(names.intent(intent.id), "state", "pondering")
    before = await everything(store)

    assert not await ledger.advance(intent.id, LOST)

    assert await everything(store) == before


async def test_a_state_is_not_taken_for_one_that_ends_alike(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    await store.hset(names.intent(intent.id), "state", "en")

    assert not await ledger.advance(intent.id, CLEARED)
