"""Opens a store by its URL."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.settings import EMBEDDED_STORE
from app.store.embedded import embedded_store

TIMEOUT = 0.25
"""Seconds for one command, and for a connect.

The library's own defaults let a Redis that accepts and never answers hold a
visitor for a minute; a cache that takes longer than this is no help.
"""

MAX_CONNECTIONS = 50


async def is_reachable(store: Redis) -> bool:
    try:
        await store.ping()
    except (RedisError, OSError):
        return False
    return True


def open_store(url: str) -> Redis:
    """A client for commands. Connects when first used; close it with `aclose()`."""
    if url == EMBEDDED_STORE:
        return embedded_store()
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        max_connections=MAX_CONNECTIONS,
    )
