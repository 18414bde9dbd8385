"""Who looks after an account's subscription: one at a time, over all replicas."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from time import monotonic

from app.store.script import Script
from app.store.state import StateStore, StoreAwayError
from app.webhooks import names

LASTS = timedelta(minutes=3)
"""Of one whose process died. Longer than to list, delete and make a few, each at Calendly's slowest."""

ASKS_EVERY = timedelta(milliseconds=100)
"""Whoever waits."""

_RELEASE = Script("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end")
"""Unless it was over, and is somebody else's by now."""


class TurnTakenError(Exception):
    """Somebody else was at it all the while."""


@asynccontextmanager
async def turn(state: StateStore, account: str, *, patience: timedelta = timedelta(0)) -> AsyncIterator[bool]:
    """Whether it is ours, within that time. Raises `StoreAwayError` where nobody can say; one that cannot be given
    back ends by itself.
    """
    name, token = names.looking(account), secrets.token_hex(8).encode()
    until = monotonic() + patience.total_seconds()
    is_ours = await state.add(name, token, LASTS)
    while not is_ours and monotonic() < until:
        await asyncio.sleep(ASKS_EVERY.total_seconds())
        is_ours = await state.add(name, token, LASTS)
    try:
        yield is_ours
    finally:
        if is_ours:
            with suppress(StoreAwayError):
                await state.run(_RELEASE, [name], [token])


@asynccontextmanager
async def own_turn(state: StateStore, account: str, patience: timedelta) -> AsyncIterator[None]:
    """Raises `TurnTakenError` where it does not come within that time, and `StoreAwayError`."""
    async with turn(state, account, patience=patience) as is_ours:
        if not is_ours:
            raise TurnTakenError
        yield
