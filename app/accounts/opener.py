"""Opens what is one account's alone, on what all accounts of a process share."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256

import anyio.lowlevel
from prometheus_client import Counter
from pydantic import SecretStr
from redis.asyncio import Redis

from app import __version__
from app.accounts.account import Account
from app.background import running
from app.budgets.budgets import Budgets, Reckoning
from app.budgets.claims import shares
from app.cache.answer_shelf import AnswerShelf
from app.cache.cache import Cache
from app.cache.day_store import DayStore
from app.cache.news import News
from app.cache.reach import Reach
from app.cache.shared_flight import SharedFlight
from app.calendly.access import Access
from app.calendly.client import CalendlyClient
from app.calendly.options import TransportOptions
from app.calendly.quota import Purpose
from app.calendly.transport import Transport
from app.catalogue.catalogue import CALLS, Catalogue, CatalogueOptions
from app.ready import ReadyAnswers
from app.settings import Settings
from app.slots.buckets import Coherence, DayBuckets
from app.slots.policy import Lifetimes
from app.slots.popularity import Popularity
from app.slots.warm_up import WarmUp
from app.store.state import StateStore

RENEWED_UNASKED = 2
"""Times that free times are read again before they age although nobody asks for them any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """By all accounts of a process. `reach`: of the cache."""

    settings: Settings
    cache: Redis
    state: Redis
    reach: Reach
    news: News
    ready: ReadyAnswers
    renewals: Counter
    clock: Callable[[], datetime]


@asynccontextmanager
async def opened_account(
    shared: Shared, access: str, token: SecretStr | Access, owner: str | None = None
) -> AsyncIterator[Account]:
    """Nothing is connected before it is used. What goes on in the background ends with it. `owner`: as in `Account`."""
    async with AsyncExitStack() as stack:
        yield await _Opening(shared, access, owner, stack).account(token)


def access_of(api_url: str, secret: str) -> str:
    """Names this origin and whoever it is, for whoever shares the stores; neither can be read from it."""
    return sha256(f"{api_url} {secret}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Opening:
    shared: Shared
    access: str
    owner: str | None
    stack: AsyncExitStack

    async def account(self, token: SecretStr | Access) -> Account:
        budgets = self._budgets(lambda: self._user_name(catalogue))
        client = await self._client(token, budgets)
        catalogue = self._catalogue(client)
        days = self._days()
        buckets = await self._buckets(client, days)
        popularity, warm_up = await self._warm_up(client, budgets, buckets)
        shelf = AnswerShelf(
            self.shared.cache,
            self.shared.reach,
            account=self.access,
            maker=_maker(self.shared.settings),
            heard=days.heard,
        )
        self.stack.push_async_callback(shelf.aclose)
        return Account(
            access=self.access,
            owner=self.owner,
            client=client,
            budgets=budgets,
            catalogue=catalogue,
            buckets=buckets,
            popularity=popularity,
            warm_up=warm_up,
            shelf=shelf,
        )

    def _budgets(self, name: Callable[[], str]) -> Budgets:
        """Calendly counts by user; who that is, the first reading tells."""
        calendly, bff = self.shared.settings.calendly, self.shared.settings.bff
        return Budgets(
            state=StateStore(self.shared.state),
            account=name,
            tier=calendly.tier,
            reckoning=Reckoning(
                read_timeout=calendly.read_timeout,
                shares=shares(bff.read_share),
                processes=bff.workers,
                hurries=lambda: self.shared.reach.is_away,
            ),
        )

    def _user_name(self, catalogue: Catalogue) -> str:
        """Names the user, whatever the token; the token, while nobody knows whose it is."""
        known = catalogue.known_account()
        user = self.owner or (known.uri if known else None)
        return sha256(user.encode()).hexdigest()[:16] if user else self.access

    async def _client(self, token: SecretStr | Access, budgets: Budgets) -> CalendlyClient:
        calendly = self.shared.settings.calendly
        transport = Transport(
            origin=calendly.api_url,
            token=token,
            clock=self.shared.clock,
            quota=budgets,
            options=TransportOptions(
                read_deadline=calendly.read_timeout, write_deadline=calendly.booking_timeout
            ),
        )
        # Loads what the HTTP client would load for its first call only, while a visitor waits.
        await anyio.lowlevel.checkpoint()
        client = CalendlyClient(transport)
        self.stack.push_async_callback(client.aclose)
        await self.stack.enter_async_context(running(budgets.probe()))
        return client

    def _catalogue(self, client: CalendlyClient) -> Catalogue:
        bff, shared = self.shared.settings.bff, self.shared
        return Catalogue(
            client=client,
            cache=Cache(shared.cache, shared.reach, lifetime=bff.stale_if_error),
            shared=SharedFlight(
                shared.cache,
                shared.reach,
                account=self.access,
                name="catalogue",
                patience=CALLS * shared.settings.calendly.read_timeout,
            ),
            options=CatalogueOptions(
                fresh=bff.event_types_fresh,
                stale=bff.stale_if_error,
                allowed=frozenset(bff.event_types),
                access=self.access,
            ),
            clock=shared.clock,
        )

    def _days(self) -> DayStore:
        return DayStore(
            self.shared.cache,
            self.shared.reach,
            account=self.access,
            lifetime=self.shared.settings.bff.stale_if_error,
            clock=self.shared.clock,
        )

    async def _buckets(self, client: CalendlyClient, days: DayStore) -> DayBuckets:
        shared = self.shared
        buckets = DayBuckets(
            client=client,
            store=days,
            coherence=Coherence(
                is_to_be_asked=shared.news.is_to_be_asked,
                changed=partial(shared.ready.drop_account, self.access),
                renewed=shared.ready.drop_marked,
            ),
            lives=lifetimes(shared.settings),
            clock=shared.clock,
        )
        shared.news.join(days.channel, buckets)
        self.stack.callback(shared.news.leave, days.channel, buckets)
        await self.stack.enter_async_context(running(days.tell()))
        return buckets

    async def _warm_up(
        self, client: CalendlyClient, budgets: Budgets, buckets: DayBuckets
    ) -> tuple[Popularity, WarmUp]:
        bff = self.shared.settings.bff
        popularity = Popularity(most=bff.warm_up, lately=RENEWED_UNASKED * bff.availability_fresh)
        warm_up = WarmUp(
            buckets=buckets,
            popularity=popularity,
            may_read=partial(_may_renew, client, budgets, self.shared.reach),
            renewed=self.shared.renewals.inc,
            clock=self.shared.clock,
        )
        if bff.warm_up:
            await self.stack.enter_async_context(running(warm_up.run()))
        return popularity, warm_up


def lifetimes(settings: Settings) -> Lifetimes:
    bff = settings.bff
    return Lifetimes(fresh=bff.availability_fresh, aged=bff.availability_stale, old=bff.stale_if_error)


async def _may_renew(client: CalendlyClient, budgets: Budgets, reach: Reach) -> bool:
    """What nobody has asked for yet: only while Calendly answers, while processes can leave it to one of them, and
    while visitors leave room for it.
    """
    healthy = not client.breaker.is_failing and not reach.is_away
    return healthy and await budgets.has_room(Purpose.RENEW)


def _maker(settings: Settings) -> str:
    """Names what answers depend on beside what was read: two replicas with the same name answer the same."""
    bff = settings.bff
    depends = __version__, bff.event_types, bff.availability_fresh, bff.stale_if_error, bff.event_types_fresh
    return sha256(repr(depends).encode()).hexdigest()[:8]
