"""How far the clocks of those who share a cache may differ, and whether one was set back."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from app.background import whatever_goes_wrong

AHEAD = timedelta(minutes=1)
"""By which the clock of whoever read something may be ahead of ours. Beyond it, nobody knows how old it is: one of the
two is wrong, or was set back since.
"""

LOOKED_EVERY = 1.0
"""Seconds between two looks at the time, though nobody wants to know it."""

log = structlog.get_logger()


def latest(now: datetime) -> datetime:
    """When something may have been read at the latest that can be believed."""
    return now + AHEAD


class WatchedClock:
    """Notices when it was set back by more than `AHEAD`. What was read before has no age any more, for the same hours
    come again: `set_back` is told.
    """

    def __init__(self, clock: Callable[[], datetime], set_back: Callable[[], None]) -> None:
        self._clock = clock
        self._set_back = set_back
        self._latest: datetime | None = None

    def __call__(self) -> datetime:
        now = self._clock()
        if self._latest is None or now >= self._latest:
            self._latest = now
        elif now < self._latest - AHEAD:
            log.warning("clock.set_back", seconds=(self._latest - now).total_seconds())
            self._latest = now
            self._set_back()
        return now

    async def watch(self, every: float = LOOKED_EVERY) -> None:
        """Until cancelled, every so many seconds: what nobody sees, nobody could make up for later."""
        while True:
            with whatever_goes_wrong("clock.unread"):
                self()
            await asyncio.sleep(every)
