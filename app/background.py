"""Work that goes on beside the requests, for as long as the process."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
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


@contextmanager
def whatever_goes_wrong(event: str) -> Iterator[None]:
    """In a round of what has a next one: it is logged as `event`, and that is all. Only who cancels ends it."""
    try:
        yield
    except Exception:
        log.exception(event)
    except asyncio.CancelledError:
        # The Redis library has been seen to raise it without anybody having cancelled.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        log.exception(event)


def _report_end(task: "asyncio.Task[None]") -> None:
    """It was to go on for as long as the process."""
    if task.cancelled() and not task.cancelling():
        log.error("background.cancelled_by_nobody")
    elif not task.cancelled():
        log.error("background.ended", exc_info=task.exception() or False)
