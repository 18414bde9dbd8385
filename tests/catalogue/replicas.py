"""Catalogues of one account, and a Calendly that tells what it publishes when it is let."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import respx
from redis.asyncio import Redis

from app.cache import keys
from app.cache.cache import Cache
from app.cache.shared_flight import SharedFlight
from app.catalogue.catalogue import Catalogue, CatalogueOptions
from tests.cache.replicas import CountedReach, asked, counted_reach_of
from tests.calendly import rig

FRESH, STALE = timedelta(minutes=1), timedelta(hours=1)
KEY = keys.catalogue("ada")


@dataclass
class Calendly:
    """`asked`: how often for its event types. `refusal`: the status it answers with instead."""

    asked: int = 0
    refusal: int | None = None
    let: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.let.set()
        self.router = respx.Router(base_url=rig.ORIGIN)
        self.router.get("/users/me").respond(json=rig.resource(rig.user()))
        self.router.get("/event_types").mock(side_effect=self._answer)

    async def _answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        name = f"Reading {self.asked}"
        await self.let.wait()
        if self.refusal is not None:
            return httpx.Response(self.refusal, json={})
        return httpx.Response(200, json=rig.collection(rig.event_type(name=name)))


@dataclass
class Replicas:
    calendly: Calendly
    store: Redis
    stack: AsyncExitStack
    reaches: list[CountedReach] = field(default_factory=list)

    def opened(
        self,
        clock: Callable[[], datetime] = lambda: rig.NOW,
        *,
        cache: Cache | None = None,
        flight: type[SharedFlight] = SharedFlight,
    ) -> Catalogue:
        client = rig.client_on(self.calendly.router)
        self.stack.push_async_callback(client.aclose)
        reach = counted_reach_of(self.store)
        self.reaches.append(reach)
        return Catalogue(
            client=client,
            cache=cache or Cache(self.store, reach, lifetime=STALE),
            shared=flight(self.store, reach, account="ada", name="catalogue", patience=STALE),
            options=CatalogueOptions(fresh=FRESH, stale=STALE, allowed=frozenset(), access="ada"),
            clock=clock,
        )

    async def have_waited(self) -> None:
        """All but the holder have looked for a reading and found its claim; that one has shown life twice."""
        await asked(self.reaches, 5)


async def shown(catalogue: Catalogue) -> list[str]:
    """Which reading it is, told by the name of the one event type."""
    return [each.name for each in (await catalogue.offer()).event_types]
