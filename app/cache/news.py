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
    """One subscription in every process, however many wait for news in it.

    `doubts`: whether anybody is told to ask; switched off only to show that the proof of coherence can fail.
    """

    def __init__(
        self,
        subscriber: Callable[[], AbstractAsyncContextManager[Redis]],
        channel: str,
        reach: Reach,
        *,
        doubts: bool,
    ) -> None:
        self._subscriber = subscriber
        self._channel = channel
        self._reach = reach
        self._doubts = doubts
        self._listening = False
        self._known_until = 0.0
        """Until then, whatever became untrue elsewhere would be known here."""

    def is_to_be_asked(self) -> bool:
        """Something may have become untrue of which nobody has told us, and Redis would say so."""
        return monotonic() > self._known_until and self._doubts and not self._reach.is_away

    async def listen(self, listener: Listener) -> None:
        """Until cancelled. A subscription that is lost is made anew, and what it missed is taken for lost."""
        while True:
            try:
                await self._subscribed(listener)
            except (RedisError, OSError, TimeoutError) as error:
                if self._listening:
                    log.warning("cache.news_lost", error=type(error).__name__)
            self._listening, self._known_until = False, 0.0
            await asyncio.sleep(AGAIN)

    async def _subscribed(self, listener: Listener) -> None:
        async with self._subscriber() as redis, redis.pubsub() as channel:
            await channel.subscribe(self._channel)
            await self._attend(channel, listener)

    async def _attend(self, channel: PubSub, listener: Listener) -> None:
        asked = False
        while True:
            message = await channel.get_message(timeout=BEAT)
            if message is not None and self._note(message, listener):
                asked = False
            elif asked:
                raise TimeoutError("the subscription is dead")
            else:
                asked = True
                await channel.ping()

    def _note(self, message: dict[str, Any], listener: Listener) -> bool:
        """Whether it is a word of the subscription: a Redis that never heard of that has other answers."""
        if message["type"] == "subscribe":
            listener.miss()
            self._listening = True
        if self._listening:
            self._known_until = monotonic() + DEAF_AFTER
        if message["type"] == "message":
            _tell(message["data"], listener)
        return self._listening


def _tell(said: bytes, listener: Listener) -> None:
    try:
        listener.hear(Untrue.parsed(said))
    except ValueError:
        log.warning("cache.news_unreadable")
        listener.miss()
