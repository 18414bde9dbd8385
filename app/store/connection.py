"""Opens a store by its URL."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.store.embedded import embedded_store
from app.store_url import EMBEDDED_STORE

CACHE_PATIENCE = 0.25
"""Seconds for one command, and for a connect.

The library's own defaults let a Redis that accepts and never answers hold a
visitor for a minute; a cache that takes longer than this is no help.
"""

STATE_PATIENCE = 2.0
"""As above, for what bookings cannot do without.

They take seconds at Calendly anyway, and a crowd that keeps this process busy
makes replies look late that came in time: that must not close bookings.
"""

MAX_CONNECTIONS = 50

WAIT = 0.5
"""Seconds for a connection while all are in use: a crowd is served in turn, not told that Redis is away."""


async def is_reachable(store: Redis) -> bool:
    try:
        await store.ping()
    except (RedisError, OSError):
        return False
    return True


def open_store(url: str, *, patience: float = CACHE_PATIENCE) -> Redis:
    """A client for commands. Connects when first used; close it with `aclose()`."""
    if url == EMBEDDED_STORE:
        return embedded_store()
    pool = BlockingConnectionPool.from_url(
        url,
        timeout=max(WAIT, patience),
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 0),
        max_connections=MAX_CONNECTIONS,
    )
    return Redis.from_pool(pool)
