"""Versions that share a store: what the next one has written, what the last one has not, and other keys."""

from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from app.intents import names
from app.intents.ledger import Event, Held, Known, Ledger
from app.intents.machine import Happened, State
from app.intents.model import Result
from tests.intents.examples import (
    DUE_LATER,
    KEY,
    LEASE,
    OTHER_KEY,
    OVER,
    RESULT,
    another,
    brought_to,
    everything,
    ledger_on,
    matter,
    new_intent,
    opened,
    sealed,
    wanted,
)

pytestmark = pytest.mark.fault("R11")

FUTURE = {"hedge": "of a later version", "nested": {"deeper": [1, 2, None]}}


def grown(value: msgspec.Struct) -> dict[str, Any]:
    """The same with fields that only a later version knows."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain | FUTURE


async def write(store: Redis, id_: str, **fields: str) -> None:
    for name, value in fields.items():
        await store.hset(names.intent(id_), name, value)


@pytest.mark.parametrize("state", [state for state in State if state is not State.DROPPED])
async def test_fields_of_a_later_version_are_passed_over(state: State, store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(state, ledger)
    plain = await ledger.load(id_)
    await write(store, id_, v="2", hedge="of a later version", empty="", number="7")

    standing = await ledger.load(id_)

    assert standing is not None
    assert plain is not None
    assert (standing.state, standing.matter, standing.result) == (state, plain.matter, plain.result)


async def test_fields_of_a_later_version_outlive_an_event(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.SENDING, ledger)
    await write(store, id_, v="2", hedge="of a later version")

    await ledger.advance(id_, Event(happened=Happened.LOST, due_in=DUE_LATER))

    kept = await store.hmget(names.intent(id_), ["v", "hedge"])
    assert kept == [b"2", b"of a later version"]


async def test_a_matter_may_say_more_than_this_version_reads(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    said = grown(matter()) | {"wanted": grown(wanted())}
    await write(store, intent.id, matter=sealed(said))

    standing = await ledger.load(intent.id)

    assert standing is not None
    assert standing.matter == matter()


async def test_a_matter_may_leave_out_what_is_optional(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger)
    optional = {"pooled", "replaces", "replaced_from", "replaced_to"}
    said = {name: value for name, value in grown(matter()).items() if name not in optional}
    said["wanted"] = {name: value for name, value in grown(wanted()).items() if name not in optional}
    await write(store, intent.id, matter=sealed(said))

    standing = await ledger.load(intent.id)

    assert standing is not None
    assert standing.matter == matter()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        pytest.param(grown(RESULT), RESULT, id="more"),
        pytest.param({"event": "E", "invitee": "I"}, Result("E", "I"), id="less"),
    ],
)
async def test_a_result_may_say_more_or_less(
    said: dict[str, Any], read: Result, store: Redis, ledger: Ledger
) -> None:
    id_ = await brought_to(State.CONFIRMED, ledger)
    await write(store, id_, result=sealed(said))

    standing = await ledger.load(id_)

    assert standing is not None
    assert standing.result == read


async def test_what_no_event_has_written_yet_is_nothing(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await store.hdel(names.intent(id_), "v", "looks", "absences", "result", "answer", "key", "fingerprint")

    standing = await ledger.load(id_)

    assert standing is not None
    assert (standing.looks, standing.absences, standing.result, standing.answer) == (0, 0, None, None)


async def test_a_new_key_reads_what_the_old_one_sealed(store: Redis) -> None:
    before, after = ledger_on(store, KEY), ledger_on(store, OTHER_KEY, KEY)
    id_ = await brought_to(State.CONFIRMED, before)
    await before.keep_answer(id_, "answer")

    standing = await after.load(id_)

    assert standing is not None
    assert (standing.matter, standing.result, standing.answer) == (matter(), RESULT, "answer")


async def test_a_process_that_has_the_new_key_second_reads_what_it_sealed(store: Redis) -> None:
    """Of two that are being changed over, one seals with the new key already."""
    id_ = await brought_to(State.CONFIRMED, ledger_on(store, OTHER_KEY, KEY))

    standing = await ledger_on(store, KEY, OTHER_KEY).load(id_)

    assert standing is not None
    assert standing.result == RESULT


FOREIGN = [
    pytest.param({"state": "pondering"}, id="state-of-a-later-version"),
    pytest.param({"matter": sealed(msgspec.to_builtins(matter()), OTHER_KEY)}, id="unknown-key"),
    pytest.param({"matter": sealed({"wanted": 1})}, id="another-shape"),
    pytest.param({"matter": "nonsense"}, id="not-sealed"),
    pytest.param({"since": "yesterday"}, id="no-number"),
]


@pytest.mark.fault("R10")
@pytest.mark.parametrize("fields", FOREIGN)
async def test_what_cannot_be_read_is_not_shown(fields: dict[str, str], store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await write(store, id_, **fields)

    assert await ledger.load(id_) is None


@pytest.mark.fault("R10")
@pytest.mark.parametrize("fields", FOREIGN)
@pytest.mark.parametrize("key", ["key-1", "key-2"], ids=["its-key", "another-key"])
async def test_what_cannot_be_read_is_not_sent_again(
    key: str, fields: dict[str, str], store: Redis, ledger: Ledger
) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await write(store, id_, **fields)
    before = set(await everything(store))

    answer = await ledger.open(new_intent("bk_2", key=key), LEASE)

    assert answer == Known(id_, owner=key == "key-1")
    assert set(await everything(store)) == before | {names.key(key)}


async def test_an_unknown_state_holds_its_seat(store: Redis, ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await write(store, id_, state="pondering")

    assert await ledger.open(another(2), LEASE) == Held()


async def test_an_unknown_state_is_left_to_who_knows_it(store: Redis, ledger: Ledger) -> None:
    intent = await opened(ledger, lease=OVER)
    await write(store, intent.id, state="pondering")

    assert await ledger.claim_due(10, OVER) == [intent.id]

    for happened in Happened:
        assert not await ledger.advance(intent.id, Event(happened=happened))
