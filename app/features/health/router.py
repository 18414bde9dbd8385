"""Is it alive, can it serve, what has it done: for operators and their machines."""

from contextlib import suppress
from datetime import datetime
from math import nan
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from app.accounts.standing import Standing, standing
from app.calendly.circuit import State
from app.concurrency import both
from app.errors import AppError
from app.relay.outbox import Outbox
from app.resources import Owned, Resources
from app.shapes import Shape
from app.store.connection import is_reachable
from app.store.state import StateStore, StoreAwayError
from app.webhooks.looks import Look
from app.webhooks.looks import State as SubscriptionState

router = APIRouter(tags=["Operation"])


class Alive(Shape):
    status: Literal["alive"] = "alive"


class AccountCounts(Shape):
    """Of the accounts that this process knows of."""

    open: int = Field(description="Served.")
    dead: int = Field(description="Their owners have to connect them again: `calendly-bff accounts list`.")
    unreadable: int = Field(description="Sealed with a key that is not among `BFF_SECRET_KEYS`.")


class Readiness(Shape):
    """`degraded`: free times are still served, but not as quickly, or bookings are closed, or no account is open."""

    status: Literal["ready", "degraded"]
    cache: Literal["ok", "away"] = Field(description="Away: every read asks Calendly.")
    state: Literal["ok", "away", "unfit"] = Field(
        description="Away, or not fit to keep bookings: they are closed."
    )
    accounts: AccountCounts
    reason: str | None = Field(description="What to set, where the state store is unfit.")
    webhooks: Literal["active", "disabled", "missing", "unknown"] | None = Field(
        default=None,
        description="Whether Calendly tells us what happens, by the last look; null where it is not asked to.",
    )
    webhooks_since: datetime | None = Field(default=None, description="Since when that has been so.")


@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Is the process alive?")
async def get_liveness(response: Response) -> Alive:
    """Answers as long as the process does; asks nobody else."""
    response.headers["Cache-Control"] = "no-store"
    return Alive()


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Can it serve?")
async def get_readiness(owned: Owned, response: Response) -> Readiness:
    """200 while requests can be answered. A store that is away degrades the service and does not stop it."""
    response.headers["Cache-Control"] = "no-store"
    cache, (state, reason) = await both(is_reachable(owned.cache), _state_of(owned))
    look = await _look_at(owned)
    accounts = standing(owned.accounts, owned.connecting)
    return Readiness(
        status="ready" if cache and state == "ok" and not accounts.is_idle else "degraded",
        cache="ok" if cache else "away",
        state=state,
        accounts=AccountCounts(**_counts(accounts)),
        reason=reason,
        webhooks=look.state.value if look else None,
        webhooks_since=look.since if look else None,
    )


async def _look_at(owned: Resources) -> Look | None:
    """What was last seen of the subscriptions; of several, the worst."""
    looks = [await each.seen() for each in owned.webhooks.subscriptions]
    return min(looks, key=lambda look: look.state.rank, default=None)


def _counts(accounts: Standing) -> dict[str, int]:
    return {"open": accounts.open, "dead": accounts.dead, "unreadable": accounts.unreadable}


async def _state_of(owned: Resources) -> tuple[Literal["ok", "away", "unfit"], str | None]:
    try:
        fault = await owned.policy.fault() or await owned.runner.fault()
        reachable = await is_reachable(owned.state)
    except StoreAwayError:
        return "away", None
    if not reachable:
        return "away", None
    return ("ok", None) if fault is None else ("unfit", fault)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(owned: Owned) -> Response:
    """In Prometheus' text format. Nothing personal is in it."""
    await _measure(owned)
    return Response(
        generate_latest(owned.metrics.registry),
        media_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


async def _measure(owned: Resources) -> None:
    """What the state store knows is asked for when somebody looks; while it is away, nothing is shown of it."""
    metrics = owned.metrics
    metrics.loop_lag.set(owned.loop_lag.longest())
    metrics.ready_answers.set(len(owned.answers.memory))
    metrics.ready_bytes.set(owned.answers.memory.weight)
    for name, count in _counts(standing(owned.accounts, owned.connecting)).items():
        metrics.accounts.labels(name).set(count)
    metrics.breaker.clear()
    metrics.budget_left.clear()
    for account in owned.accounts.all():
        for state in State:
            metrics.breaker.labels(account.access, state.value).set(state is account.client.breaker.state)
        for window, left in (await account.budgets.left()).items():
            metrics.budget_left.labels(account.access, window).set(left)
    await _measure_webhooks(owned)
    metrics.bookings_unsettled.clear()
    for gauge in (metrics.bookings_discarded, metrics.relay_waiting, metrics.relay_dead):
        gauge.set(nan)
    with suppress(StoreAwayError):
        total, overdue = await owned.ledger.unsettled()
        metrics.bookings_unsettled.labels("all").set(total)
        metrics.bookings_unsettled.labels("overdue").set(overdue)
        metrics.bookings_discarded.set(await owned.ledger.discarded())
        # Of whoever is no longer told, too: what was left is there until somebody is told again.
        waiting, dead = await Outbox(StateStore(owned.state), owned.sealers("relay")).counts()
        metrics.relay_waiting.set(waiting)
        metrics.relay_dead.set(dead)


async def _measure_webhooks(owned: Resources) -> None:
    metrics = owned.metrics
    look = await _look_at(owned)
    for state in SubscriptionState if look else ():
        metrics.subscription.labels(state.value).set(look is not None and state is look.state)
    metrics.deliveries_left.clear()
    if owned.webhooks.believes:
        with suppress(StoreAwayError, AppError):
            waiting, aside = await owned.webhooks.inbox.counts(await owned.webhooks.hosts.ids())
            metrics.deliveries_left.labels("waiting").set(waiting)
            metrics.deliveries_left.labels("aside").set(aside)
