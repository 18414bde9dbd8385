"""Opens what one process owns, in order, and closes it in reverse."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from hashlib import sha256

import anyio
import anyio.lowlevel
from redis.asyncio import Redis

from app import __version__
from app.answers import SharedAnswers
from app.background import running
from app.budgets.budgets import Budgets, Reckoning
from app.budgets.claims import shares
from app.cache import keys
from app.cache.answer_shelf import AnswerShelf
from app.cache.cache import Cache
from app.cache.day_store import DayStore
from app.cache.news import News
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.cache.subscription import Subscription
from app.calendly.client import CalendlyClient
from app.calendly.options import TransportOptions
from app.calendly.quota import Purpose
from app.calendly.transport import Transport
from app.catalogue.catalogue import Catalogue, CatalogueOptions
from app.connections import most_connections
from app.intents.ledger import Ledger
from app.intents.model import Matter, Result
from app.intents.naming import Naming
from app.intents.options import ProtocolOptions
from app.intents.resolver import Resolver
from app.intents.runner import IntentRunner
from app.intents.settlement import Change, Means
from app.intents.watch import watch
from app.loop_lag import LoopLag
from app.observability import Metrics
from app.ready import ReadyAnswers
from app.resources import Clock, Forget, Resources
from app.sealing import Sealer
from app.setting_values import KEY_BYTES
from app.settings import Settings
from app.slots.buckets import Coherence, DayBuckets
from app.slots.planning import touched_days
from app.slots.policy import Lifetimes
from app.slots.popularity import Popularity
from app.slots.warm_up import WarmUp
from app.store.connection import STATE_PATIENCE, open_store, subscriber
from app.store.policy import StatePolicy
from app.store.state import StateStore
from app.store_url import EMBEDDED_STORE
from app.streams.live import Live, opened_live

RENEWED_UNASKED = 2
"""Times that free times are read again before they age although nobody asks for them any more."""


@asynccontextmanager
async def opened(
    settings: Settings, metrics: Metrics, clock: Clock, protocol: ProtocolOptions, *, doubts: bool = True
) -> AsyncIterator[Resources]:
    """Nothing is connected before it is used: a start does not wait for neighbours that are away.

    `doubts`: as `News` has it.
    Raises `ConfigurationError` without a token.
    """
    async with AsyncExitStack() as stack:
        opening = _Opening(settings, metrics, clock, stack, _access(settings))
        cache_store, state = await opening.stores()
        upstream = await opening.upstream(cache_store, state)
        free_times = await opening.free_times(cache_store, upstream, doubts=doubts)
        forget_days = partial(_forget_days, free_times.buckets)
        live = await opening.live(cache_store, upstream.reach)
        loop_lag = LoopLag()
        await stack.enter_async_context(running(loop_lag.watch()))
        sealed_by = settings.keys() or (secrets.token_bytes(KEY_BYTES),)
        means = Means(
            client=upstream.client,
            user=partial(_user, upstream.catalogue),
            ledger=Ledger(StateStore(state), Sealer(sealed_by, "intent")),
            naming=Naming(StateStore(state), sealed_by),
            options=protocol,
            clock=clock,
            settled=partial(_settled, forget_days, partial(live.announcer.settled, opening.access)),
        )
        yield Resources(
            clock=clock,
            metrics=metrics,
            calendly=upstream.client,
            cache=cache_store,
            state=state,
            catalogue=upstream.catalogue,
            buckets=free_times.buckets,
            popularity=free_times.popularity,
            warm_up=free_times.warm_up,
            answers=free_times.answers,
            hub=live.hub,
            announcer=live.announcer,
            access=opening.access,
            budgets=upstream.budgets,
            policy=StatePolicy(state, embedded=settings.bff.state_url == EMBEDDED_STORE),
            ledger=means.ledger,
            runner=await opening.runner(means),
            sealers=cache(partial(Sealer, sealed_by)),
            forget_days=forget_days,
            loop_lag=loop_lag,
        )


@dataclass(frozen=True, slots=True)
class _Upstream:
    client: CalendlyClient
    budgets: Budgets
    catalogue: Catalogue
    reach: Reach
    """Of the cache."""


@dataclass(frozen=True, slots=True)
class _FreeTimes:
    buckets: DayBuckets
    answers: SharedAnswers
    popularity: Popularity
    warm_up: WarmUp


@dataclass(frozen=True, slots=True)
class _Opening:
    settings: Settings
    metrics: Metrics
    clock: Clock
    stack: AsyncExitStack
    access: str

    async def stores(self) -> tuple[Redis, Redis]:
        """For what may be lost, and for what must not be."""
        bff = self.settings.bff
        return (
            await self.stack.enter_async_context(open_store(bff.redis_url)),
            await self.stack.enter_async_context(open_store(bff.state_url, patience=STATE_PATIENCE)),
        )

    async def upstream(self, cache_store: Redis, state: Redis) -> _Upstream:
        calendly, bff = self.settings.calendly, self.settings.bff
        # Calendly counts by user; who that is, the first reading tells.
        budgets = Budgets(
            state=StateStore(state),
            account=lambda: _user_name(catalogue) or self.access,
            tier=calendly.tier,
            reckoning=Reckoning(
                read_timeout=calendly.read_timeout, shares=shares(bff.read_share), processes=bff.workers
            ),
        )
        transport = Transport(
            origin=calendly.api_url,
            token=self.settings.required_token(),
            clock=self.clock,
            quota=budgets,
            options=TransportOptions(
                read_deadline=calendly.read_timeout, write_deadline=calendly.booking_timeout
            ),
        )
        client = CalendlyClient(transport)
        # Loads what the HTTP client would load for its first call only, while a visitor waits.
        await anyio.lowlevel.checkpoint()
        self.stack.push_async_callback(client.aclose)
        reach = Reach(partial(cache_store.exists, keys.days(self.access)), self.metrics.registry)
        catalogue = Catalogue(
            client=client,
            cache=Cache(cache_store, reach, lifetime=bff.stale_if_error),
            options=CatalogueOptions(
                fresh=bff.event_types_fresh,
                stale=bff.stale_if_error,
                allowed=frozenset(bff.event_types),
                access=self.access,
            ),
            clock=self.clock,
        )
        await self.stack.enter_async_context(running(reach.probe()))
        await self.stack.enter_async_context(running(budgets.probe()))
        return _Upstream(client, budgets, catalogue, reach)

    async def free_times(self, cache_store: Redis, upstream: _Upstream, *, doubts: bool) -> _FreeTimes:
        bff, reach = self.settings.bff, upstream.reach
        days = DayStore(cache_store, reach, account=self.access, lifetime=bff.stale_if_error)
        news = News(partial(subscriber, bff.redis_url, cache_store), days.channel, reach, doubts=doubts)
        ready = ReadyAnswers()
        buckets = DayBuckets(
            client=upstream.client,
            store=days,
            coherence=Coherence(
                is_to_be_asked=news.is_to_be_asked, changed=ready.clear, renewed=ready.drop_marked
            ),
            lives=Lifetimes(
                fresh=bff.availability_fresh, aged=bff.availability_stale, old=bff.stale_if_error
            ),
            clock=self.clock,
        )
        shelf = AnswerShelf(cache_store, reach, account=self.access, maker=_maker(self.settings))
        self.stack.push_async_callback(shelf.aclose)
        await self.stack.enter_async_context(running(news.listen(buckets)))
        popularity = Popularity(most=bff.warm_up, lately=RENEWED_UNASKED * bff.availability_fresh)
        warm_up = WarmUp(
            buckets=buckets,
            popularity=popularity,
            may_read=partial(_may_renew, upstream),
            renewed=self.metrics.renewals.inc,
            clock=self.clock,
        )
        if bff.warm_up:
            await self.stack.enter_async_context(running(warm_up.run()))
        answers = SharedAnswers(ready, shelf, buckets, news.is_to_be_asked, self.clock)
        return _FreeTimes(buckets, answers, popularity, warm_up)

    async def live(self, cache_store: Redis, reach: Reach) -> Live:
        bff = self.settings.bff
        subscribed = partial(subscriber, bff.redis_url, cache_store)
        opening = opened_live(
            partial(Steps, cache_store, reach),
            Subscription(subscribed, keys.happenings()),
            # The other half is for those who merely read, and those who book.
            most=min(bff.event_streams, most_connections() // 2),
            dropped=self.metrics.event_streams_dropped.inc,
        )
        return await self.stack.enter_async_context(opening)

    async def runner(self, means: Means) -> IntentRunner:
        await self.stack.enter_async_context(running(Resolver(means).run()))
        await self.stack.enter_async_context(running(watch(means.naming, means.options.poll)))
        runner = IntentRunner(means)
        self.stack.push_async_callback(runner.aclose)
        return runner


async def _may_renew(upstream: _Upstream) -> bool:
    """What nobody has asked for yet: only while Calendly answers, while processes can leave it to one of them, and
    while visitors leave room for it.
    """
    healthy = not upstream.client.breaker.is_failing and not upstream.reach.is_away
    return healthy and await upstream.budgets.has_room(Purpose.RENEW)


async def _user(catalogue: Catalogue) -> str:
    return (await catalogue.account()).uri


async def _forget_days(buckets: DayBuckets, start: datetime, end: datetime) -> None:
    """Of all event types: they share the host's calendar."""
    await buckets.forget(touched_days(start, end))


async def _settled(
    forget: Forget,
    announce: Callable[[Change, Matter, Result], None],
    change: Change,
    matter: Matter,
    result: Result,
) -> None:
    await forget(matter.wanted.start, matter.end)
    if matter.replaced_from and matter.replaced_to:
        await forget(matter.replaced_from, matter.replaced_to)
    # Not before: whoever hears of it reads these days.
    announce(change, matter, result)


def _access(settings: Settings) -> str:
    """Names this origin and this token, for whoever shares the stores; neither can be read from it."""
    token = settings.required_token().get_secret_value()
    return sha256(f"{settings.calendly.api_url} {token}".encode()).hexdigest()[:16]


def _maker(settings: Settings) -> str:
    """Names what answers depend on beside what was read: two replicas with the same name answer the same."""
    bff = settings.bff
    depends = __version__, bff.event_types, bff.availability_fresh, bff.stale_if_error, bff.event_types_fresh
    return sha256(repr(depends).encode()).hexdigest()[:8]


def _user_name(catalogue: Catalogue) -> str | None:
    """Names the user, whatever the token; None while nobody knows."""
    account = catalogue.known_account()
    return sha256(account.uri.encode()).hexdigest()[:16] if account else None
