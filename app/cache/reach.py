"""Whether the cache's Redis can be reached: found out by whoever is failed first, and by nobody else's patience."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CollectorRegistry, Counter
from redis.exceptions import RedisError, ResponseError

PROBED_EVERY = 0.5
"""Seconds between two questions to a Redis that is away: it is used again that soon after it is back."""

log = structlog.get_logger()


class Reach:
    """While Redis is away, no visitor asks it; a probe in the background tells when it is back."""

    def __init__(self, ping: Callable[[], Awaitable[object]], registry: CollectorRegistry) -> None:
        self._ping = ping
        self._lost = asyncio.Event()
        self._failures = Counter(
            "bff_cache_failures", "Cache round trips that failed.", ("error",), registry=registry
        )

    @property
    def is_away(self) -> bool:
        return self._lost.is_set()

    def failed(self, error: Exception) -> None:
        """A command was not carried out. A Redis that says so itself is not away: it is full, or takes no writes."""
        self._failures.labels(type(error).__name__).inc()
        if isinstance(error, ResponseError):
            log.warning("cache.refused", error=type(error).__name__)
            return
        if not self._lost.is_set():
            log.warning("cache.away", error=type(error).__name__)
        self._lost.set()

    async def probe(self) -> None:
        """Until cancelled."""
        while True:
            await self._lost.wait()
            await asyncio.sleep(PROBED_EVERY)
            await self.ask()

    async def ask(self) -> bool:
        """Whether it is there now."""
        try:
            await self._ping()
        except (RedisError, OSError):
            return False
        if self.is_away:
            log.info("cache.back")
        self._lost.clear()
        return True
