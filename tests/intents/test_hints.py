"""Somebody says that there is a booking: whoever does not know of theirs looks now, and nobody else is disturbed."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from app.intents.ledger import Ledger
from app.intents.machine import State
from app.intents.naming import Naming
from app.store.state import StateStore
from tests.intents.examples import DUE_LATER, KEY, START, brought_to

HOLD = timedelta(minutes=1)
SLOT = "slot-1"


async def test_who_does_not_know_is_due_at_once(ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await ledger.postpone(id_, State.UNKNOWN, due_in=DUE_LATER)
    assert await ledger.claim_due(10, HOLD) == []

    assert await ledger.hurry(SLOT) == 1

    assert await ledger.claim_due(10, HOLD) == [id_]


async def test_another_slot_is_none_of_theirs(ledger: Ledger) -> None:
    id_ = await brought_to(State.UNKNOWN, ledger)
    await ledger.postpone(id_, State.UNKNOWN, due_in=DUE_LATER)

    assert await ledger.hurry("slot-2") == 0
    assert await ledger.claim_due(10, HOLD) == []


@pytest.mark.parametrize("state", [State.OPEN, State.SENDING, State.MOVING, State.CONFIRMED, State.FAILED])
async def test_nobody_else_is_disturbed(ledger: Ledger, state: State) -> None:
    """Who is just sending has the answer soon; the others know already."""
    await brought_to(state, ledger)
    before = await ledger.claim_due(10, HOLD)

    assert await ledger.hurry(SLOT) == 0
    assert await ledger.claim_due(10, HOLD) == []
    assert len(before) <= 1


async def test_a_slot_is_named_alike_whatever_offset_its_start_has(store: Redis) -> None:
    named = await Naming(StateStore(store), [KEY]).names()
    elsewhere = START.astimezone(ZoneInfo("Asia/Kolkata"))

    assert named.slot("INTROCALLAAAAAAA", elsewhere) == named.slot("INTROCALLAAAAAAA", START)
    assert named.slot("INTROCALLAAAAAAA", START + timedelta(minutes=30)) != named.slot(
        "INTROCALLAAAAAAA", START
    )
