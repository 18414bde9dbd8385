"""How long something took, less what the machine it ran on stood still."""

import asyncio
import time

TICK = 0.01
"""Seconds between two looks at the time."""


class Stopwatch:
    """Runs from its making, in the running loop, until it is stopped.

    A look that comes late counts as one that came at twice its time: while nothing
    of this process ran, nothing of it kept anybody waiting.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.passed = self.awake = 0.0
        """Seconds: all of them, and those in which something of this process could run."""
        self._seen = time.monotonic()
        self._next = self._loop.call_later(TICK, self._tick)

    def stop(self) -> float:
        """Seconds, as `awake` has them."""
        self._look()
        self._next.cancel()
        return self.awake

    def _tick(self) -> None:
        self._look()
        self._next = self._loop.call_later(TICK, self._tick)

    def _look(self) -> None:
        now = time.monotonic()
        self.passed += now - self._seen
        self.awake += min(now - self._seen, 2 * TICK)
        self._seen = now
