"""Hears from Redis what has become untrue, and knows whether it would hear it."""

from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import structlog

from app.cache.day_store import Untrue
from app.cache.reach import Reach
from app.cache.subscription import Subscription

DEAF_AFTER = 0.9
"""Seconds without a word, after which nothing that is in memory can be trusted unasked."""

log = structlog.get_logger()


class Listener(Protocol):
    def hear(self, untrue: Untrue) -> None: ...

    def miss(self) -> None:
        """There may have been news that nobody has heard."""
        ...


class News:
    """Of all accounts: one subscription in every process, however many channels and listeners.

    `doubts`: whether anybody is told to ask; switched off only to show that the proof of coherence can fail.
    """

    def __init__(self, subscription: Subscription, reach: Reach, *, doubts: bool) -> None:
        self._subscription = subscription
        self._reach = reach
        self._doubts = doubts

    def is_to_be_asked(self) -> bool:
        """Something may have become untrue of which nobody has told us, and Redis would say so."""
        is_deaf = monotonic() > self._subscription.complete_at + DEAF_AFTER
        return is_deaf and self._doubts and not self._reach.is_away

    def join(self, channel: str, listener: Listener) -> None:
        """From now on; until Redis has said so, nothing is known."""
        self._subscription.join(channel, _Understanding(listener))

    def leave(self, channel: str, listener: Listener) -> None:
        self._subscription.leave(channel, _Understanding(listener))


@dataclass(frozen=True, slots=True)
class _Understanding:
    listener: Listener

    def begin(self) -> None:
        self.listener.miss()

    def hear(self, message: bytes) -> None:
        try:
            self.listener.hear(Untrue.parsed(message))
        except ValueError:
            log.warning("cache.news_unreadable")
            self.listener.miss()
