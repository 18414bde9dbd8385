"""Channels of Redis, listened to over one connection for as long as the process."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from math import inf
from time import monotonic
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.background import whatever_goes_wrong

BEAT = 0.3
"""Seconds of silence after which Redis is asked whether it is there; after as many again it is taken to be gone."""

AGAIN = 0.2
"""Seconds between two tries to be told."""

log = structlog.get_logger()


class Ear(Protocol):
    def begin(self) -> None:
        """From now on all is heard. What was said before may have been missed."""
        ...

    def hear(self, message: bytes) -> None: ...


class Subscription:
    """Made anew where it is lost, or falls silent."""

    def __init__(self, subscriber: Callable[[], AbstractAsyncContextManager[Redis]]) -> None:
        self._subscriber = subscriber
        self._ears: dict[bytes, Ear] = {}
        self._joined = asyncio.Event()
        """Set while there is somebody to listen for."""
        self._heard: set[bytes] = set()
        """Channels of which Redis has said that we would be told."""
        self.complete_at = -inf
        """When Redis last gave a sign of life while every channel was heard, by the monotonic clock."""

    def join(self, channel: str, ear: Ear) -> None:
        """From now on; until Redis has said so, nothing is heard."""
        self._ears[channel.encode()] = ear
        self.complete_at = -inf
        self._joined.set()

    def leave(self, channel: str, ear: Ear) -> None:
        """Whoever has joined in its place meanwhile stays."""
        if self._ears.get(channel.encode()) == ear:
            del self._ears[channel.encode()]
        if not self._ears:
            self._joined.clear()

    async def listen(self) -> None:
        """Until cancelled. Whatever goes wrong, there is a next connection; where nobody listens, there is none."""
        while True:
            await self._joined.wait()
            with whatever_goes_wrong("cache.listening_failed"):
                try:
                    await self._subscribed()
                except (RedisError, OSError, TimeoutError) as error:
                    if self._heard and self._ears:
                        log.warning("cache.subscription_lost", error=type(error).__name__)
            self._heard, self.complete_at = set(), -inf
            await asyncio.sleep(AGAIN)

    async def _subscribed(self) -> None:
        async with self._subscriber() as redis, redis.pubsub() as connection:
            await self._attend(connection)

    async def _attend(self, connection: PubSub) -> None:
        """Until the last has left: without a channel Redis gives no sign of life, and the library takes that ill."""
        is_asked = False
        told: set[bytes] = set()
        while self._ears:
            if told != self._ears.keys():
                await self._follow(connection, told)
            message = await connection.get_message(timeout=BEAT)
            if message is not None and self._note(message):
                is_asked = False
            elif is_asked:
                raise TimeoutError("the subscription is dead")
            else:
                is_asked = True
                await connection.ping()

    async def _follow(self, connection: PubSub, told: set[bytes]) -> None:
        """Whoever has joined, and whoever has left."""
        wanted = self._ears.keys()
        joined, left = wanted - told, told - wanted
        if joined:
            await connection.subscribe(*joined)
        if left:
            await connection.unsubscribe(*left)
        told ^= joined | left
        self._heard -= left

    def _note(self, message: dict[str, Any]) -> bool:
        """Whether it is a word of the subscription: a Redis that never heard of that has other answers."""
        channel = message["channel"]
        ear = self._ears.get(channel or b"")
        if message["type"] == "subscribe" and ear is not None:
            self._heard.add(channel)
            ear.begin()
        if self._heard >= self._ears.keys():
            self.complete_at = monotonic()
        if message["type"] == "message" and ear is not None and channel in self._heard:
            ear.hear(message["data"])
        return bool(self._heard)
