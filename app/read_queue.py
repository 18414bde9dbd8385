"""Where reads wait for their turn, so that they never hold up what matters more.

Why: asyncio runs everything that can run before it looks at the network again, and to work out one read takes as long
as to send fifty that are ready. Hundreds that come at once would keep a booking, and all that is ready, waiting until
the last of them is done. So only a few begin in each turn of the event loop, and the others stand in line.

A line that is soon empty again is a burst, and all of it is served. One that does not get shorter is overload: what
stands at its end would be served when nobody waits for it any more. So nobody enters a line that takes too
long, and from the first who is refused on, until there has been no line for a moment, hardly anybody waits at all:
whoever comes is let in soon or refused at once. (How long one waits tells a burst from overload, and not how many do:
RFC 8289 has it so for packets.)
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import structlog

AT_ONCE = 6
"""Reads that begin in one turn: some 8 ms of work, after which something else may be done."""

PATIENCE = 2.0
"""Seconds to wait in line at most. A burst of a thousand is over by then; Calendly itself is given three."""

ENOUGH = 32
"""In line, while it is overload: some 40 ms. Fewer, and a load that can be borne would be refused in part."""

CALM = 0.1
"""Seconds without a line after which an overload is over: as long as too many come, there always is one."""

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
        self._line: deque[tuple[float, Callable[[], bool], asyncio.Future[bool]]] = deque()
        """Since when somebody waits, whether it has gone, and for what it waits: whether it may begin."""
        self._begun = 0
        self._announced = 0
        """In this turn, both; whoever was announced is in line before the next one."""
        self._expected = 0
        self._turns = False
        """Whether another one is to come."""
        self._turned_at = 0.0
        self._pace = PACE
        self._is_shut = False
        self._emptied_at = float("-inf")
        """When there was a line for the last time."""

    @property
    def is_overloaded(self) -> bool:
        return self._is_shut and (bool(self._line) or self._monotonic() - self._emptied_at < CALM)

    def turns_away(self) -> bool:
        """Whether it is no use to enter, for whoever can know that before there is anything to be undone."""
        waiting = len(self._line) + self._announced
        if waiting + self._expected < ENOUGH:
            return False
        if waiting * self._pace > PATIENCE:
            self._shut()
        return self.is_overloaded

    def announce(self) -> None:
        """Somebody who was not turned away is to enter as soon as it can."""
        self._announced += 1
        self._take_turns()

    def expect(self) -> None:
        """Somebody may enter, or may be helped elsewhere: see `be_sure`."""
        self._expected += 1

    def be_sure(self) -> None:
        """Whoever was expected enters now, or never."""
        self._expected -= 1

    async def enter(self, has_gone: Callable[[], bool]) -> bool:
        """Waits until it may begin. False: it is to be refused, or nobody is there any more for whom it was to be."""
        if self._begun < AT_ONCE and not self._line:
            self._begun += 1
            self._take_turns()
            return True
        if len(self._line) >= ENOUGH and self.is_overloaded:
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._is_shut = self.is_overloaded
        self._line.append((self._monotonic(), has_gone, turn))
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
            if not self._line:
                self._emptied_at = self._monotonic()
        if self._begun or self._line:
            self._take_turns()

    def _let_in(self, since: float, has_gone: Callable[[], bool], turn: "asyncio.Future[bool]") -> None:
        if turn.done():
            return
        is_late = self._monotonic() - since > PATIENCE
        if is_late:
            self._shut()
        may_begin = not is_late and not has_gone()
        self._begun += may_begin
        turn.set_result(may_begin)

    def _shut(self) -> None:
        if not self.is_overloaded:
            log.warning("reads.overloaded", waiting=len(self._line))
        self._is_shut = True
        self._emptied_at = self._monotonic()
