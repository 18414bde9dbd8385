"""Erases what is cached of an account."""

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.cache import keys

SETTLES = 1.0
"""Seconds after an account was closed, in which what had been read of it may still be put there: longer than a command
takes, and the wait for a connection.
"""

log = structlog.get_logger()


async def erase(cache: Redis, access: str) -> None:
    """Where Redis does not do it, that is logged: nothing is kept there for longer than it may be shown, or a day."""
    try:
        for pattern in (keys.days(access) + "*", keys.catalogue(access)):
            async for name in cache.scan_iter(pattern):
                await cache.delete(name)
    except (RedisError, OSError) as error:
        log.warning("cache.not_erased", error=type(error).__name__)
