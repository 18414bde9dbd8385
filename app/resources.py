"""What one process owns, and requests share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from redis.asyncio import Redis

from app.answers import SharedAnswers
from app.budgets.budgets import Budgets
from app.calendly.client import CalendlyClient
from app.catalogue.catalogue import Catalogue
from app.intents.ledger import Ledger
from app.intents.runner import IntentRunner
from app.loop_lag import LoopLag
from app.observability import Metrics
from app.sealing import Sealer
from app.slots.buckets import DayBuckets
from app.slots.popularity import Popularity
from app.slots.warm_up import WarmUp
from app.store.policy import StatePolicy
from app.streams.announcing import Announcer
from app.streams.hub import Hub

Clock = Callable[[], datetime]

Forget = Callable[[datetime, datetime], Awaitable[None]]
"""Something between these instants has changed in the host's calendar."""


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything that lives as long as the process: see `opening`."""

    clock: Clock
    metrics: Metrics
    calendly: CalendlyClient
    cache: Redis
    state: Redis
    catalogue: Catalogue
    buckets: DayBuckets
    popularity: Popularity
    warm_up: WarmUp
    answers: SharedAnswers
    """About free times; the fast lane sends them."""
    hub: Hub
    announcer: Announcer
    access: str
    """Names the account in the cache."""
    budgets: Budgets
    policy: StatePolicy
    ledger: Ledger
    runner: IntentRunner
    sealers: Callable[[str], Sealer]
    """By purpose."""
    forget_days: Forget
    loop_lag: LoopLag


async def resources(request: Request) -> Resources:
    owned: Resources = request.app.state.resources
    return owned


Owned = Annotated[Resources, Depends(resources)]
