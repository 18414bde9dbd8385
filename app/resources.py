"""What one process owns: opened in order, closed in reverse."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from pydantic import SecretStr
from redis.asyncio import Redis

from app.cache.cache import Cache
from app.calendly.client import CalendlyClient
from app.calendly.transport import Transport
from app.catalogue.catalogue import Catalogue, CatalogueOptions
from app.observability import Metrics
from app.settings import Settings
from app.slots.buckets import DayBuckets
from app.store.connection import STATE_PATIENCE, open_store

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything that lives as long as the process, and that requests share."""

    clock: Clock
    metrics: Metrics
    calendly: CalendlyClient
    cache: Redis
    state: Redis
    catalogue: Catalogue
    buckets: DayBuckets


@asynccontextmanager
async def opened(settings: Settings, metrics: Metrics, clock: Clock) -> AsyncIterator[Resources]:
    """Nothing is connected before it is used: a start does not wait for neighbours that are away.

    Raises `ConfigurationError` without a token.
    """
    token = settings.required_token()
    bff = settings.bff
    async with AsyncExitStack() as stack:
        transport = Transport(origin=settings.calendly.api_url, token=token, clock=clock)
        client = CalendlyClient(transport)
        stack.push_async_callback(client.aclose)
        cache_store = await stack.enter_async_context(open_store(bff.redis_url))
        state = await stack.enter_async_context(open_store(bff.state_url, patience=STATE_PATIENCE))
        cache = Cache(cache_store, lifetime=bff.stale_if_error, registry=metrics.registry)
        catalogue = Catalogue(
            client=client,
            cache=cache,
            options=CatalogueOptions(
                fresh=bff.event_types_fresh,
                stale=bff.stale_if_error,
                allowed=frozenset(bff.event_types),
                access=_access(settings.calendly.api_url, token),
            ),
            clock=clock,
        )
        buckets = DayBuckets(
            client=client, cache=cache, lifetimes=(bff.availability_fresh, bff.stale_if_error), clock=clock
        )
        yield Resources(
            clock=clock,
            metrics=metrics,
            calendly=client,
            cache=cache_store,
            state=state,
            catalogue=catalogue,
            buckets=buckets,
        )


def _access(api_url: str, token: SecretStr) -> str:
    """Names this origin and this token, for whoever shares the cache; neither can be read from it."""
    return sha256(f"{api_url} {token.get_secret_value()}".encode()).hexdigest()[:16]


def resources(request: Request) -> Resources:
    owned: Resources = request.app.state.resources
    return owned


Owned = Annotated[Resources, Depends(resources)]
