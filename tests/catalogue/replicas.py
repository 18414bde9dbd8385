"""Catalogues of one account, and a Calendly that tells what it publishes when it is let."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import respx
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.cache import keys
from app.cache.cache import Cache
from app.cache.reach import Reach
from app.catalogue.catalogue import Catalogue, CatalogueOptions
from tests.calendly import rig

FRESH, STALE = timedelta(minutes=1), timedelta(hours=1)
KEY = keys.catalogue("ada")


@dataclass
class Calendly:
    """`asked`: how often for its event types. `refusal`: the status it answers with instead."""

    asked: int = 0
    refusal: int | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.let.set()
        self.router = respx.Router(base_url=rig.ORIGIN)
        self.router.get("/users/me").respond(json=rig.resource(rig.user()))
        self.router.get("/event_types").mock(side_effect=self._answer)

    async def _answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.heard.set()
        await self.let.wait()
        if self.refusal is not None:
            return httpx.Response(self.refusal, json={})
        return httpx.Response(200, json=rig.collection(rig.event_type(name=f"Reading {self.asked}")))


@dataclass
class Replicas:
    calendly: Calendly
    store: Redis
    stack: AsyncExitStack

    def opened(self, clock: Callable[[], datetime] = lambda: rig.NOW) -> Catalogue:
        client = rig.client_on(self.calendly.router)
        self.stack.push_async_callback(client.aclose)
        return Catalogue(
            client=client,
            cache=Cache(self.store, Reach(self.store.ping, CollectorRegistry()), lifetime=STALE),
            options=CatalogueOptions(fresh=FRESH, stale=STALE, allowed=frozenset(), access="ada"),
            clock=clock,
        )


async def shown(catalogue: Catalogue) -> list[str]:
    """Which reading it is, told by the name of the one event type."""
    return [each.name for each in (await catalogue.offer()).event_types]
