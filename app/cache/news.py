"""Hears from Redis what has become untrue, and knows whether it would hear it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.cache.day_store import Untrue
from app.cache.reach import Reach

BEAT = 0.3
"""Seconds without news after which Redis is asked whether it is still there."""

DEAF_AFTER = 0.9
"""Seconds without a word, after which nothing that is in memory can be trusted unasked."""

AGAIN = 0.2
"""Seconds between two tries to be told."""

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

    def __init__(
        self,
        subscriber: Callable[[], AbstractAsyncContextManager[Redis]],
        reach: Reach,
        *,
        doubts: bool,
    ) -> None:
        self._subscriber = subscriber
        self._reach = reach
        self._doubts = doubts
        self._listeners: dict[bytes, Listener] = {}
        self._joined = asyncio.Event()
        self._heard: set[bytes] = set()
        """Channels of which Redis has said that we would be told."""
        self._known_until = 0.0
        """Until then, whatever became untrue elsewhere would be known here."""

    def is_to_be_asked(self) -> bool:
        """Something may have become untrue of which nobody has told us, and Redis would say so."""
        return monotonic() > self._known_until and self._doubts and not self._reach.is_away

    def join(self, channel: str, listener: Listener) -> None:
        """From now on; until Redis has said so, nothing is known."""
        self._listeners[channel.encode()] = listener
        self._known_until = 0.0
        self._joined.set()

    def leave(self, channel: str) -> None:
        self._listeners.pop(channel.encode(), None)

    async def listen(self) -> None:
        """Until cancelled. A subscription that is lost is made anew, and what it missed is taken for lost."""
        while True:
            await self._joined.wait()
            try:
                await self._subscribed()
            except (RedisError, OSError, TimeoutError) as error:
                if self._heard:
                    log.warning("cache.news_lost", error=type(error).__name__)
            self._heard, self._known_until = set(), 0.0
            await asyncio.sleep(AGAIN)

    async def _subscribed(self) -> None:
        async with self._subscriber() as redis, redis.pubsub() as subscription:
            await self._attend(subscription)

    async def _attend(self, subscription: PubSub) -> None:
        asked = False
        told: set[bytes] = set()
        while True:
            if told != self._listeners.keys():
                await self._follow(subscription, told)
            message = await subscription.get_message(timeout=BEAT)
            if message is not None and self._note(message):
                asked = False
            elif asked:
                raise TimeoutError("the subscription is dead")
            else:
                asked = True
                await subscription.ping()

    async def _follow(self, subscription: PubSub, told: set[bytes]) -> None:
        """Whoever has joined, and whoever has left."""
        wanted = self._listeners.keys()
        joined, left = wanted - told, told - wanted
        if joined:
            await subscription.subscribe(*joined)
        if left:
            await subscription.unsubscribe(*left)
        told ^= joined | left
        self._heard -= left

    def _note(self, message: dict[str, Any]) -> bool:
        """Whether it is a word of the subscription: a Redis that never heard of that has other answers."""
        listener = self._listeners.get(message["channel"] or b"")
        if message["type"] == "subscribe" and listener is not None:
            listener.miss()
            self._heard.add(message["channel"])
        if self._heard >= self._listeners.keys():
            self._known_until = monotonic() + DEAF_AFTER
        if message["type"] == "message" and listener is not None:
            _tell(message["data"], listener)
        return bool(self._heard)


def _tell(said: bytes, listener: Listener) -> None:
    try:
        listener.hear(Untrue.parsed(said))
    except ValueError:
        log.warning("cache.news_unreadable")
        listener.miss()
