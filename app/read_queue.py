"""Where reads wait for their turn, so that they never hold up what matters more.

Why: asyncio runs everything that can run before it looks at the network again, and to work out one read takes as long
as to send fifty that are ready. Hundreds that come at once would keep a booking, and all that is ready, waiting until
the last of them is done. So only a few begin in each turn of the event loop, and the others stand in line.

A line that is soon empty again is a burst, and all of it is served. One that does not get shorter is overload: what
stands at its end would be served when nobody waits for it any more. So nobody enters a line that takes too
long, and from the first who is refused on, until that has not been necessary for a while, hardly anybody waits at all:
whoever comes is let in soon or refused at once. (How long one waits tells a burst from overload, and not how many do:
RFC 8289 has it so for packets.)
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

AT_ONCE = 6
"""Reads that begin in one turn: some 8 ms of work, after which something else may be done."""

PATIENCE = 2.0
"""Seconds to wait in line at most. A burst of a thousand is over by then; Calendly itself is given three."""

ENOUGH = 32
"""In line, while it is overload: some 40 ms. Fewer, and a load that can be borne would be refused in part."""

CALM = 1.0
"""Seconds without a refusal after which an overload is over."""

PACE = 0.001
"""Seconds that one read takes, while nothing better is known."""

LEARNS = 0.05
"""By how much of each new one the pace is corrected."""

OUTLIER = 4
"""Times the pace that one counts for at most: a machine that stood still tells nothing of the next second."""

LOOKED_AT = 64
"""Of those in line, in one turn at most: to refuse takes time, too."""

log = structlog.get_logger()


class ReadQueue:
    """First come, first served."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._line: deque[tuple[float, asyncio.Future[bool]]] = deque()
        """Since when somebody waits, and for what: whether it may begin."""
        self._begun = 0
        self._announced = 0
        """In this turn, both; whoever was announced is in line before the next one, or soon is."""
        self._soon = 0
        self._turns = False
        """Whether another one is to come."""
        self._turned_at = 0.0
        self._pace = PACE
        self._refused_at = float("-inf")

    @property
    def is_overloaded(self) -> bool:
        return self._monotonic() - self._refused_at < CALM

    def turns_away(self) -> bool:
        """Whether it is no use to enter, for whoever can know that before there is anything to be undone."""
        waiting = len(self._line) + self._soon + self._announced
        if waiting < ENOUGH or not (self.is_overloaded or waiting * self._pace > PATIENCE):
            return False
        self._note_refusal()
        return True

    def announce(self) -> None:
        """Somebody who was not turned away is to enter as soon as it can."""
        self._announced += 1
        self._take_turns()

    @contextmanager
    def soon(self) -> Iterator[None]:
        """Somebody who may enter after this, and counts as if already in line."""
        self._soon += 1
        try:
            yield
        finally:
            self._soon -= 1

    async def enter(self) -> bool:
        """Waits until it may begin. False: it is to be refused."""
        if self._begun < AT_ONCE and not self._line:
            self._begun += 1
            self._take_turns()
            return True
        if len(self._line) >= ENOUGH and self.is_overloaded:
            self._note_refusal()
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append((self._monotonic(), turn))
        self._take_turns()
        return await turn

    def _take_turns(self) -> None:
        if not self._turns:
            self._turns = True
            self._turned_at = self._monotonic()
            asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._turns = False
        if self._begun == AT_ONCE:
            each = (self._monotonic() - self._turned_at) / AT_ONCE
            self._pace += LEARNS * (min(each, OUTLIER * self._pace) - self._pace)
        self._begun = self._announced = 0
        for _ in range(min(len(self._line), LOOKED_AT)):
            if self._begun == AT_ONCE:
                break
            self._let_in(*self._line.popleft())
        if self._begun or self._line:
            self._take_turns()

    def _let_in(self, since: float, turn: "asyncio.Future[bool]") -> None:
        if turn.done():
            return  # who waited for it has gone
        waited = self._monotonic() - since
        if waited > PATIENCE:
            self._note_refusal()
        else:
            self._begun += 1
        turn.set_result(waited <= PATIENCE)

    def _note_refusal(self) -> None:
        if not self.is_overloaded:
            log.warning("reads.overloaded", waiting=len(self._line))
        self._refused_at = self._monotonic()
