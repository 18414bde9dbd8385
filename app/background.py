"""Work that goes on beside the requests, for as long as the process."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

log = structlog.get_logger()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """In a task, until the block ends. Nobody begins it again: it has to outlive whatever goes wrong in it, for nobody
    else knows what it would have to make up for.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(_report_end)
    try:
        yield
    finally:
        # More than once: the Redis library may swallow a cancellation that comes as a reply does.
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)


def _report_end(task: "asyncio.Task[None]") -> None:
    """It was to go on for as long as the process."""
    if task.cancelled() and not task.cancelling():
        log.error("background.cancelled_by_nobody")
    elif not task.cancelled():
        log.error("background.ended", exc_info=task.exception() or False)
