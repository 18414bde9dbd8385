"""What intents leave in the store: names that one node of a cluster holds, and nothing of a person."""

from urllib.parse import quote

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from app.intents import names
from app.intents.ledger import Ledger
from app.intents.machine import State
from tests.intents.examples import (
    LEASE,
    another,
    brought_to,
    everything,
    matter,
    new_intent,
    wanted,
)

PERSON = {"email": "canary.person@example.test", "name": "Canary Example"}
TRACES = ["canary", "Canary", quote(PERSON["email"]), quote(PERSON["name"])]


async def fill(ledger: Ledger) -> None:
    """Intents in every state, with an answer, and a key that has joined."""
    for number, state in enumerate(one for one in State if one is not State.DROPPED):
        private = matter(wanted=wanted(**PERSON), draft=str(PERSON), claims=str(PERSON))
        new = another(number, slot=f"slot-{number}", matter=private)
        id_ = await brought_to(state, ledger, new)
        await ledger.keep_answer(id_, str(PERSON))
    await ledger.open(another(0, slot="slot-0", key="joined"), LEASE)


async def test_all_names_share_a_hash_slot(store: Redis, ledger: Ledger) -> None:
    await fill(ledger)

    found = await everything(store)

    assert len(found) > 20
    assert {key_slot(name.encode()) for name in found} == {key_slot(names.DUE.encode())}


async def test_all_names_carry_their_schema(store: Redis, ledger: Ledger) -> None:
    await fill(ledger)

    assert [name for name in await everything(store) if not name.startswith("bff:1:{bookings}:")] == []


@pytest.mark.fault("C17")
async def test_nothing_of_a_person_is_in_the_clear(store: Redis, ledger: Ledger) -> None:
    await fill(ledger)

    kept = str(await everything(store))

    assert [trace for trace in TRACES if trace in kept] == []


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        pytest.param(names.intent("x"), "intent:x", id="intent"),
        pytest.param(names.key("x"), "key:x", id="key"),
    ],
)
def test_python_and_lua_spell_names_alike(spelled: str, name: str) -> None:
    assert spelled == names.PREFIX + name


async def test_python_reads_the_names_that_lua_wrote(store: Redis, ledger: Ledger) -> None:
    new = new_intent()

    await ledger.open(new, LEASE)

    written = {names.intent(new.id), names.key(new.key), names.DUE}
    of_lua = {f"{names.PREFIX}natural:{new.natural}", f"{names.PREFIX}slot:{new.slot}"}
    assert set(await everything(store)) == written | of_lua
