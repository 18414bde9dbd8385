"""Opens what telling and hearing of slots takes in one process."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.background import running
from app.cache import keys
from app.cache.steps import Steps
from app.cache.subscription import Subscription
from app.streams.announcing import Announcer
from app.streams.hub import Hub
from app.streams.log import EventLog


@dataclass(frozen=True, slots=True)
class Live:
    """Of all accounts of a process."""

    hub: Hub
    announcer: Announcer


@asynccontextmanager
async def opened_live(
    steps: Callable[[str], Steps], subscription: Subscription, *, most: int, dropped: Callable[[], None]
) -> AsyncIterator[Live]:
    """`most`: streams at a time; `dropped` is told of each that was cut off. At the end, what waits is still said."""
    events = EventLog(steps)
    hub, announcer = Hub(events, most=most, dropped=dropped), Announcer(events)
    subscription.join(keys.happenings(), hub)
    async with running(subscription.listen()), running(hub.beat()), running(announcer.run()):
        try:
            yield Live(hub, announcer)
        finally:
            hub.close()
            await announcer.finish()
