"""A loss of the store is noticed while nobody books, whatever goes wrong meanwhile."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.intents import names
from app.intents.naming import Naming
from app.intents.watch import watch
from app.store.script import Script
from app.store.state import Reply, StateStore, StoreAwayError
from tests.intents.examples import KEY

BRIEF = timedelta(milliseconds=10)
ROUND = 3
"""Questions after which the first that went well is over."""


class _Failing(StateStore):
    """Fails once, in this way."""

    def __init__(self, redis: Redis, failure: BaseException) -> None:
        super().__init__(redis)
        self._failures = [failure]
        self._asked = 0
        self.is_known = asyncio.Event()

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | int | float | bytes] = ()
    ) -> Reply:
        if self._failures:
            raise self._failures.pop()
        self._asked += 1
        if self._asked >= ROUND:
            self.is_known.set()
        return await super().run(script, keys, args)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(StoreAwayError(), id="the store is away"),
        pytest.param(RuntimeError(), id="a bug"),
        pytest.param(asyncio.CancelledError(), id="cancelled by nobody"),
    ],
)
async def test_whatever_goes_wrong_a_loss_is_noticed_later(store: Redis, failure: BaseException) -> None:
    await Naming(StateStore(store), (KEY,)).names()
    state = _Failing(store, failure)
    task = asyncio.create_task(watch(Naming(state, (KEY,)), BRIEF))
    await asyncio.wait_for(state.is_known.wait(), 5)

    await store.flushdb()
    await asyncio.sleep(0.5)

    assert await store.hexists(names.NAMING, "lost")
    # More than once: the Redis library may swallow a cancellation that comes as a reply does.
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
    assert task.cancelled()
