"""Opens what one process owns, in order, and closes it in reverse."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial

from pydantic import SecretStr
from redis.asyncio import Redis

from app.accounts.account import Account
from app.accounts.accounts import Accounts
from app.accounts.colleagues import Colleagues
from app.accounts.connecting import Connecting
from app.accounts.opener import Shared, access_of, lifetimes, opened_account
from app.accounts.roster import Heeds, Roster
from app.answers import SharedAnswers
from app.background import running
from app.cache.clocks import WatchedClock
from app.cache.news import News
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.cache.subscription import Subscription
from app.calendly.client import CalendlyClient
from app.connections import most_connections
from app.consequences import Consequences
from app.features.bookings.composing import Composer
from app.features.bookings.telling import Telling
from app.intents.ledger import Ledger
from app.intents.naming import Naming
from app.intents.options import ProtocolOptions
from app.intents.resolver import Resolver
from app.intents.runner import IntentRunner
from app.intents.settlement import Means
from app.intents.underway import Underway
from app.intents.watch import watch
from app.loop_lag import LoopLag
from app.oauth.authorization import Application, Authorization
from app.oauth.grants import Grants
from app.oauth.invitations import Invitations
from app.oauth.leases import Leases
from app.oauth.options import RenewalOptions
from app.oauth.renewer import Renewer
from app.observability import Metrics
from app.ready import ReadyAnswers
from app.receiving import Neighbours, Webhooks, webhooks
from app.relay.hints import Expect
from app.relaying import Outlook, relaying
from app.resources import Clock, Resources
from app.sealing import Sealer
from app.setting_values import KEY_BYTES
from app.settings import Settings
from app.store.connection import STATE_PATIENCE, open_store, reach, subscriber
from app.store.policy import StatePolicy
from app.store.state import StateStore
from app.store_url import EMBEDDED_STORE
from app.streams.announcing import Announcer
from app.streams.hub import Hub
from app.streams.live import Live, opened_live


@asynccontextmanager
async def opened(
    settings: Settings, metrics: Metrics, clock: Clock, protocol: ProtocolOptions, *, doubts: bool = True
) -> AsyncIterator[Resources]:
    """Nothing is connected before it is used: a start does not wait for neighbours that are away, but, where accounts
    may have been connected, as long for the state store as one command may take.

    `doubts`: as `News` has it.
    Raises `ConfigurationError` where there is no account, nor will be.
    """
    settings.require_access()
    async with AsyncExitStack() as stack:
        accounts = Accounts()
        watched = WatchedClock(clock, partial(_doubt, accounts))
        await stack.enter_async_context(running(watched.watch()))
        opening = _Opening(settings, metrics, watched, stack)
        shared = await opening.shared(doubts=doubts)
        if settings.calendly.token is not None:
            accounts.add(await opening.own_account(shared, settings.calendly.token))
        answers = SharedAnswers(shared.ready, accounts, shared.news.is_to_be_asked, watched)
        sealed_by = settings.keys() or (secrets.token_bytes(KEY_BYTES),)
        sealers = cache(partial(Sealer, sealed_by))
        live = await opening.live(shared)
        # Before those who book with them: at the end, what is being booked is let finish first.
        heeds = Heeds(
            changed=partial(_accounts_changed, accounts, answers, live.hub),
            moved=partial(_homes_moved, answers, live.hub),
        )
        connecting = await opening.connecting(shared, accounts, heeds, sealers)
        loop_lag = LoopLag()
        await stack.enter_async_context(running(loop_lag.watch()))
        colleagues = Colleagues(accounts)
        bookings = await opening.bookings(shared, colleagues, live.announcer, protocol, sealed_by)
        yield Resources(
            clock=watched,
            metrics=metrics,
            cache=shared.cache,
            state=shared.state,
            accounts=accounts,
            colleagues=colleagues,
            operator_key=settings.bff.operator_key,
            lives=lifetimes(settings),
            connecting=connecting,
            answers=answers,
            hub=live.hub,
            announcer=live.announcer,
            policy=StatePolicy(shared.state, embedded=settings.bff.state_url == EMBEDDED_STORE),
            ledger=bookings.ledger,
            runner=bookings.runner,
            sealers=sealers,
            expect=bookings.expect,
            loop_lag=loop_lag,
            webhooks=bookings.webhooks,
        )


@dataclass(frozen=True, slots=True)
class _Bookings:
    """What it takes to book, and to tell and to hear of it."""

    ledger: Ledger
    runner: IntentRunner
    expect: Expect | None
    webhooks: Webhooks


@dataclass(frozen=True, slots=True)
class _Opening:
    settings: Settings
    metrics: Metrics
    clock: Clock
    stack: AsyncExitStack

    async def shared(self, *, doubts: bool) -> Shared:
        cache_store, state = await self._stores()
        reach_of_cache = Reach(partial(reach, cache_store), self.metrics.registry)
        subscription = self._subscription(cache_store)
        news = News(subscription, reach_of_cache, doubts=doubts)
        for task in (reach_of_cache.probe(), subscription.listen()):
            await self.stack.enter_async_context(running(task))
        return Shared(
            settings=self.settings,
            cache=cache_store,
            state=state,
            reach=reach_of_cache,
            news=news,
            ready=ReadyAnswers(),
            renewals=self.metrics.renewals,
            clock=self.clock,
        )

    async def own_account(self, shared: Shared, token: SecretStr) -> Account:
        access = access_of(self.settings.calendly.api_url, token.get_secret_value())
        return await self.stack.enter_async_context(opened_account(shared, access, token))

    async def connecting(
        self,
        shared: Shared,
        accounts: Accounts,
        heeds: Heeds,
        sealers: Callable[[str], Sealer],
    ) -> Connecting | None:
        application = Application.of(self.settings.calendly)
        if application is None:
            return None
        state = StateStore(shared.state)
        grants = Grants(state, sealers("grant"))
        authorization = Authorization(application, self.clock)
        self.stack.push_async_callback(authorization.aclose)
        roster = Roster(
            grants=grants,
            renewer=Renewer(grants, Leases(state), authorization, RenewalOptions()),
            shared=shared,
            accounts=accounts,
            heeds=heeds,
        )
        self.stack.push_async_callback(roster.aclose)
        # Before anybody is served: whoever asks for an account that is not known yet is told that there is none.
        await roster.try_to_look()
        await self.stack.enter_async_context(running(roster.follow()))
        return Connecting(
            grants=grants,
            invitations=Invitations(state, sealers("pending")),
            authorization=authorization,
            roster=roster,
            cache=shared.cache,
            origin=self.settings.calendly.api_url,
            served_at=self.settings.bff.origin(),
            clock=self.clock,
        )

    async def _stores(self) -> tuple[Redis, Redis]:
        """For what may be lost, and for what must not be."""
        bff = self.settings.bff
        return (
            await self.stack.enter_async_context(open_store(bff.redis_url)),
            await self.stack.enter_async_context(open_store(bff.state_url, patience=STATE_PATIENCE)),
        )

    async def bookings(
        self,
        shared: Shared,
        colleagues: Colleagues,
        announcer: Announcer,
        protocol: ProtocolOptions,
        sealed_by: Sequence[bytes],
    ) -> _Bookings:
        accounts, state = colleagues.accounts, StateStore(shared.state)
        ledger, naming = Ledger(state, Sealer(sealed_by, "intent")), Naming(state, sealed_by)
        composer = Composer(partial(_client_of, colleagues), Underway(naming, ledger).may_be)
        expect = await self.expect(shared, accounts, composer, sealed_by)
        consequences = Consequences(accounts, announcer, Telling(expect, self.clock))
        means = Means(
            speaker=partial(_speaker, colleagues),
            ledger=ledger,
            naming=naming,
            options=protocol,
            clock=self.clock,
            settled=consequences.settled,
            settling=consequences.telling.settling,
        )
        runner = await self.runner(means)
        neighbours = Neighbours(
            accounts=accounts,
            runner=runner,
            state=state,
            clock=self.clock,
            tell=consequences.heard,
            tell_all=consequences.lost_sight,
            relay=consequences.told,
        )
        return _Bookings(ledger, runner, expect, webhooks(self.settings, neighbours, sealed_by, self.metrics))

    async def expect(
        self, shared: Shared, accounts: Accounts, composer: Composer, keys: Sequence[bytes]
    ) -> Expect | None:
        return await relaying(
            self.stack,
            self.settings.bff,
            self.metrics,
            Outlook(
                StateStore(shared.state),
                Sealer(keys, "relay"),
                composer.compose,
                accounts.ids,
            ),
        )

    async def live(self, shared: Shared) -> Live:
        opening = opened_live(
            partial(Steps, shared.cache, shared.reach),
            # Of its own: what becomes untrue is not to wait behind what happens in thousands of slots.
            self._subscription(shared.cache),
            # The other half is for those who merely read, and those who book.
            most=min(self.settings.bff.event_streams, most_connections() // 2),
            dropped=self.metrics.event_streams_dropped.inc,
        )
        return await self.stack.enter_async_context(opening)

    def _subscription(self, cache_store: Redis) -> Subscription:
        return Subscription(partial(subscriber, self.settings.bff.redis_url, cache_store))

    async def runner(self, means: Means) -> IntentRunner:
        await self.stack.enter_async_context(running(Resolver(means).run()))
        await self.stack.enter_async_context(running(watch(means.naming, means.options.poll)))
        runner = IntentRunner(means)
        self.stack.push_async_callback(runner.aclose)
        return runner


def _doubt(accounts: Accounts) -> None:
    for account in accounts.all():
        account.catalogue.doubt()
        account.buckets.doubt()


def _accounts_changed(accounts: Accounts, answers: SharedAnswers, hub: Hub) -> None:
    answers.forget()
    hub.keep_to({account.access for account in accounts.all()})


def _homes_moved(answers: SharedAnswers, hub: Hub) -> None:
    """All streams begin anew: nobody knows here whose listens to what a team has in common."""
    answers.forget()
    hub.keep_to(())


async def _speaker(colleagues: Colleagues, user: str, event_type: str) -> CalendlyClient | None:
    account = await colleagues.accounts.of_user(user)
    return colleagues.client(account, event_type) if account else None


async def _client_of(colleagues: Colleagues, id_: str, event_type: str) -> CalendlyClient | None:
    account = await colleagues.accounts.with_id(id_)
    return colleagues.client(account, event_type) if account else None
