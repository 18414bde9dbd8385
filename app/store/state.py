"""What must not be lost, in Redis: small records under names, each with a lifetime."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from app.store.script import Script

Reply: TypeAlias = Any
"""An `int`, `bytes`, `None` or a list of these; which it is, the script knows."""

log = structlog.get_logger()


class StoreAwayError(Exception):
    """The store did not do what it was told, or did not say so."""


class StateStore:
    """Unlike the cache it hides nothing: every method raises `StoreAwayError` when Redis fails."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, name: str) -> bytes | None:
        with _needed():
            value = await self._redis.get(name)
        return None if value is None else _raw(value)

    async def answers_for(self, name: str) -> bool:
        """Whether the server that keeps this name is there."""
        try:
            await self._redis.exists(name)
        except (RedisError, OSError):
            return False
        return True

    async def add(self, name: str, value: bytes, lifetime: timedelta) -> bool:
        """Write where there is nothing yet; of many who try at once, one is told True."""
        with _needed():
            return bool(await self._redis.set(name, value, px=lifetime, nx=True))

    async def put(self, name: str, value: bytes, lifetime: timedelta) -> None:
        with _needed():
            await self._redis.set(name, value, px=lifetime)

    async def remove(self, name: str) -> None:
        with _needed():
            await self._redis.delete(name)

    async def fields(self, name: str) -> dict[str, bytes]:
        """Of a record that scripts keep as a hash; none where there is no such record."""
        with _needed():
            found = await self._redis.hgetall(name)
        return {_text(field): _raw(value) for field, value in found.items()}

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | int | float | bytes] = ()
    ) -> Reply:
        """What the script returns. All keys share a hash tag, and they are all that it touches.

        A Redis that does not know the script (any more) has not begun it, so it is told again.
        Raises `StoreAwayError` for an error of the script too; where the connection
        broke or the time was up, it may have run all the same.
        """
        with _needed():
            try:
                return await self._redis.evalsha(script.digest, len(keys), *keys, *args)
            except NoScriptError:
                return await self._redis.eval(script.lua, len(keys), *keys, *args)


@contextmanager
def _needed() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        log.warning("state.failed", error=type(error).__name__)
        raise StoreAwayError from error


def _raw(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _text(value: bytes | str) -> str:
    """Of whatever stands there: a foreign name must not cost an exception."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
