"""Hubs on a real Redis, and listeners whose other end takes what it is told, or does not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from math import inf

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.background import running
from app.cache import keys
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.cache.subscription import Subscription
from app.store.connection import subscriber
from app.streams.hub import BEAT, Hub
from app.streams.listener import Listener
from app.streams.log import EventLog, Seen
from app.streams.news import Position, SlotTaken
from tests.soak.waiting import until

HEARD_WITHIN = 10.0
"""Seconds, on a busy machine."""

INTRO, VISIT = "intro", "visit"


def taken(number: int, event_type: str = INTRO) -> SlotTaken:
    return SlotTaken(event_type, datetime(2026, 12, 1, number // 60, number % 60, tzinfo=UTC))


def log_on(store: Redis, reach: Reach | None = None) -> EventLog:
    return EventLog(partial(Steps, store, reach or Reach(store.ping, CollectorRegistry())))


class Slow(EventLog):
    """Keeps what it has read for the first who asks after `hold`, until `let_go`."""

    _is_to_hold = False

    def hold(self) -> None:
        self._is_to_hold = True
        self._holds, self._lets_go = asyncio.Event(), asyncio.Event()

    async def until_it_holds(self) -> None:
        await self._holds.wait()

    def let_go(self) -> None:
        self._lets_go.set()

    async def since(self, account: str, last: Position | None) -> Seen | None:
        seen = await super().since(account, last)
        if self._is_to_hold:
            self._is_to_hold = False
            self._holds.set()
            await self._lets_go.wait()
        return seen


@dataclass
class Ear:
    """The other end of a stream. `takes`: whether it takes what it is told."""

    said: bytes = b""
    has_ended: bool = False
    was_cut: bool = False
    takes: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.takes.set()

    async def send(self, told: bytes, goes_on: bool) -> None:  # noqa: FBT001 - as `listener.Send` has it
        assert not self.has_ended
        self.said += told
        self.has_ended = not goes_on
        await self.takes.wait()

    def cut(self) -> None:
        self.was_cut = True
        self.takes.set()

    @property
    def names(self) -> list[str]:
        """Of the events, with the minute of the slot where there is one."""
        blocks = [block.decode() for block in self.said.split(b"\n\n") if b"event: " in block]
        return [_name(block) for block in blocks]

    @property
    def last_id(self) -> str:
        ids = [line for line in self.said.decode().split("\n") if line.startswith("id: ")]
        return ids[-1].removeprefix("id: ") if ids else ""

    async def until(self, *names: str) -> None:
        """Heard these, and nothing else."""

        async def has_heard() -> bool:
            return self.names == list(names)

        try:
            async with asyncio.timeout(HEARD_WITHIN):
                await until(has_heard, every=0.01)
        except TimeoutError:
            raise AssertionError(self.names) from None


def _name(block: str) -> str:
    name = block.partition("event: ")[2].partition("\n")[0]
    minute = block.partition("2026-12-01T")[2][:5]
    return f"{name} {minute}".strip()


@dataclass
class Replica:
    hub: Hub
    dropped: list[None]
    account: str = "ada"

    async def listen(
        self, event_type: str = INTRO, last_id: str | None = None, *, account: str = ""
    ) -> tuple[Ear, Listener]:
        ear = Ear()
        listener = Listener(event_type, ear.send, ear.cut)
        self.hub.enter(account or self.account, listener)
        await self.hub.join(listener, last_id)
        return ear, listener


@asynccontextmanager
async def replica(
    url: str, store: Redis, *, most: int = 1000, events: EventLog | None = None, beats_every: float = BEAT
) -> AsyncIterator[Replica]:
    """One that has subscribed."""
    dropped: list[None] = []
    hub = Hub(
        events or log_on(store), most=most, dropped=lambda: dropped.append(None), beats_every=beats_every
    )
    subscription = Subscription(partial(subscriber, url, store))
    subscription.join(keys.happenings(), hub)

    async def is_told() -> bool:
        return subscription.complete_at > -inf

    async with running(subscription.listen()):
        async with asyncio.timeout(HEARD_WITHIN):
            await until(is_told, every=0.01)
        yield Replica(hub, dropped)
        hub.close()


@contextmanager
def deaf_replica(events: EventLog) -> Iterator[Replica]:
    """One that hears nothing by itself: a test says when it has subscribed, and what was published."""
    dropped: list[None] = []
    hub = Hub(events, most=1000, dropped=lambda: dropped.append(None))
    yield Replica(hub, dropped)
    hub.close()
