"""Whether what Calendly tells of may be an attempt of which nobody knows yet what became."""

import pytest
from redis.asyncio import Redis

from app.intents.ledger import Ledger
from app.intents.machine import State
from app.intents.naming import Naming
from app.intents.underway import Underway
from app.store.state import StateStore
from tests.intents.examples import KEY, START, brought_to

SLOT = "slot-1"
PERSON = "person-1"


UNDERWAY = {State.SENDING, State.UNKNOWN, State.MOVING, State.UNDOING}


@pytest.mark.parametrize("state", [state for state in State if state is not State.DROPPED])
async def test_only_what_was_sent_and_is_not_settled_is_underway(ledger: Ledger, state: State) -> None:
    await brought_to(state, ledger)

    assert await ledger.is_underway("another", SLOT) is (state in UNDERWAY)
    assert await ledger.is_underway(PERSON, "another") is (state in UNDERWAY)
    assert not await ledger.is_underway("another", "another")


async def test_whoever_cannot_read_the_names_knows_of_nothing_that_is_not(
    ledger: Ledger, store: Redis
) -> None:
    state = StateStore(store)
    await Naming(state, [KEY]).names()

    stranger = Underway(Naming(state, [KEY[::-1]]), ledger)
    knows = Underway(Naming(state, [KEY]), ledger)

    assert await stranger.may_be(("move", "EVENT"), "INTROCALLAAAAAAA", START)
    assert not await knows.may_be(("move", "EVENT"), "INTROCALLAAAAAAA", START)
