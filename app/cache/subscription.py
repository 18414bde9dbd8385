"""One channel of Redis, listened to for as long as the process."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

BEAT = 0.5
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

    def __init__(self, subscriber: Callable[[], AbstractAsyncContextManager[Redis]], channel: str) -> None:
        self._subscriber = subscriber
        self._channel = channel
        self._is_heard = False

    async def listen(self, ear: Ear) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._subscribed(ear)
            except (RedisError, OSError, TimeoutError) as error:
                if self._is_heard:
                    log.warning("cache.subscription_lost", error=type(error).__name__)
            self._is_heard = False
            await asyncio.sleep(AGAIN)

    async def _subscribed(self, ear: Ear) -> None:
        async with self._subscriber() as redis, redis.pubsub() as channel:
            await channel.subscribe(self._channel)
            await self._attend(channel, ear)

    async def _attend(self, channel: PubSub, ear: Ear) -> None:
        is_asked = False
        while True:
            message = await channel.get_message(timeout=BEAT)
            if message is not None and self._note(message, ear):
                is_asked = False
            elif is_asked:
                raise TimeoutError("the subscription is dead")
            else:
                is_asked = True
                await channel.ping()

    def _note(self, message: dict[str, Any], ear: Ear) -> bool:
        """Whether it is a word of the subscription: a Redis that never heard of that has other answers."""
        match message["type"]:
            case "subscribe":
                self._is_heard = True
                ear.begin()
            case "message" if self._is_heard:
                ear.hear(message["data"])
        return self._is_heard
