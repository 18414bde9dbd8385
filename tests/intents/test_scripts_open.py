"""Writing an intent down: once for each person and slot, once for each key, as often as there are seats."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.intents import names
from app.intents.ledger import TRUSTED, Event, Held, Known, Ledger, Opened, Reused
from app.intents.machine import Happened, State
from app.intents.model import KEPT
from app.sealing import Sealer
from tests.intents.examples import (
    KEY,
    LEASE,
    OVER,
    READ_AT,
    Told,
    aged,
    another,
    brought_to,
    everything,
    matter,
    new_intent,
    opened,
    record,
)

MOMENT = timedelta(milliseconds=1)
FRESH = {"id_": "bk_2", "key": "key-2"}
"""Another try: another id and another key."""

SLOT = f"{names.PREFIX}slot:slot-1"
ALIVE = [state for state in State if state not in {State.OPEN, State.FAILED, State.DROPPED}]


async def test_what_is_new_is_opened(ledger: Ledger) -> None:
    assert await ledger.open(new_intent(), LEASE) == Opened("bk_1", 1)


async def test_what_is_opened_can_be_loaded(ledger: Ledger) -> None:
    intent = await opened(ledger)

    standing = await ledger.load(intent.id)

    assert standing is not None
    assert (standing.state, standing.fence, standing.matter) == (State.OPEN, 1, matter())
    assert not standing.is_abandoned


async def test_what_is_opened_is_looked_after_when_its_lease_is_over(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)

    due = await store.zscore(names.DUE, intent.id)

    assert due == float((await record(store, intent.id))["lease"])


async def test_every_name_of_an_intent_expires(store: Redis, ledger: Ledger) -> None:
    await opened(ledger)

    found = [name for name in await everything(store) if name != names.DUE]

    lifetimes = [await store.pttl(name) for name in found]
    longest = KEPT.total_seconds() * 1000
    assert len(found) == 4
    assert all(longest - 10_000 < lifetime <= longest for lifetime in lifetimes)


async def test_a_key_is_known_to_its_owner(ledger: Ledger) -> None:
    await opened(ledger)

    assert await ledger.open(new_intent("bk_2"), LEASE) == Known("bk_1", owner=True)


@pytest.mark.fault("B04")
async def test_a_key_is_for_one_body(ledger: Ledger) -> None:
    await opened(ledger)

    assert await ledger.open(new_intent("bk_2", fingerprint="body-2", natural="person-2"), LEASE) == Reused()


@pytest.mark.parametrize("state", [State.OPEN, *ALIVE])
async def test_a_known_key_changes_nothing(state: State, store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(state, ledger)
    before = await everything(store)

    answer = await ledger.open(new_intent("bk_2"), LEASE)

    assert answer == Known(id_, owner=True)
    assert await everything(store) == before


@pytest.mark.fault("B05")
@pytest.mark.parametrize("state", [State.OPEN, *ALIVE])
async def test_another_key_for_the_same_body_joins(state: State, ledger: Ledger) -> None:
    id_ = await brought_to(state, ledger)

    assert await ledger.open(new_intent(**FRESH), LEASE) == Known(id_, owner=False)


async def test_a_key_that_joined_never_owns(ledger: Ledger) -> None:
    await opened(ledger)
    await ledger.open(new_intent(**FRESH), LEASE)

    assert await ledger.find("key-2", "body-1") == Known("bk_1", owner=False)
    assert await ledger.open(new_intent(**FRESH), LEASE) == Known("bk_1", owner=False)


async def test_a_key_that_joined_is_for_one_body_too(ledger: Ledger) -> None:
    await opened(ledger)
    await ledger.open(new_intent(**FRESH), LEASE)

    assert await ledger.open(new_intent(**FRESH | {"fingerprint": "body-2"}), LEASE) == Reused()


@pytest.mark.fault("B05")
@pytest.mark.parametrize("state", [State.OPEN, *ALIVE])
async def test_another_body_for_the_same_person_and_slot_is_refused(
    state: State, store: Redis, ledger: Ledger
) -> None:
    await brought_to(state, ledger)
    before = await everything(store)

    answer = await ledger.open(new_intent(**FRESH, fingerprint="body-2", seats=10), LEASE)

    assert answer == Held()
    assert await everything(store) == before


async def test_a_refusal_says_whether_it_is_the_person_or_the_slot(store: Redis) -> None:
    told = Told(store)
    ledger = Ledger(told, Sealer((KEY,), "intent"))
    await opened(ledger)
    await ledger.open(new_intent(**FRESH, fingerprint="body-2"), LEASE)
    await ledger.open(another(3), LEASE)

    assert [[str(part, "ascii") for part in reply] for reply in told.replies[1:]] == [
        ["occupied", "bk_1"],
        ["held"],
    ]


async def test_a_slot_has_as_many_intents_as_seats(ledger: Ledger) -> None:
    answers = [await ledger.open(another(number, seats=3), LEASE) for number in range(5)]

    assert [type(answer) for answer in answers] == [Opened] * 3 + [Held] * 2


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
async def test_what_may_be_booked_holds_its_seat_whenever_it_was_read(state: State, ledger: Ledger) -> None:
    await brought_to(state, ledger)

    assert await ledger.open(another(2, as_of=READ_AT + timedelta(days=300)), LEASE) == Held()


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        pytest.param(timedelta(seconds=1) - MOMENT, Held(), id="before-it-was-booked"),
        pytest.param(timedelta(seconds=1), Opened("bk_2", 1), id="when-it-was-booked"),
        pytest.param(timedelta(seconds=1) + MOMENT, Opened("bk_2", 1), id="after-it-was-booked"),
    ],
)
async def test_a_booked_seat_counts_where_the_reading_cannot_show_it(
    read: timedelta, answer: Held | Opened, ledger: Ledger
) -> None:
    await brought_to(State.CONFIRMED, ledger)

    assert await ledger.open(another(2, as_of=READ_AT + read), LEASE) == answer


async def test_a_refused_intent_leaves_nothing(store: Redis, ledger: Ledger) -> None:
    await opened(ledger)
    before = await everything(store)

    assert await ledger.open(another(2), LEASE) == Held()

    assert await everything(store) == before


@pytest.mark.fault("R13")
async def test_an_abandoned_intent_is_taken_over_with_a_higher_fence(ledger: Ledger) -> None:
    first = await opened(ledger, lease=OVER)

    second = await opened(ledger, new_intent("bk_2"), lease=OVER)
    third = await opened(ledger, new_intent("bk_3"))

    assert [one.fence for one in (first, second, third)] == [1, 2, 3]
    assert await ledger.load(first.id) is None


async def test_whoever_takes_over_has_a_lease_and_a_matter_of_its_own(ledger: Ledger) -> None:
    await opened(ledger, lease=OVER)
    theirs = matter(draft='{"second": true}')

    intent = await opened(ledger, new_intent("bk_2", matter=theirs))

    standing = await ledger.load(intent.id)
    assert standing is not None
    assert standing.matter == theirs
    assert not standing.is_abandoned


@pytest.mark.parametrize("state", ALIVE)
async def test_only_what_was_never_sent_is_taken_over(state: State, store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(state, ledger)
    await aged(store, id_, "lease", timedelta(hours=1))

    assert await ledger.open(new_intent("bk_2"), LEASE) == Known(id_, owner=True)


@pytest.mark.parametrize("fingerprint", ["body-1", "body-2"], ids=["same-body", "another-body"])
async def test_what_another_key_abandoned_makes_room(fingerprint: str, store: Redis, ledger: Ledger) -> None:
    await opened(ledger, lease=OVER)

    second = await opened(ledger, new_intent(**FRESH, fingerprint=fingerprint))

    assert second == Opened("bk_2", 1)
    assert await ledger.load("bk_1") is None
    assert await ledger.find("key-1", "body-1") is None
    assert await store.zrange(SLOT, 0, -1) == [b"bk_2"]


async def test_what_failed_is_tried_again_with_its_key(ledger: Ledger) -> None:
    await brought_to(State.FAILED, ledger)

    assert await ledger.open(new_intent("bk_2"), LEASE) == Opened("bk_2", 1)
    assert await ledger.find("key-1", "body-1") == Known("bk_2", owner=True)


async def test_what_failed_is_tried_again_with_another_key(ledger: Ledger) -> None:
    await brought_to(State.FAILED, ledger)

    assert await ledger.open(new_intent(**FRESH), LEASE) == Opened("bk_2", 1)


async def test_a_key_that_joined_what_failed_owns_its_next_try(ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await ledger.open(new_intent(**FRESH), LEASE)
    await ledger.advance(id_, Event(happened=Happened.ABSENT))

    assert await ledger.open(new_intent(**FRESH), LEASE) == Opened("bk_2", 1)
    assert await ledger.find("key-2", "body-1") == Known("bk_2", owner=True)


@pytest.mark.parametrize("fingerprint", ["body-1", "body-2"], ids=["same-body", "another-body"])
async def test_what_is_long_settled_does_not_stand_in_the_way(
    fingerprint: str, store: Redis, ledger: Ledger
) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await aged(store, id_, "since", TRUSTED + timedelta(seconds=1))

    later = new_intent(**FRESH, fingerprint=fingerprint, as_of=READ_AT + timedelta(minutes=3))

    assert await ledger.open(later, LEASE) == Opened("bk_2", 1)


async def test_what_is_long_settled_is_still_known_by_its_key(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await aged(store, id_, "since", TRUSTED + timedelta(days=1))

    assert await ledger.open(new_intent("bk_2"), LEASE) == Known(id_, owner=True)


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.MOVING, State.UNDOING])
async def test_what_is_not_settled_stands_for_as_long_as_it_takes(
    state: State, store: Redis, ledger: Ledger
) -> None:
    id_ = await brought_to(state, ledger)
    await aged(store, id_, "since", timedelta(days=1))

    assert await ledger.open(new_intent(**FRESH), LEASE) == Known(id_, owner=False)


@pytest.mark.fault("B03")
async def test_of_many_tries_with_one_key_one_is_opened(ledger: Ledger) -> None:
    tries = [ledger.open(new_intent(f"bk_{number}"), LEASE) for number in range(20)]

    answers = await asyncio.gather(*tries)

    first = next(answer for answer in answers if isinstance(answer, Opened))
    assert answers.count(first) == 1
    assert answers.count(Known(first.id, owner=True)) == 19


@pytest.mark.fault("B02")
async def test_of_many_people_as_many_are_let_in_as_there_are_seats(ledger: Ledger) -> None:
    answers = await asyncio.gather(*(ledger.open(another(number, seats=3), LEASE) for number in range(20)))

    assert [type(answer) for answer in answers].count(Opened) == 3


@pytest.mark.fault("R13")
async def test_of_many_who_take_over_one_holds_the_fence(ledger: Ledger) -> None:
    await opened(ledger, lease=OVER)

    answers = await asyncio.gather(
        *(ledger.open(new_intent(f"bk_{number}"), LEASE) for number in range(2, 22))
    )

    assert [answer.fence for answer in answers if isinstance(answer, Opened)] == [2]
