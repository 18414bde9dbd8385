"""What webhooks do to the rest of this service, and for whom: the accounts that it serves."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from app.accounts.account import Account
from app.accounts.accounts import Accounts
from app.background import running
from app.concurrency import together
from app.errors import AppError, NotFoundError
from app.intents.runner import IntentRunner
from app.observability import Metrics
from app.settings import Settings
from app.slots.planning import FURTHEST
from app.store.state import StateStore
from app.webhooks.effects import DaysUntrue, News, Notice, Seated
from app.webhooks.hosts import Host, NotDoneError
from app.webhooks.inbox import Inbox
from app.webhooks.receiver import Receiver
from app.webhooks.subscriptions import PATH, Subscriber, Subscription, Wishes
from app.webhooks.watch import watch
from app.webhooks.worker import Worker

WITHIN = 10.0
"""Calendly itself waits fifteen seconds for the answer."""

log = structlog.get_logger()

Tell = Callable[[Account, News], Awaitable[None]]
Relay = Callable[[Account, Notice], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What webhooks have to do with."""

    accounts: Accounts
    runner: IntentRunner
    state: StateStore
    clock: Callable[[], datetime]
    tell: Tell
    tell_all: Callable[[Account], None]
    """Anything may have changed."""
    relay: Relay


@dataclass(frozen=True, slots=True)
class ServedHost:
    user: str
    _account: Account
    _neighbours: Neighbours

    async def forget_days(self, days: DaysUntrue) -> None:
        start, end = days.start.astimezone(UTC), days.end.astimezone(UTC)
        concerned = await self._neighbours.accounts.concerned(self._account, days.event_type)
        if not all(await together(*(each.forget_days(start, end) for each in concerned))):
            raise NotDoneError

    async def forget_event_types(self) -> None:
        await self._account.catalogue.reread()

    async def settle(self, seated: Seated) -> None:
        await self._neighbours.runner.hint(seated.event_type, seated.start)

    async def tell(self, news: News) -> None:
        await self._neighbours.tell(self._account, news)

    async def relay(self, notice: Notice) -> None:
        await self._neighbours.relay(self._account, notice)


class ServedHosts:
    """Every account that this process serves."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    async def own(self) -> str:
        for account in self._neighbours.accounts.all():
            if account.owner is None:
                return await account.id()
        raise NotFoundError

    async def ids(self) -> Sequence[str]:
        return await self._neighbours.accounts.ids()

    async def of(self, id_: str) -> Host | None:
        account = await self._neighbours.accounts.with_id(id_)
        return None if account is None else ServedHost(await account.user(), account, self._neighbours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """`subscribed` finds none where nobody has said at which address Calendly would reach us."""

    accounts: Accounts
    receiver: Receiver
    inbox: Inbox
    hosts: ServedHosts
    worker: Worker
    subscribed: Callable[[], Sequence[Subscription]]
    believes: bool
    """Whether there is a key that deliveries may be signed with."""
    within: float = WITHIN
    """Seconds for all of a delivery to come."""

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """Of every account that there is at this moment."""
        return self.subscribed()

    async def replay(self) -> int:
        """Have what was set aside tried again, of every account. How many there were.

        Raises `StoreAwayError`, and `UpstreamError` where Calendly does not say whose an account is.
        """
        return sum([await self.inbox.replay(await each.id()) for each in self.accounts.all()])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What is taken in is carried out, and the subscriptions are looked after."""
        async with AsyncExitStack() as stack:
            if self.believes:
                await stack.enter_async_context(running(self.worker.run()))
            await stack.enter_async_context(running(watch(self.subscribed)))
            yield


def webhooks(
    settings: Settings, neighbours: Neighbours, sealed_by: Sequence[bytes], metrics: Metrics
) -> Webhooks:
    """`sealed_by`: the keys that everything of ours is sealed under. Begins nothing."""

    def count(outcome: str) -> None:
        metrics.deliveries.labels(outcome).inc()

    inbox, hosts, keys = Inbox(neighbours.state, sealed_by), ServedHosts(neighbours), settings.webhook_keys()
    worker = Worker(inbox=inbox, hosts=hosts, count=count, clock=neighbours.clock)
    # Without a key nothing is genuine, and it takes as long to find that out.
    receiver = Receiver(
        keys=keys or (secrets.token_bytes(),),
        inbox=inbox,
        hosts=hosts,
        count=count,
        nudge=worker.nudge,
        clock=neighbours.clock,
    )
    return Webhooks(
        accounts=neighbours.accounts,
        receiver=receiver,
        inbox=inbox,
        hosts=hosts,
        worker=worker,
        subscribed=partial(_subscriptions, settings, neighbours),
        believes=bool(keys),
    )


def _subscriptions(settings: Settings, neighbours: Neighbours) -> Sequence[Subscription]:
    """Each account has an address of its own, for Calendly delivers to one only once; that of `CALENDLY_TOKEN` has
    the plain one. What an application subscribes to is signed with the application's key. Accounts that are connected
    come and go without an operator: theirs are made unasked, where anything that is delivered would be believed.
    """
    origin, keys = settings.bff.public_url, settings.calendly.webhook_keys
    if origin is None:
        return []
    found = []
    for account in neighbours.accounts.all():
        wishes = Wishes(url=origin + PATH, key=keys[0] if keys else None)
        if account.owner is not None:
            place = f"{PATH}/{account.client.id_from(account.owner)}"
            wishes = Wishes(url=origin + place, key=None, by_itself=bool(keys))
        found.append(
            Subscription(
                calls=account.client.webhook_subscriptions,
                subscriber=partial(_subscriber, account),
                wishes=wishes,
                forget_all=partial(_forget_all, account, neighbours),
                state=neighbours.state,
                clock=neighbours.clock,
            )
        )
    return found


async def _subscriber(account: Account) -> Subscriber:
    known = await account.catalogue.account()
    return Subscriber(user=known.uri, organization=known.organization, slug=known.slug)


async def _forget_all(account: Account, neighbours: Neighbours) -> None:
    """Anything may have changed."""
    now = neighbours.clock()
    try:
        await account.catalogue.reread()
    except AppError as error:
        # They age soon, and are read again then.
        log.warning("webhooks.event_types_unread", error=error.code)
    for each in await neighbours.accounts.concerned(account):
        await each.forget_days(now, now + FURTHEST)
        neighbours.tell_all(each)
