"""How many connections one process keeps open, so that it never runs out of what else it needs files for.

Why: a process that may open no more files can neither take a connection nor ask Redis or Calendly, and what it has
promised to those whom it has let in, it cannot keep. So it takes no more than leave room for that. Those on which
nothing is asked are closed first: browsers keep them for the next time, and open another where there is none.
"""

import resource
import time
from collections.abc import Callable
from typing import Protocol

MOST = 10_000
"""Connections, however many files there may be: each takes some 20 kB."""

KEPT = 256
"""Files for all else: Redis, Calendly, the log. Where there are few, half of them."""

IDLE = 1.0
"""Seconds for which nothing has been asked."""

SWEPT_EVERY = 0.1
"""Seconds between two looks at all of them."""


class Kept(Protocol):
    def rests_since(self) -> float | None:
        """`time.monotonic()`; None while something is asked."""
        ...

    def leave(self) -> None: ...


def raise_limit() -> None:
    """Of open files, as far as the system lets us. Many systems set it low for the sake of programs of long ago."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + KEPT
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def most_connections() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MOST, max(soft - KEPT, soft // 2))


class Connections:
    """Of one process."""

    def __init__(self, most: int | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most_connections() if most is None else most
        self._monotonic = monotonic
        self._open: set[Kept] = set()
        self._swept_at = float("-inf")

    def add(self, kept: Kept) -> bool:
        """Whether there is room for it. Where there is none, it is to leave as soon as it has been told so."""
        self._open.add(kept)
        if len(self._open) <= self._most:
            return True
        now = self._monotonic()
        if now - self._swept_at >= SWEPT_EVERY:
            self._swept_at = now
            self._sweep(now - IDLE)
        return len(self._open) <= self._most

    @property
    def is_overrun(self) -> bool:
        """Whether there is not even room to tell so, or to let in what may not be refused."""
        return len(self._open) > self._most + min(KEPT, self._most) // 2

    def discard(self, kept: Kept) -> None:
        self._open.discard(kept)

    def _sweep(self, before: float) -> None:
        for each in list(self._open):
            since = each.rests_since()
            if since is not None and since <= before:
                self._open.discard(each)
                each.leave()

    def __len__(self) -> int:
        return len(self._open)
