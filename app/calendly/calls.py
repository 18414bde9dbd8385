"""Calls that outlive those who wait for them, in a limited number of slots."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from app.calendly.failures import busy
from app.calendly.options import Deadline

T = TypeVar("T")

HARD_STOP = 2
"""Times the deadline, after which a call that still hangs is cancelled inside the HTTP client."""


class Calls:
    """Runs each call in a task of its own, which no caller's cancellation or deadline reaches."""

    def __init__(self, *, slots: int, patience: timedelta) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._patience = patience.total_seconds()
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]], deadline: Deadline) -> T:
        """Raises `TimeoutError` at the deadline, and `UpstreamBusyError` when no slot falls free in time."""
        await self._take_slot(deadline)
        task = asyncio.create_task(_stopped_hard(work, deadline))
        self._running.add(task)
        task.add_done_callback(self._put_away)
        await asyncio.wait({task}, timeout=deadline.left())
        if not task.done() or task.cancelled():
            raise TimeoutError
        return task.result()

    async def finish(self, within: float) -> None:
        """Waits so many seconds for what is running, then cancels the rest."""
        if self._running:
            await asyncio.wait(self._running, timeout=within)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _take_slot(self, deadline: Deadline) -> None:
        if deadline.over():
            raise TimeoutError
        try:
            async with asyncio.timeout(min(self._patience, deadline.left())):
                await self._slots.acquire()
        except TimeoutError as error:
            raise busy() from error

    def _put_away(self, task: asyncio.Task[Any]) -> None:
        """Here and not in the task, which may be cancelled before its first line."""
        self._running.discard(task)
        self._slots.release()
        if not task.cancelled():
            task.exception()  # looked at, so that nobody logs it when the caller has left


async def _stopped_hard(work: Callable[[], Coroutine[Any, Any, T]], deadline: Deadline) -> T:
    async with asyncio.timeout(deadline.total * HARD_STOP):
        return await work()
