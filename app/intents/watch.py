"""Notices that the store has lost everything, however long it takes to look what became of bookings."""

import asyncio
from datetime import timedelta

import structlog

from app.intents.naming import NamesUnknownError, Naming
from app.store.state import StoreAwayError

log = structlog.get_logger()


async def watch(naming: Naming, pause: timedelta) -> None:
    """Until cancelled, once in every `pause`. Whatever goes wrong, there is a next time."""
    while True:
        try:
            await naming.look_after()
        except (StoreAwayError, NamesUnknownError):
            pass  # has been logged
        except Exception:
            log.exception("intents.watch_failed")
        except asyncio.CancelledError:
            # The Redis library has been seen to raise it without anybody having cancelled.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.exception("intents.watch_interrupted")
        await asyncio.sleep(pause.total_seconds())
