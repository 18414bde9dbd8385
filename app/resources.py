"""What one process owns: opened in order, closed in reverse."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request
from redis.asyncio import Redis

from app import __version__
from app.answers import SharedAnswers
from app.budgets.budgets import Budgets, Reckoning
from app.budgets.claims import shares
from app.cache import keys
from app.cache.answer_shelf import AnswerShelf
from app.cache.cache import Cache
from app.cache.day_store import DayStore
from app.cache.news import News
from app.cache.reach import Reach
from app.calendly.client import CalendlyClient
from app.calendly.options import TransportOptions
from app.calendly.quota import Quota
from app.calendly.transport import Transport
from app.catalogue.catalogue import Catalogue, CatalogueOptions
from app.intents.ledger import Ledger
from app.intents.model import Matter
from app.intents.naming import Naming
from app.intents.options import ProtocolOptions
from app.intents.resolver import Resolver
from app.intents.runner import IntentRunner
from app.intents.settlement import Means
from app.intents.watch import watch
from app.observability import Metrics
from app.ready import ReadyAnswers
from app.sealing import Sealer
from app.settings import KEY_BYTES, Settings
from app.slots.buckets import Coherence, DayBuckets
from app.slots.planning import touched_days
from app.slots.policy import Lifetimes
from app.store.connection import STATE_PATIENCE, open_store, subscriber
from app.store.policy import StatePolicy
from app.store.state import StateStore
from app.store_url import EMBEDDED_STORE

Clock = Callable[[], datetime]

log = structlog.get_logger()


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
    answers: SharedAnswers
    """About free times; the fast lane sends them."""
    budgets: Budgets
    policy: StatePolicy
    ledger: Ledger
    runner: IntentRunner
    sealers: Callable[[str], Sealer]
    """By purpose."""
    forget_days: Callable[[datetime, datetime], Awaitable[None]]
    """Something between these instants has changed in the host's calendar."""


@asynccontextmanager
async def opened(
    settings: Settings, metrics: Metrics, clock: Clock, protocol: ProtocolOptions, *, doubts: bool = True
) -> AsyncIterator[Resources]:
    """Nothing is connected before it is used: a start does not wait for neighbours that are away.

    `doubts`: as `News` has it.
    Raises `ConfigurationError` without a token.
    """
    access = _access(settings)
    sealed_by = settings.keys() or (secrets.token_bytes(KEY_BYTES),)
    async with AsyncExitStack() as stack:
        cache_store = await stack.enter_async_context(open_store(settings.bff.redis_url))
        state_store = await stack.enter_async_context(
            open_store(settings.bff.state_url, patience=STATE_PATIENCE)
        )
        state = StateStore(state_store)
        # Calendly counts by user; who that is, the first reading tells.
        budgets = Budgets(
            state=state,
            account=lambda: _user_name(catalogue) or access,
            tier=settings.calendly.tier,
            reckoning=Reckoning(
                read_timeout=settings.calendly.read_timeout,
                shares=shares(settings.bff.read_share),
                processes=settings.bff.workers,
            ),
        )
        client = CalendlyClient(_transport(settings, budgets, clock))
        stack.push_async_callback(client.aclose)
        reach = Reach(partial(cache_store.exists, keys.days(access)), metrics.registry)
        cache = Cache(cache_store, reach, lifetime=settings.bff.stale_if_error)
        catalogue = _catalogue(settings, client, cache, clock)
        days = DayStore(cache_store, reach, account=access, lifetime=settings.bff.stale_if_error)
        ready = ReadyAnswers()
        told = partial(subscriber, settings.bff.redis_url, cache_store)
        news = News(told, days.channel, reach, doubts=doubts)
        coherence = Coherence(
            is_to_be_asked=news.is_to_be_asked, changed=ready.clear, renewed=ready.drop_marked
        )
        buckets = _buckets(settings, client, days, coherence, clock)
        shelf = AnswerShelf(cache_store, reach, account=access, maker=_maker(settings))
        stack.push_async_callback(shelf.aclose)
        await stack.enter_async_context(_running(reach.probe()))
        await stack.enter_async_context(_running(budgets.probe()))
        await stack.enter_async_context(_running(news.listen(buckets)))
        forget_days = partial(_forget_days, buckets)
        means = Means(
            client=client,
            user=partial(_user, catalogue),
            ledger=Ledger(state, Sealer(sealed_by, "intent")),
            naming=Naming(state, sealed_by),
            options=protocol,
            clock=clock,
            settled=partial(_settled, forget_days),
        )
        runner = IntentRunner(means)
        await stack.enter_async_context(_running(Resolver(means).run()))
        await stack.enter_async_context(_running(watch(means.naming, protocol.poll)))
        stack.push_async_callback(runner.aclose)
        yield Resources(
            clock=clock,
            metrics=metrics,
            calendly=client,
            cache=cache_store,
            state=state_store,
            catalogue=catalogue,
            buckets=buckets,
            answers=SharedAnswers(ready, shelf, buckets, news.is_to_be_asked),
            budgets=budgets,
            policy=StatePolicy(state_store, embedded=settings.bff.state_url == EMBEDDED_STORE),
            ledger=means.ledger,
            runner=runner,
            sealers=partial(Sealer, sealed_by),
            forget_days=forget_days,
        )


def _transport(settings: Settings, quota: Quota, clock: Clock) -> Transport:
    return Transport(
        origin=settings.calendly.api_url,
        token=settings.required_token(),
        clock=clock,
        quota=quota,
        options=TransportOptions(
            read_deadline=settings.calendly.read_timeout, write_deadline=settings.calendly.booking_timeout
        ),
    )


def _catalogue(settings: Settings, client: CalendlyClient, cache: Cache, clock: Clock) -> Catalogue:
    options = CatalogueOptions(
        fresh=settings.bff.event_types_fresh,
        stale=settings.bff.stale_if_error,
        allowed=frozenset(settings.bff.event_types),
        access=_access(settings),
    )
    return Catalogue(client=client, cache=cache, options=options, clock=clock)


def _buckets(
    settings: Settings, client: CalendlyClient, days: DayStore, coherence: Coherence, clock: Clock
) -> DayBuckets:
    lives = Lifetimes(
        fresh=settings.bff.availability_fresh,
        aged=settings.bff.availability_stale,
        old=settings.bff.stale_if_error,
    )
    return DayBuckets(client=client, store=days, coherence=coherence, lives=lives, clock=clock)


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """In a task, until the block ends."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report_end)
    try:
        yield
    finally:
        # More than once: the Redis library may swallow a cancellation that comes as a reply does.
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)


async def _user(catalogue: Catalogue) -> str:
    return (await catalogue.account()).uri


def _report_end(task: "asyncio.Task[None]") -> None:
    """It was to go on for as long as the process."""
    if task.cancelled() and not task.cancelling():
        log.error("background.cancelled_by_nobody")
    elif not task.cancelled():
        log.error("background.ended", exc_info=task.exception() or False)


async def _forget_days(buckets: DayBuckets, start: datetime, end: datetime) -> None:
    """Of all event types: they share the host's calendar."""
    await buckets.forget(touched_days(start, end))


async def _settled(forget: Callable[[datetime, datetime], Awaitable[None]], matter: Matter) -> None:
    await forget(matter.wanted.start, matter.end)
    if matter.replaced_from and matter.replaced_to:
        await forget(matter.replaced_from, matter.replaced_to)


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


def resources(request: Request) -> Resources:
    owned: Resources = request.app.state.resources
    return owned


Owned = Annotated[Resources, Depends(resources)]
