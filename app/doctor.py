"""`calendly-bff doctor`: asks of each neighbour what the service will ask, and says what to do where it fails."""

from collections.abc import AsyncIterator, Awaitable, Iterator, Sized
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

from app.accounts.account import Account
from app.accounts.connecting import Connecting
from app.accounts.standing import CONNECT_AGAIN, WHY_DEAD, lacking
from app.calendly.client import CalendlyClient
from app.calendly.failures import AccessRefusedError, GrantLostError
from app.calendly.models import EventType, User
from app.calendly.reports import TOLERATED_SKEW
from app.errors import AppError, UpstreamBusyError, UpstreamTimeoutError
from app.intents.options import ProtocolOptions
from app.oauth.grant import Grant
from app.observability import Metrics
from app.opening import opened
from app.resources import Clock, Resources, system_clock
from app.settings import BffSettings, ConfigurationError, Settings
from app.store.connection import is_reachable
from app.store.policy import StatePolicy
from app.store.state import StoreAwayError
from app.store_url import EMBEDDED_STORE
from app.webhooks.looks import State as SubscriptionState
from app.webhooks.subscriptions import Subscription

T = TypeVar("T")

NOT_NEEDED_YET = frozenset({"locations:read"})
"""Event types bring their own places: without this scope everything works."""

_EMBEDDED = "embedded store: for one process, and empty after a restart"

AHEAD = timedelta(minutes=5), timedelta(days=7)
"""Which free times are read, from now."""


class Verdict(Enum):
    FINE = "ok"
    NOTE = "note"
    WRONG = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    subject: str
    text: str


_SUBSCRIBED = {
    SubscriptionState.ACTIVE: Finding(Verdict.FINE, "webhooks", "Calendly tells us what happens"),
    SubscriptionState.DISABLED: Finding(
        Verdict.WRONG, "webhooks", "Calendly has given the subscription up. Run: calendly-bff webhooks mend"
    ),
}
_UNSUBSCRIBED = Finding(
    Verdict.WRONG, "webhooks", "Calendly was not asked to tell us. Run: calendly-bff webhooks register"
)


async def diagnose(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Finding]:
    """Each finding as soon as it is known. Nothing is written anywhere and nothing is booked."""
    try:
        settings.require_access()
    except ConfigurationError as error:
        yield Finding(
            Verdict.WRONG, "token", f"{error}. Make a personal access token in Calendly and set it."
        )
        return
    async with opened(_untold(settings), Metrics(), clock, ProtocolOptions()) as owned:
        async for finding in _stores(settings.bff, owned):
            yield finding
        for account in owned.accounts.all():
            if account.owner is None:
                async for finding in _calendly(account, clock):
                    yield finding
        if owned.connecting is not None:
            async for finding in _connected(owned, owned.connecting):
                yield finding
        async for finding in _webhooks(owned):
            yield finding
    yield _origins(settings.bff)


def _untold(settings: Settings) -> Settings:
    """Whoever merely looks tells nobody of bookings."""
    return settings.model_copy(update={"bff": settings.bff.model_copy(update={"relay_urls": ()})})


async def _stores(bff: BffSettings, owned: Resources) -> AsyncIterator[Finding]:
    if bff.redis_url == EMBEDDED_STORE:
        yield Finding(Verdict.NOTE, "BFF_REDIS_URL", _EMBEDDED)
    elif await is_reachable(owned.cache):
        yield Finding(Verdict.FINE, "BFF_REDIS_URL", "Redis answers")
    else:
        yield _away("BFF_REDIS_URL", "every read asks Calendly")
    if bff.state_url == EMBEDDED_STORE:
        yield Finding(Verdict.NOTE, "BFF_STATE_URL", _EMBEDDED)
    else:
        yield await _state(owned.policy)


async def _state(policy: StatePolicy) -> Finding:
    try:
        fault = await policy.fault()
    except StoreAwayError:
        return _away("BFF_STATE_URL", "bookings are closed")
    if fault is not None:
        return Finding(Verdict.WRONG, "BFF_STATE_URL", fault)
    return Finding(Verdict.FINE, "BFF_STATE_URL", "Redis keeps what it is told")


def _away(name: str, consequence: str) -> Finding:
    return Finding(
        Verdict.WRONG,
        name,
        f"Redis does not answer, so {consequence}. Check address, password and TLS.",
    )


async def _calendly(account: Account, clock: Clock) -> AsyncIterator[Finding]:
    """One read of each kind, each needing a scope of its own."""
    client = account.client
    user, finding = await _tried("users:read", client.get_current_user())
    yield finding
    if user is None:
        return
    yield _clock(client.clock_skew)
    event_types, finding = await _tried("event_types:read", client.list_event_types(user=user.uri))
    yield finding
    for scope, read in _reads(client, user, event_types or [], clock()):
        _, finding = await _tried(scope, read)
        yield finding
    yield Finding(
        Verdict.NOTE, "scheduled_events:write", "not tried, for it would book; the token needs this scope too"
    )


async def _connected(owned: Resources, connecting: Connecting) -> AsyncIterator[Finding]:
    """Of each account that its owner has connected."""
    try:
        await connecting.roster.look()
    except StoreAwayError:
        return  # has been found already
    listing = connecting.roster.listing
    for grant in listing.grants:
        yield await _grant(owned, connecting, grant)
    for account in listing.unreadable:
        yield Finding(
            Verdict.WRONG,
            f"account {account}",
            "is sealed with none of BFF_SECRET_KEYS. Add the key that it was sealed with, or have it connected again:"
            " calendly-bff accounts link",
        )


async def _grant(owned: Resources, connecting: Connecting, grant: Grant) -> Finding:
    subject = f"account {grant.account}"
    if grant.dead_reason is not None:
        return Finding(Verdict.WRONG, subject, f"{WHY_DEAD[grant.dead_reason]} {CONNECT_AGAIN}")
    missing = lacking(connecting.authorization.scopes, grant.scopes)
    if missing:
        return Finding(Verdict.WRONG, subject, f"has not granted {' '.join(missing)}. {CONNECT_AGAIN}")
    account = await owned.accounts.of_user(grant.user)
    if account is None:
        return Finding(Verdict.NOTE, subject, "is served by CALENDLY_TOKEN; its grant is not used")
    try:
        await account.client.get_current_user()
    except AccessRefusedError:
        return Finding(Verdict.WRONG, subject, f"Calendly refuses its token. {CONNECT_AGAIN}")
    except AppError as error:
        return Finding(Verdict.WRONG, subject, _advice(error, subject))
    return Finding(Verdict.FINE, subject, "Calendly answers")


async def _webhooks(owned: Resources) -> AsyncIterator[Finding]:
    """Where Calendly is to tell us what happens: whether it does."""
    for subscription in owned.webhooks.subscriptions:
        state, finding = await _tried("webhooks:read", subscription.ask())
        found = finding if state is None else _SUBSCRIBED.get(state, _UNSUBSCRIBED)
        yield replace(found, text=f"{await _whose(subscription)}: {found.text}")


async def _whose(subscription: Subscription) -> str:
    """What people call the account; where nobody says it, the address that is the account's own."""
    try:
        return (await subscription.subscriber()).slug
    except AppError:
        return subscription.wishes.url


def _reads(
    client: CalendlyClient, user: User, event_types: list[EventType], now: datetime
) -> Iterator[tuple[str, Awaitable[Sized]]]:
    begins, ends = (now + each for each in AHEAD)
    for event_type in event_types[:1]:
        yield (
            "availability:read",
            client.list_event_type_available_times(
                event_type=event_type.uri, start_time=begins, end_time=ends
            ),
        )
    yield (
        "scheduled_events:read",
        client.list_scheduled_events(user=user.uri, min_start_time=begins, max_start_time=ends),
    )
    yield "locations:read", client.list_locations(user=user.uri)


async def _tried(scope: str, read: Awaitable[T]) -> tuple[T | None, Finding]:
    try:
        found = await read
    except AppError as error:
        spared = isinstance(error, AccessRefusedError) and scope in NOT_NEEDED_YET
        return None, Finding(Verdict.NOTE if spared else Verdict.WRONG, scope, _advice(error, scope))
    count = f", {len(found)} found" if isinstance(found, list) else ""
    return found, Finding(Verdict.FINE, scope, f"Calendly answers{count}")


def _advice(error: AppError, scope: str) -> str:
    match error:
        case GrantLostError():
            return "An account has to be connected again by its owner: calendly-bff accounts list"
        case AccessRefusedError(upstream_status=401):
            return "Calendly does not know this token (any more). Make a new one and set CALENDLY_TOKEN."
        case AccessRefusedError(required_scopes=needed):
            scopes = " ".join(needed) or scope
            return f"The token may not do this. Make one with the scope {scopes}, or ask the account's owner."
        case UpstreamBusyError():
            return f"Calendly's rate limit is spent. Try again in {error.retry_after} s."
        case UpstreamTimeoutError():
            return "Calendly did not answer in time. Check the network, and CALENDLY_API_URL."
    return "Calendly gave no usable answer. Check the network, a proxy on the way, and CALENDLY_API_URL."


def _clock(skew: timedelta | None) -> Finding:
    if skew is None:
        return Finding(Verdict.NOTE, "clock", "Calendly's answer has no date to compare with")
    off = abs(skew)
    if off > TOLERATED_SKEW:
        return Finding(
            Verdict.WRONG,
            "clock",
            f"{off.total_seconds():.0f} s away from Calendly's. Set up NTP on this machine.",
        )
    return Finding(Verdict.FINE, "clock", f"within {TOLERATED_SKEW.total_seconds():.0f} s of Calendly's")


def _origins(bff: BffSettings) -> Finding:
    if bff.allowed_origins:
        return Finding(
            Verdict.FINE, "BFF_ALLOWED_ORIGINS", f"{len(bff.allowed_origins)} may call from a browser"
        )
    return Finding(
        Verdict.NOTE,
        "BFF_ALLOWED_ORIGINS",
        "empty: only pages of this service's own origin may call from a browser",
    )
