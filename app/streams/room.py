"""Those in this process who listen to one account, and how far they have been told."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from app.streams.listener import MOST_MISSED, Listener
from app.streams.log import EventLog, Heard, Seen
from app.streams.news import Entry, Position, event

AGAIN = 0.5
"""Seconds between two tries to find out what was missed."""


class Room:
    """What is heard is handed on, as long as each entry follows on the last. Otherwise the log is asked, and until it
    has told, nothing is handed on.

    `touched` is told of each listener for whom there is something to be sent, `overrun` of those who take too little.
    """

    def __init__(
        self,
        account: str,
        log: EventLog,
        touched: Callable[[Listener], None],
        overrun: Callable[[Listener], None],
    ) -> None:
        self._account = account
        self._log = log
        self._touched = touched
        self._overrun = overrun
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        """By the event type."""
        self.head: Position | None = None
        """Of the last entry that was handed on; None where nobody knows it yet."""
        self._begun_at: Position | None = None
        """After it, all that there was up to `head` has been handed on."""
        self._catching_up: asyncio.Task[None] | None = None
        self._is_called = False
        """To catch up, though it may be doing so."""

    def __iter__(self) -> Iterator[Listener]:
        return (listener for those in self._listeners.values() for listener in those)

    @property
    def is_empty(self) -> bool:
        return not self._listeners

    @property
    def is_behind(self) -> bool:
        """It is being found out what was missed."""
        return self._catching_up is not None and not self._catching_up.done()

    def add(self, listener: Listener) -> None:
        self._listeners[listener.event_type].add(listener)

    def discard(self, listener: Listener) -> None:
        those = self._listeners[listener.event_type]
        those.discard(listener)
        if not those:
            del self._listeners[listener.event_type]

    async def join(self, listener: Listener, last: Position | None, *, resumes: bool) -> None:
        """A listener that has been added. `resumes`: with what came after `last`; None: nobody can tell."""
        seen = await self._log.since(self._account, last)
        if seen is not None and resumes and last is None:
            seen = Seen(seen.position, None)
        if seen is None:
            # It begins anew at a place that nobody knows. What happens from then on is heard, or made up for from
            # `head`; where there is none yet, whoever joins next must not set it past what this one has heard.
            if self.head is None:
                self.catch_up()
        elif self.head is None and not self.is_behind:
            self._begin_at(seen.position)
        elif self._begun_at is not None and self._begun_at.is_after(seen.position):
            # Somebody else has joined meanwhile, and read more: nobody was told what lies between.
            listener.start_anew(self.head)
        self._settled(listener, has_room=listener.settle(seen))

    def hear(self, heard: Heard) -> None:
        if not self.is_behind and self.head in {None, heard.before}:
            if self.head is None:
                self._begin_at(heard.before or heard.entry.position)
            self._hand_on(heard.entry)
        elif self.is_behind or heard.entry.position.is_after(self.head):
            self.catch_up()

    def catch_up(self) -> None:
        """Something may have been missed."""
        self._is_called = True
        if not self.is_behind:
            self._catching_up = asyncio.create_task(self._catch_up())

    def close(self) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()

    async def _catch_up(self) -> None:
        while self._is_called:
            self._is_called = False
            seen = await self._log.since(self._account, self.head)
            if seen is None:
                self._is_called = True
                await asyncio.sleep(AGAIN)
            elif self.head is None or seen.entries is None:
                self._start_anew(seen.position)
            else:
                self._hand_on_missed(seen.entries)
                self.head = seen.position

    def _begin_at(self, position: Position) -> None:
        self.head = self._begun_at = position

    def _hand_on_missed(self, entries: Sequence[Entry]) -> None:
        """All at once, which nobody has a turn to take in between: so no more of it than tells more than a reset."""
        for event_type, listeners in list(self._listeners.items()):
            missed = [entry for entry in entries if entry.concerns(event_type)]
            if len(missed) > MOST_MISSED:
                self._let_begin_anew(listeners, missed[-1].position)
            else:
                for entry in missed:
                    self._tell(listeners, entry, event(entry, event_type))

    def _hand_on(self, entry: Entry) -> None:
        self.head = entry.position
        for event_type, listeners in list(self._listeners.items()):
            if entry.concerns(event_type):
                self._tell(listeners, entry, event(entry, event_type))

    def _tell(self, listeners: Iterable[Listener], entry: Entry, told: bytes) -> None:
        for listener in list(listeners):
            self._settled(listener, has_room=listener.offer(entry, told))

    def _start_anew(self, position: Position) -> None:
        self._begin_at(position)
        self._let_begin_anew(self, position)

    def _let_begin_anew(self, listeners: Iterable[Listener], position: Position) -> None:
        for listener in list(listeners):
            self._settled(listener, has_room=listener.start_anew(position))

    def _settled(self, listener: Listener, *, has_room: bool) -> None:
        (self._touched if has_room else self._overrun)(listener)
