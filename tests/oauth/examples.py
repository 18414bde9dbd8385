"""A grant as it may be, and what keeps such."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis

from app.oauth.authorization import OPTIONS, Application, Authorization
from app.oauth.grant import Grant
from app.oauth.grants import PURPOSE, Grants
from app.oauth.leases import Leases
from app.sealing import Sealer
from app.store.state import StateStore
from tests.support import oauth as clients
from tests.support.service import calls_of
from tests.support.simulation import Simulation

EMBEDDED = "memory://"
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ACCOUNT = "ADAXXXXXXXXXXXXX"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LEASE = timedelta(seconds=20)


def grant(account: str = ACCOUNT, **changes: Any) -> Grant:
    usual: dict[str, Any] = {
        "user": f"https://api.calendly.com/users/{account}",
        "organization": "https://api.calendly.com/organizations/ORG",
        "scopes": ("users:read",),
        "access_token": f"access-of-{account}",
        "refresh_token": f"refresh-of-{account}",
        "expires_at": NOW + timedelta(hours=2),
        "connected_at": NOW,
    }
    return Grant(account=account, **(usual | changes))


def grants_on(store: Redis, *keys: bytes) -> Grants:
    return Grants(StateStore(store), Sealer(keys or (KEY,), PURPOSE))


def leases_on(store: Redis) -> Leases:
    return Leases(StateStore(store))


def application_on(calendly: Simulation, *, native: bool = False, **changes: Any) -> Application:
    """The simulator's seeded web client, or its native one."""
    origin = str(calendly.http.base_url)
    usual: dict[str, Any] = {
        "client_id": "simulator-native-client" if native else "simulator-web-client",
        "client_secret": None if native else SecretStr("simulator-web-client-secret"),
        "scopes": "users:read event_types:read",
        "origin": origin,
        "api_origin": origin,
    }
    return Application(**(usual | changes))


@asynccontextmanager
async def authorization_on(
    calendly: Simulation, *, native: bool = False, deadline: float = 10.0, **changes: Any
) -> AsyncIterator[Authorization]:
    """`deadline` in seconds; `changes` of the application."""
    options = replace(OPTIONS, read_deadline=timedelta(seconds=deadline))
    authorization = Authorization(application_on(calendly, native=native, **changes), calendly.clock, options)
    try:
        yield authorization
    finally:
        await authorization.aclose()


async def connected(calendly: Simulation, user: str = "ada") -> Grant:
    """What a host has granted a moment ago, and nobody has stored."""
    told = await clients.Application(calendly=calendly).connect(user)
    return Grant(
        account=told["owner"].rsplit("/", 1)[1],
        user=told["owner"],
        organization=told["organization"],
        scopes=tuple(told["scope"].split()),
        access_token=told["access_token"],
        refresh_token=told["refresh_token"],
        expires_at=calendly.clock() + timedelta(seconds=told["expires_in"]),
        connected_at=calendly.clock(),
    )


async def refreshes(calendly: Simulation) -> list[int | None]:
    """How each was answered that Calendly was asked for since its log was cleared; a killed process may send half."""
    return [
        call["status"]
        for call in await calls_of(calendly, "/oauth/token", "POST")
        if call["body"] and call["body"]["grant_type"] == "refresh_token"
    ]


async def accepts(calendly: Simulation, token: SecretStr | None) -> bool:
    """Whether Calendly lets somebody in with it."""
    assert token is not None
    return (await calendly.as_(token.get_secret_value()).get("/users/me")).status_code == 200
