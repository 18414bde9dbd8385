"""Hands what is heard of slots to all who listen in this process."""

import asyncio
from collections import deque
from collections.abc import Callable, Container

import structlog

from app.errors import OverloadedError
from app.streams.listener import Listener
from app.streams.log import EventLog, Heard
from app.streams.news import Position, beat
from app.streams.room import Room

BEAT = 15.0
"""Seconds between two signs of life, so that nothing on the way takes a stream for dead."""

AT_ONCE = 64
"""Streams that are written to in one turn of the event loop: some 3 ms, after which something else may be done."""

RETRY_AFTER = 10
"""Seconds, where there are too many streams."""

log = structlog.get_logger()


class Hub:
    """At most so many streams at a time. What is heard comes by one subscription, for all of them."""

    def __init__(
        self, events: EventLog, *, most: int, dropped: Callable[[], None], beats_every: float = BEAT
    ) -> None:
        self._events = events
        self._most = most
        self._dropped = dropped
        self._beats_every = beats_every
        self._rooms: dict[str, Room] = {}
        self._accounts: dict[Listener, str] = {}
        self._due: deque[Listener] = deque()
        """There is something to be sent to them."""
        self._is_closed = False
        self.turn = 0
        """Counts up whenever streams may have had to end: who found out under an earlier one whose an event type is,
        finds out again before entering.
        """

    def __len__(self) -> int:
        """Streams that are open."""
        return len(self._accounts)

    def enter(self, account: str, listener: Listener) -> None:
        """From now on it hears; `leave` in any case. Raises `OverloadedError`: there are too many, or none are to be
        any more.
        """
        if self._is_closed or len(self) >= self._most:
            raise OverloadedError(retry_after=RETRY_AFTER)
        self._accounts[listener] = account
        room = self._rooms.get(account)
        if room is None:
            room = self._rooms[account] = Room(account, self._events, self._touched, self._overrun)
        room.add(listener)

    async def join(self, listener: Listener, last_event_id: str | None) -> None:
        """Whoever has entered is told what came after that, or that it cannot be known."""
        account = self._accounts.get(listener)
        if account is not None:
            last = Position.parsed(last_event_id) if last_event_id else None
            await self._rooms[account].join(listener, last, resumes=bool(last_event_id))

    def leave(self, listener: Listener) -> None:
        account = self._accounts.pop(listener, None)
        if account is None:
            return
        room = self._rooms[account]
        room.discard(listener)
        if room.is_empty:
            room.close()
            del self._rooms[account]

    def begin(self) -> None:
        for room in self._rooms.values():
            room.catch_up()

    def hear(self, message: bytes) -> None:
        try:
            heard = Heard.parsed(message)
        except ValueError:
            log.warning("streams.news_unreadable")
            self.begin()
            return
        room = self._rooms.get(heard.account)
        if room is not None:
            room.hear(heard)

    async def beat(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._beats_every)
            for room in list(self._rooms.values()):
                sign = beat(None if room.is_behind else room.head)
                for listener in list(room):
                    if listener.give_sign(sign):
                        self._touched(listener)

    def keep_to(self, accounts: Container[str]) -> None:
        """Streams of others end: those are not served any more."""
        self.turn += 1
        for listener, account in list(self._accounts.items()):
            if account not in accounts:
                listener.end()

    def close(self) -> None:
        """Every stream ends, and none begins: the process is to end."""
        self._is_closed = True
        for listener in list(self._accounts):
            listener.end()

    def _touched(self, listener: Listener) -> None:
        if not self._due:
            asyncio.get_running_loop().call_soon(self._send_some)
        self._due.append(listener)

    def _send_some(self) -> None:
        for _ in range(min(len(self._due), AT_ONCE)):
            self._due.popleft().flush()
        if self._due:
            asyncio.get_running_loop().call_soon(self._send_some)

    def _overrun(self, listener: Listener) -> None:
        log.info("streams.listener_dropped")
        self._dropped()
        self.leave(listener)
        listener.drop()
