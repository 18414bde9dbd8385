"""What webhooks do to the rest of this service, and for whom: the one account that it serves."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.background import running
from app.calendly.client import CalendlyClient
from app.catalogue.catalogue import Catalogue
from app.errors import AppError
from app.intents.runner import IntentRunner
from app.observability import Metrics
from app.settings import Settings
from app.slots.planning import HORIZON
from app.store.state import StateStore
from app.webhooks.effects import News, Notice, Seated
from app.webhooks.hosts import Host, NotDoneError
from app.webhooks.inbox import Inbox
from app.webhooks.receiver import Receiver
from app.webhooks.subscriptions import PATH, Subscriber, Subscription, Wishes
from app.webhooks.watch import watch
from app.webhooks.worker import Worker

log = structlog.get_logger()

Forget = Callable[[datetime, datetime], Awaitable[bool]]
"""Whether every replica could be told."""

Tell = Callable[[News], Awaitable[None]]
Relay = Callable[[Notice], Awaitable[None]]


async def nobody(_: News | Notice) -> None:
    """Hears of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What one account has of its own, as far as webhooks have to do with it."""

    client: CalendlyClient
    catalogue: Catalogue
    runner: IntentRunner
    forget_days: Forget
    state: StateStore
    clock: Callable[[], datetime]
    tell: Tell = nobody
    relay: Relay = nobody

    async def forget_all(self) -> None:
        """Anything may have changed."""
        now = self.clock()
        await self.forget_days(now, now + HORIZON)
        try:
            await self.catalogue.reread()
        except AppError as error:
            # They age soon, and are read again then.
            log.warning("webhooks.event_types_unread", error=error.code)

    async def subscriber(self) -> Subscriber:
        account = await self.catalogue.account()
        return Subscriber(user=account.uri, organization=account.organization)


@dataclass(frozen=True, slots=True)
class ServedHost:
    user: str
    _neighbours: Neighbours

    async def forget_days(self, start: datetime, end: datetime) -> None:
        if not await self._neighbours.forget_days(start, end):
            raise NotDoneError

    async def forget_event_types(self) -> None:
        await self._neighbours.catalogue.reread()

    async def settle(self, seated: Seated) -> None:
        await self._neighbours.runner.hint(seated.event_type, seated.start)

    async def tell(self, news: News) -> None:
        await self._neighbours.tell(news)

    async def relay(self, notice: Notice) -> None:
        await self._neighbours.relay(notice)


class OneHost:
    """The account of CALENDLY_TOKEN, and no other."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    async def own(self) -> str:
        return self._neighbours.client.id_from((await self._neighbours.catalogue.account()).uri)

    async def ids(self) -> Sequence[str]:
        return [await self.own()]

    async def of(self, id_: str) -> Host | None:
        account = await self._neighbours.catalogue.account()
        is_it = id_ == self._neighbours.client.id_from(account.uri)
        return ServedHost(account.uri, self._neighbours) if is_it else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """`subscriptions` are empty where nobody has said at which address Calendly would reach us."""

    receiver: Receiver
    inbox: Inbox
    hosts: OneHost
    worker: Worker
    subscriptions: Sequence[Subscription]
    believes: bool
    """Whether there is a key that deliveries may be signed with."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What is taken in is carried out, and the subscriptions are looked after."""
        async with AsyncExitStack() as stack:
            if self.believes:
                await stack.enter_async_context(running(self.worker.run()))
            if self.subscriptions:
                await stack.enter_async_context(running(watch(lambda: self.subscriptions)))
            yield


def webhooks(
    settings: Settings, neighbours: Neighbours, sealed_by: Sequence[bytes], metrics: Metrics
) -> Webhooks:
    """`sealed_by`: the keys that everything of ours is sealed under. Begins nothing."""

    def count(outcome: str) -> None:
        metrics.deliveries.labels(outcome).inc()

    inbox, hosts, keys = Inbox(neighbours.state, sealed_by), OneHost(neighbours), settings.webhook_keys()
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
        receiver=receiver,
        inbox=inbox,
        hosts=hosts,
        worker=worker,
        subscriptions=_subscriptions(settings, neighbours),
        believes=bool(keys),
    )


def _subscriptions(settings: Settings, neighbours: Neighbours) -> Sequence[Subscription]:
    if settings.bff.public_url is None:
        return []
    keys = settings.calendly.webhook_keys
    return [
        Subscription(
            calls=neighbours.client.webhook_subscriptions,
            subscriber=neighbours.subscriber,
            wishes=Wishes(url=settings.bff.public_url + PATH, key=keys[0] if keys else None),
            forget_all=neighbours.forget_all,
            state=neighbours.state,
            clock=neighbours.clock,
        )
    ]
