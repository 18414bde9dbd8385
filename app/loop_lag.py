"""How long this process at times does nothing for anybody, for something keeps all of it busy."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import structlog

EVERY = 0.1
"""Seconds between two looks."""

WORTH_A_LINE = 0.2
"""Seconds: a visitor sees a pause that long."""

SHOWN_FOR = 60.0
"""Seconds for which a pause is: those who ask for figures do so every quarter of a minute or so."""

log = structlog.get_logger()


class LoopLag:
    """Looks at the time again and again, and notes by how much it comes too late."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: deque[tuple[float, float]] = deque()
        """When, and how late: each later than all that came after it."""

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            due = self._monotonic() + EVERY
            await asyncio.sleep(EVERY)
            self.note(self._monotonic() - due)

    def note(self, late: float) -> None:
        if late > WORTH_A_LINE:
            log.warning("loop.lagged", seconds=round(late, 3))
        while self._seen and self._seen[-1][1] <= late:
            self._seen.pop()
        self._seen.append((self._monotonic(), max(late, 0.0)))

    def longest(self) -> float:
        """Seconds: of those that are still shown."""
        oldest = self._monotonic() - SHOWN_FOR
        while self._seen and self._seen[0][0] < oldest:
            self._seen.popleft()
        return self._seen[0][1] if self._seen else 0.0
