"""Notices that the store has lost everything, however long it takes to look what became of bookings."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog

from app.background import whatever_goes_wrong
from app.intents.naming import NamesUnknownError, Naming
from app.store.state import StoreAwayError

log = structlog.get_logger()


async def watch(naming: Naming, pause: timedelta) -> None:
    """Until cancelled, once in every `pause`. Whatever goes wrong, there is a next time."""
    while True:
        # That the store is away, or the names are not known, has been logged.
        with whatever_goes_wrong("intents.watch_failed"), suppress(StoreAwayError, NamesUnknownError):
            await naming.look_after()
        await asyncio.sleep(pause.total_seconds())
