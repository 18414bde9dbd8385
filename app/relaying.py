"""Opens the relay of bookings, where there is somebody to tell."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from app.background import running
from app.observability import Metrics
from app.relay.hints import Expect, Hints
from app.relay.outbox import Outbox
from app.relay.sender import Sender, SenderOptions
from app.relay.targets import Target
from app.relay.teller import Compose, Teller
from app.relay.worker import Relay, RelayOptions
from app.sealing import Sealer
from app.settings import BffSettings
from app.store.state import StateStore


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the relay sees of the rest: `accounts` are the ids of those whose bookings these are."""

    state: StateStore
    sealer: Sealer
    compose: Compose
    accounts: Callable[[], Awaitable[Sequence[str]]]


async def relaying(
    stack: AsyncExitStack, bff: BffSettings, metrics: Metrics, outlook: Outlook
) -> Expect | None:
    """Until the stack is closed. None where nobody is to be told."""
    if not bff.relay_urls:
        return None
    options = RelayOptions()
    relay = Relay(
        Outbox(outlook.state, outlook.sealer),
        Sender(bff.relay_keys(), SenderOptions(private=bff.relay_allow_private)),
        targets_of(bff),
        lambda outcome, count: metrics.relay_notices.labels(outcome).inc(count),
        options,
    )
    teller = Teller(
        Hints(outlook.state, outlook.sealer), outlook.compose, relay.put, outlook.accounts, options.poll
    )
    stack.push_async_callback(relay.aclose)
    await stack.enter_async_context(running(relay.run()))
    await stack.enter_async_context(running(teller.run()))
    return teller.expect


def targets_of(bff: BffSettings) -> list[Target]:
    """Each once."""
    urls = dict.fromkeys(url.get_secret_value() for url in bff.relay_urls)
    return [Target.of(url) for url in urls]
