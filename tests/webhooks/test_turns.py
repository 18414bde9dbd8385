"""Who looks after an account's subscription: one at a time, over all replicas."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.calendly.options import TransportOptions
from app.store.state import StateStore
from app.webhooks import names
from app.webhooks.turns import LASTS, turn

ADA = "ADA"


async def test_one_has_the_turn_and_whoever_comes_after_has_the_next(store: Redis) -> None:
    state = StateStore(store)
    async with turn(state, ADA) as first, turn(state, ADA) as second:
        assert (first, second) == (True, False)
    async with turn(state, ADA) as third:
        assert third


async def test_whose_turn_is_over_takes_nobody_else_s_away(store: Redis) -> None:
    state = StateStore(store)
    async with turn(state, ADA):
        # It has taken longer than anybody thought.
        await store.delete(names.looking(ADA))
        later = turn(state, ADA)
        assert await later.__aenter__()

    async with turn(state, ADA) as third:
        assert not third
    await later.__aexit__(None, None, None)
    assert await store.exists(names.looking(ADA)) == 0


async def test_whoever_does_not_wait_for_ever_goes_without_it(store: Redis) -> None:
    state = StateStore(store)
    async with turn(state, ADA), turn(state, ADA, patience=timedelta(milliseconds=20)) as is_ours:
        assert not is_ours


@pytest.mark.parametrize("deleted", [1, 2])
def test_a_turn_outlasts_the_slowest_calls(deleted: int) -> None:
    """It is listed twice, deleted and made."""
    options = TransportOptions()
    assert 2 * options.read_deadline + (deleted + 1) * options.write_deadline < LASTS
