"""Opens a store by its URL."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.concurrency import together
from app.store.cluster import MAX_CONNECTIONS, ClusteredRedis
from app.store.masters import masters_of
from app.store.sentinel import master_pool
from app.store_url import EMBEDDED_STORE, Kind, StoreAddress

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

WAIT = 0.5
"""Seconds for a connection while all are in use: a crowd is served in turn, not told that Redis is away."""


async def reach(store: Redis) -> None:
    """Of a cluster: every node that takes writes. Raises `RedisError` or `OSError` where one does not answer."""
    await together(*(ask("PING") for ask in await masters_of(store)))


async def is_reachable(store: Redis) -> bool:
    """As `reach`."""
    try:
        await reach(store)
    except (RedisError, OSError):
        return False
    return True


def open_store(url: str, *, patience: float = CACHE_PATIENCE) -> Redis:
    """A client for commands. Connects when first used; close it with `aclose()`.

    A node that hangs holds nobody for much longer than twice the patience.
    """
    if url == EMBEDDED_STORE:
        # Here, so that no start with a Redis waits for what stands in for one.
        from app.store.embedded import embedded_store  # noqa: PLC0415

        return embedded_store()
    address = StoreAddress.parsed(url)
    if address.kind is Kind.CLUSTER:
        return ClusteredRedis(address, patience)
    return Redis.from_pool(_pool(address, patience))


@asynccontextmanager
async def subscriber(url: str, store: Redis) -> AsyncIterator[Redis]:
    """A client with a connection of its own on which to listen to the store; `store` is the one for commands.

    Of a cluster any server will do: what is published at one of them, all of them tell.
    """
    if url == EMBEDDED_STORE:
        yield store
        return
    address = StoreAddress.parsed(url)
    if address.kind is Kind.CLUSTER:
        address = replace(address, kind=Kind.SINGLE, servers=(secrets.choice(address.servers),), database=0)
    async with Redis.from_pool(_pool(address, CACHE_PATIENCE)) as redis:
        yield redis


def _pool(address: StoreAddress, patience: float) -> BlockingConnectionPool:
    options: dict[str, Any] = {
        "timeout": max(WAIT, patience),
        "max_connections": MAX_CONNECTIONS,
        "db": address.database,
        "username": address.user,
        "password": address.password,
        "socket_timeout": patience,
        "socket_connect_timeout": patience,
        "retry": Retry(NoBackoff(), 0),
    }
    if address.kind is Kind.SENTINEL:
        return master_pool(address, options)
    [(host, port)] = address.servers
    transport = SSLConnection if address.tls else Connection
    return BlockingConnectionPool(connection_class=transport, host=host, port=port, **options)
