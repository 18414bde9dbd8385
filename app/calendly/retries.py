"""How many calls are repeated: few, however many fail. What fails for everybody is not mended by asking twice."""

import time
from collections import deque
from collections.abc import Callable

SPAN = 60.0
"""Seconds that are looked back."""

SHARE = 0.1
"""Of all calls in that time, so many may be repetitions: so much more does a Calendly get to do that often fails."""

FEW = 5
"""So many may be in any case: of ten calls, one could not even be repeated once."""


class RetryBudget:
    """Counts first attempts and repetitions of one process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._firsts: deque[float] = deque()
        self._repeated: deque[float] = deque()

    def note(self) -> None:
        """A call is begun."""
        self._firsts.append(self._monotonic())
        self._forget(self._firsts)

    def take(self) -> bool:
        """Whether a call may be repeated; if so, it is counted."""
        self._forget(self._firsts)
        self._forget(self._repeated)
        if len(self._repeated) >= max(FEW, SHARE * len(self._firsts)):
            return False
        self._repeated.append(self._monotonic())
        return True

    def _forget(self, moments: deque[float]) -> None:
        oldest = self._monotonic() - SPAN
        while moments and moments[0] < oldest:
            moments.popleft()
