"""When to leave alone a Calendly that does not answer: closed, open, half open, and what leads from one to another."""

from collections.abc import Callable
from enum import Enum
from secrets import SystemRandom
from typing import TypeAlias

IN_A_ROW = 5
"""So many failed attempts open it."""

FIRST_COOL_OFF = 2.0
LONGEST_COOL_OFF = 16.0
"""Seconds that it stays open: after every probe that fails twice as long, up to this."""

PROBE_TAKES = 1
"""Seconds that others are told to wait while a probe is under way."""

Era: TypeAlias = int


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One attempt at a time, to see whether Calendly is back."""


class Verdict(Enum):
    """What one attempt says of Calendly."""

    ANSWERED = "answered"
    """Whatever it said: a refusal is an answer."""

    FAILED = "failed"
    NOTHING = "nothing"
    """It never came so far, for reasons of our own."""


def around_one() -> float:
    """From 0.75 to 1.25: processes that failed together do not come back together."""
    return SystemRandom().uniform(0.75, 1.25)


class Circuit:
    """What began before its state last changed has no say any more. `turned` is told of each change."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        turned: Callable[[State], None],
        spread: Callable[[], float] = around_one,
    ) -> None:
        self._monotonic = monotonic
        self._turned = turned
        self._spread = spread
        self.state = State.CLOSED
        self._era: Era = 0
        self._failures = 0
        self._cool_off = FIRST_COOL_OFF
        """When it opens next."""
        self._open_until = 0.0
        self._probing = False

    @property
    def is_failing(self) -> bool:
        """The latest attempt failed, as far as anybody has heard."""
        return self._failures > 0

    def wait(self) -> float:
        """Seconds until an attempt may be made; none where one may be made now."""
        if self.state is State.OPEN:
            return max(self._open_until - self._monotonic(), 0.0)
        return PROBE_TAKES if self._probing else 0.0

    def begin(self) -> Era:
        """An attempt is made, as `wait` allows."""
        if self.state is State.OPEN:
            self._turn(State.HALF_OPEN)
        self._probing = self.state is State.HALF_OPEN
        return self._era

    def end(self, era: Era, verdict: Verdict) -> None:
        if era != self._era:
            return
        self._probing = False
        if verdict is Verdict.ANSWERED:
            self._answered()
        elif verdict is Verdict.FAILED:
            self._failed()

    def _answered(self) -> None:
        self._failures = 0
        self._cool_off = FIRST_COOL_OFF
        if self.state is not State.CLOSED:
            self._turn(State.CLOSED)

    def _failed(self) -> None:
        self._failures += 1
        if self._failures < IN_A_ROW:
            return
        self._open_until = self._monotonic() + self._cool_off * self._spread()
        self._cool_off = min(2 * self._cool_off, LONGEST_COOL_OFF)
        self._turn(State.OPEN)

    def _turn(self, state: State) -> None:
        self.state = state
        self._era += 1
        self._turned(state)
