"""The smaller steps: reading an intent, giving it to one caller, keeping its answer, letting its person go."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.intents import names
from app.intents.ledger import Event, Known, Ledger, Natural, Opened
from app.intents.machine import Happened, State
from tests.intents.examples import (
    KEY,
    LEASE,
    OTHER_KEY,
    OVER,
    aged,
    another,
    brought_to,
    everything,
    ledger_on,
    new_intent,
    opened,
    record,
)

HOLD = timedelta(minutes=1)
FRESH = {"id_": "bk_2", "key": "key-2"}
SLOT = f"{names.PREFIX}slot:slot-1"


async def test_what_is_not_there_is_not_loaded(ledger: Ledger) -> None:
    assert await ledger.load("bk_1") is None


async def test_its_age_is_the_time_in_its_state(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await aged(store, id_, "since", timedelta(minutes=5))

    standing = await ledger.load(id_)

    assert standing is not None
    assert 300 <= standing.age < 360


@pytest.mark.parametrize("state", [state for state in State if state is not State.DROPPED])
async def test_only_what_was_not_sent_is_ever_abandoned(state: State, store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(state, ledger)
    await aged(store, id_, "lease", timedelta(hours=1))

    standing = await ledger.load(id_)

    assert standing is not None
    assert standing.overdue
    assert standing.is_abandoned is (state is State.OPEN)


async def test_what_has_a_holder_is_not_due(ledger: Ledger) -> None:
    await opened(ledger)

    assert await ledger.claim_due(10, HOLD) == []


async def test_what_has_lost_its_holder_is_due(ledger: Ledger) -> None:
    intent = await opened(ledger, lease=OVER)

    assert await ledger.claim_due(10, HOLD) == [intent.id]


async def test_what_is_taken_up_is_nobody_elses(ledger: Ledger) -> None:
    await opened(ledger, lease=OVER)
    await ledger.claim_due(10, HOLD)

    assert await ledger.claim_due(10, HOLD) == []


async def test_what_was_taken_up_and_left_is_due_again(ledger: Ledger) -> None:
    intent = await opened(ledger, lease=OVER)
    await ledger.claim_due(10, OVER)

    assert await ledger.claim_due(10, HOLD) == [intent.id]


async def test_no_more_are_taken_up_than_asked_for(ledger: Ledger) -> None:
    for number in range(5):
        await opened(ledger, another(number, seats=5), lease=OVER)

    taken = [await ledger.claim_due(2, HOLD) for _ in range(3)]

    assert [len(ids) for ids in taken] == [2, 2, 1]
    assert len({id_ for ids in taken for id_ in ids}) == 5


@pytest.mark.fault("B09")
async def test_each_of_many_goes_to_one_of_many(ledger: Ledger) -> None:
    for number in range(30):
        await opened(ledger, another(number, seats=30), lease=OVER)

    taken = await asyncio.gather(*(ledger.claim_due(2, HOLD) for _ in range(20)))

    counted = Counter(id_ for ids in taken for id_ in ids)
    assert len(counted) == 30
    assert set(counted.values()) == {1}


async def test_an_intent_that_has_expired_is_not_due_again(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger, lease=OVER)
    await store.delete(names.intent(intent.id))

    await ledger.claim_due(10, OVER)

    assert await ledger.claim_due(10, OVER) == []
    assert await store.zcard(names.DUE) == 0


async def test_the_first_answer_stays(ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)

    kept = [await ledger.keep_answer(id_, answer) for answer in ("first", "second")]

    standing = await ledger.load(id_)
    assert kept == ["first", "first"]
    assert standing is not None
    assert standing.answer == "first"


async def test_of_many_answers_all_are_told_one(ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)

    kept = await asyncio.gather(*(ledger.keep_answer(id_, str(number)) for number in range(20)))

    assert len(set(kept)) == 1


async def test_an_answer_to_what_is_gone_is_told_and_not_kept(store: Redis, ledger: Ledger) -> None:
    assert await ledger.keep_answer("bk_1", "answer") == "answer"

    assert await everything(store) == {}


async def test_an_answer_outlives_a_change_of_keys(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await ledger.keep_answer(id_, "first")

    assert await ledger_on(store, OTHER_KEY, KEY).keep_answer(id_, "second") == "first"


async def test_an_answer_that_nobody_can_read_is_told_anew(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await ledger_on(store, OTHER_KEY).keep_answer(id_, "sealed by others")

    assert await ledger.keep_answer(id_, "ours") == "ours"


async def test_whose_booking_was_canceled_may_book_again(ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)

    await ledger.release(id_)

    assert await ledger.open(new_intent(**FRESH), LEASE) == Opened("bk_2", 1)


async def test_a_canceled_booking_frees_its_seat(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)

    await ledger.release(id_)

    assert await store.exists(SLOT) == 0


async def test_a_canceled_booking_is_still_known_by_its_key(ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)

    await ledger.release(id_, "key-1")

    assert await ledger.find("key-1", "body-1") == Known(id_, owner=True)


async def test_a_key_that_joined_a_canceled_booking_is_free(ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await ledger.open(new_intent(**FRESH), LEASE)

    await ledger.release(id_, "key-2")

    assert await ledger.open(new_intent(**FRESH), LEASE) == Opened("bk_2", 1)


async def test_a_key_that_joined_another_booking_stays(ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await opened(ledger, another(2, slot="slot-2"))
    await ledger.open(another(2, slot="slot-2", id_="bk_3", key="key-3"), LEASE)

    await ledger.release(id_, "key-3")

    assert await ledger.find("key-3", "body-2") == Known("bk_2", owner=False)


async def test_letting_go_of_a_canceled_booking_frees_nothing_of_a_newer_one(
    store: Redis, ledger: Ledger
) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await ledger.release(id_)
    await opened(ledger, new_intent(**FRESH))
    before = await everything(store)

    await ledger.release(id_)

    assert await everything(store) == before


async def test_letting_go_of_what_is_gone_changes_nothing(store: Redis, ledger: Ledger) -> None:
    await ledger.release("bk_1", "key-1")

    assert await everything(store) == {}


async def test_nothing_is_unsettled_at_first(ledger: Ledger) -> None:
    assert await ledger.unsettled() == (0, 0)


async def test_the_unsettled_and_the_overdue_are_counted(ledger: Ledger) -> None:
    await opened(ledger, another(1, slot="slot-1"))
    await opened(ledger, another(2, slot="slot-2"), lease=OVER)
    await brought_to(State.UNKNOWN, ledger, another(3, slot="slot-3"))
    await brought_to(State.CONFIRMED, ledger, another(4, slot="slot-4"))

    assert await ledger.unsettled() == (3, 1)


async def test_what_becomes_of_a_person_is_found_by_the_natural_key(ledger: Ledger) -> None:
    assert await ledger.find_natural("person-1") is None

    intent = await opened(ledger)

    assert await ledger.find_natural("person-1") == Natural(intent.id, "body-1")


async def test_reading_changes_nothing(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    before = await everything(store), await record(store, intent.id)

    await ledger.load(intent.id)
    await ledger.find("key-1", "body-1")
    await ledger.find_natural("person-1")
    await ledger.unsettled()

    assert (await everything(store), await record(store, intent.id)) == before


async def test_what_failed_is_nobodys_task(ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await ledger.advance(id_, Event(happened=Happened.ABSENT))

    assert await ledger.claim_due(10, OVER) == []
