"""What one process owns, and requests share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import SecretStr
from redis.asyncio import Redis

from app.accounts.accounts import Accounts
from app.accounts.colleagues import Colleagues
from app.accounts.connecting import Connecting
from app.answers import SharedAnswers
from app.intents.ledger import Ledger
from app.intents.runner import IntentRunner
from app.loop_lag import LoopLag
from app.observability import Metrics
from app.receiving import Webhooks
from app.relay.hints import Expect
from app.sealing import Sealer
from app.slots.policy import Lifetimes
from app.store.policy import StatePolicy
from app.streams.announcing import Announcer
from app.streams.hub import Hub

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything that lives as long as the process: see `opening`."""

    clock: Clock
    metrics: Metrics
    cache: Redis
    state: Redis
    accounts: Accounts
    colleagues: Colleagues
    connecting: Connecting | None
    """Accounts of others; None where no application is set."""
    operator_key: SecretStr | None
    lives: Lifetimes
    """Of free times."""
    answers: SharedAnswers
    """About free times; the fast lane sends them."""
    hub: Hub
    announcer: Announcer
    policy: StatePolicy
    ledger: Ledger
    runner: IntentRunner
    sealers: Callable[[str], Sealer]
    """By purpose."""
    expect: Expect | None
    """Writes down what may be to be told of bookings; None where nobody is to be told."""
    loop_lag: LoopLag
    webhooks: Webhooks


async def resources(request: Request) -> Resources:
    owned: Resources = request.app.state.resources
    return owned


Owned = Annotated[Resources, Depends(resources)]
