"""One open stream: what waits to be sent on it, and nothing more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from app.streams.log import Seen
from app.streams.news import Entry, Position, beat, event, greeting, reset

MOST_WAITING = 64
"""Events. Whoever takes nothing and is so far behind is cut off, and comes back to what is in the log. Whoever had no
turn to take anything yet begins anew.
"""

MOST_MISSED = 32
"""Events that are told to whoever comes back, or missed them: to read free times again says as much as more of them."""

Send: TypeAlias = Callable[[bytes, bool], Awaitable[None]]
"""Some of the stream, and whether there is more to come. Waits while the other end takes nothing."""

log = structlog.get_logger()


class Listener:
    """There are thousands, so an idle one is a list and no task: one is made when there is something to send.

    It begins as one that joins: what it is offered is held back until `settle` has said what came before.
    """

    __slots__ = (
        "_cut",
        "_has_ended",
        "_held",
        "_is_over",
        "_send",
        "_sending",
        "_spoiled",
        "_task",
        "_waiting",
        "event_type",
        "position",
    )

    def __init__(self, event_type: str, send: Send, cut: Callable[[], None]) -> None:
        """`cut`: end the connection, whatever has not been taken of it."""
        self.event_type = event_type
        self.position: Position | None = None
        """Of the last that it was told, or need not be told."""
        self._send = send
        self._cut = cut
        self._waiting: list[bytes] = []
        self._held: list[Entry] | None = []
        self._spoiled = False
        """Whether it was to start anew before it had joined."""
        self._task: asyncio.Task[None] | None = None
        self._sending = False
        self._is_over = self._has_ended = False

    def settle(self, seen: Seen | None) -> bool:
        """It has joined: what it has missed is told, or that it may be anything. As `offer`."""
        held, self._held = self._held or [], None
        entries = None if seen is None or self._spoiled else seen.entries
        missed = None if entries is None else [each for each in entries if each.concerns(self.event_type)]
        last = seen.position if seen and not self._spoiled else self.position
        self.position = last
        if missed is None or len(missed) > MOST_MISSED:
            told = [greeting(), reset(last)]
        else:
            # How far it was heard is said after all that was missed.
            told = [greeting(), *(event(each, self.event_type) for each in missed), beat(last)]
        return self._add(*told) and all(self.offer(each, event(each, self.event_type)) for each in held)

    def offer(self, entry: Entry, told: bytes) -> bool:
        """Whether there was room. What it has been told already is left out. `told`: the entry, as it is sent."""
        if self._held is not None:
            self._held.append(entry)
            return len(self._held) <= MOST_WAITING or self.start_anew(entry.position)
        if not entry.position.is_after(self.position):
            return True
        self.position = entry.position
        is_slow = self._sending
        return self._add(told) or (not is_slow and self.start_anew(entry.position))

    def start_anew(self, position: Position | None) -> bool:
        """It may have missed anything, up to there. As `offer`."""
        self.position = position
        if self._held is not None:
            self._held.clear()
            self._spoiled = True
            return True
        self._waiting.clear()
        return self._add(reset(position))

    def give_sign(self, sign: bytes) -> bool:
        """Of life, unless it hears something anyway. Whether it is to be sent."""
        is_idle = self._held is None and not self._waiting and not self._sending
        return is_idle and self._add(sign)

    def _add(self, *told: bytes) -> bool:
        if not self._is_over:
            self._waiting += told
        return len(self._waiting) <= MOST_WAITING

    def end(self) -> None:
        """After what waits, if the other end takes it."""
        self._is_over = True
        if self._sending:
            self._cut()
        else:
            self.flush()

    def drop(self) -> None:
        """At once."""
        self._is_over = self._has_ended = True
        self._waiting.clear()
        self._cut()

    def flush(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._waiting or self._is_over > self._has_ended:
                told = b"".join(self._waiting)
                self._waiting.clear()
                self._has_ended = self._is_over
                self._sending = True
                await self._send(told, not self._is_over)
                self._sending = False
        except OSError:
            self._cut()  # nobody is there any more
        except Exception:
            log.exception("streams.sending_failed")
            self._cut()
        finally:
            self._sending, self._task = False, None
