"""A service that accounts are connected to, and what operator, host and Calendly do to get there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import SecretStr

from app.accounts.account import Account
from app.accounts.connecting import Connecting
from app.calendly_settings import CalendlySettings
from app.resources import Resources
from app.settings import BffSettings, Settings
from tests.support.keys import SECRET_KEY
from tests.support.oauth import Application
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import ORIGIN, PATIENT, Json, Service, running_service
from tests.support.simulation import ADA, Simulation

OPERATOR_KEY = "operator-key-for-tests-alone-0123456789"
OPERATOR = {"Authorization": f"Bearer {OPERATOR_KEY}"}


def settings_to_connect(
    calendly: Simulation, redis: RedisServer, *, token: str | None = None, **bff: Any
) -> Settings:
    """With the simulator's seeded web client. `token`: of an account that is there from the start."""
    url = str(calendly.http.base_url)
    usual: Json = {
        "redis_url": redis.url(CACHE),
        "state_url": redis.url(STATE),
        "secret_keys": (SecretStr(SECRET_KEY),),
        "operator_key": SecretStr(OPERATOR_KEY),
        "allowed_origins": (ORIGIN,),
    }
    return Settings(
        calendly=CalendlySettings(
            token=None if token is None else SecretStr(token),
            api_url=url,
            oauth_url=url,
            oauth_client_id="simulator-web-client",
            oauth_client_secret=SecretStr("simulator-web-client-secret"),
            read_timeout=PATIENT,
        ),
        bff=BffSettings(**(usual | bff)),
    )


@asynccontextmanager
async def connecting_service(
    calendly: Simulation, redis: RedisServer, *, token: str | None = None, **bff: Any
) -> AsyncIterator[Service]:
    settings = settings_to_connect(calendly, redis, token=token, **bff)
    async with running_service(settings, calendly.clock) as service:
        yield service


@asynccontextmanager
async def both_connected(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """Ada and Grace."""
    async with connecting_service(calendly, redis) as service:
        for user in ("ada", "grace"):
            assert (await connect(service, calendly, user)).status_code == 200
        await calendly.http.delete("/_simulator/calls")
        yield service


async def new_link(bff: Service) -> str:
    """Its path."""
    answer = await bff.http.post("/connect/links", headers=OPERATOR)
    assert answer.status_code == 201, answer.text
    return urlsplit(str(answer.json()["url"])).path


async def begun(bff: Service) -> Json:
    """What Calendly is asked by a host who has followed a new link."""
    answer = await bff.http.post(await new_link(bff))
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def decided(calendly: Simulation, asked: Json, user: str, decision: str = "grant") -> Json:
    """What the host's browser brings back."""
    answer = await calendly.http.post("/oauth/authorize", data=asked | {"user": user, "decision": decision})
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def come_back(bff: Service, brought: Json) -> httpx.Response:
    return await bff.http.get("/oauth/callback", params=brought)


async def connect(
    bff: Service, calendly: Simulation, user: str = "ada", decision: str = "grant"
) -> httpx.Response:
    return await come_back(bff, await decided(calendly, await begun(bff), user, decision))


def owned(bff: Service) -> Resources:
    found: Resources = bff.app.state.resources
    return found


def connecting_of(bff: Service) -> Connecting:
    found = owned(bff).connecting
    assert found is not None
    return found


async def id_of(calendly: Simulation, token: str = ADA) -> str:
    return (await calendly.as_(token).me()).rsplit("/", 1)[1]


async def account_of(bff: Service, calendly: Simulation, token: str = ADA) -> Account:
    found = await owned(bff).accounts.with_id(await id_of(calendly, token))
    assert found is not None
    return found


async def revoked(bff: Service, calendly: Simulation, token: str) -> None:
    """This host takes the consent back at Calendly."""
    grant = await connecting_of(bff).grants.get(await id_of(calendly, token))
    assert grant is not None
    assert (await Application(calendly=calendly).revoke(grant.refresh_token)).status_code == 200
