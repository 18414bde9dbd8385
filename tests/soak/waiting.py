"""Waiting for something that can only be looked at, and how long it took."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Stopwatch:
    started: float = field(default_factory=monotonic)

    @property
    def seconds(self) -> float:
        return monotonic() - self.started


@asynccontextmanager
async def meanwhile(work: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """It is told when to end, and what it has begun is waited for."""
    over = asyncio.Event()
    task = asyncio.create_task(work(over))
    try:
        yield
    finally:
        over.set()
        await task


async def until(is_so: Callable[[], Awaitable[bool]], *, every: float) -> None:
    """Look `every` so many seconds."""
    while True:
        if await is_so():
            return
        await asyncio.sleep(every)
