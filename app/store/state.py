"""What must not be lost, in Redis: small records under names, each with a lifetime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()


class StoreAwayError(Exception):
    """The store did not do what it was told, or did not say so."""


class StateStore:
    """Unlike the cache it hides nothing: every method raises `StoreAwayError` when Redis fails."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, name: str) -> bytes | None:
        async with _needed():
            value = await self._redis.get(name)
        return value.encode() if isinstance(value, str) else value

    async def add(self, name: str, value: bytes, lifetime: timedelta) -> bool:
        """Write where there is nothing yet; of many who try at once, one is told True."""
        async with _needed():
            return bool(await self._redis.set(name, value, px=lifetime, nx=True))

    async def put(self, name: str, value: bytes, lifetime: timedelta) -> None:
        async with _needed():
            await self._redis.set(name, value, px=lifetime)

    async def remove(self, name: str) -> None:
        async with _needed():
            await self._redis.delete(name)


@asynccontextmanager
async def _needed() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        log.warning("state.failed", error=type(error).__name__)
        raise StoreAwayError from error
