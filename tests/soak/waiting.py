"""Waiting for something that can only be looked at, and how long it took."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Stopwatch:
    started: float = field(default_factory=monotonic)

    @property
    def seconds(self) -> float:
        return monotonic() - self.started


async def until(is_so: Callable[[], Awaitable[bool]], *, every: float) -> None:
    """Look `every` so many seconds."""
    while True:
        if await is_so():
            return
        await asyncio.sleep(every)
