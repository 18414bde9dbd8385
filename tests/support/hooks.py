"""Deliveries as Calendly sends them, made and signed here, and a service that believes them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from app.settings import Settings
from app.webhooks.signatures import HEADER, digest
from app.webhooks.subscriptions import PATH
from tests.soak.waiting import until
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import SOON, Service, running_service, served_service, settings_for
from tests.support.simulation import Json, Simulation

KEY = "a-signing-key-of-the-tests"
PATIENCE = 20.0
"""Seconds for what is delivered to be carried out."""

OTHER_KEY = "another-signing-key-of-the-tests"
ORIGIN = "https://calendly.example.test"
USER = f"{ORIGIN}/users/ADAAAAAAAAAAAAAA"
EVENT_TYPE = f"{ORIGIN}/event_types/INTROCALLAAAAAAA"
START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def delivery(event: str = "invitee.created", invitee: str = "IN1", **changes: Any) -> Json:
    """About an invitee of an event of their own. `changes` of the payload; with `scheduled_event`, of that part."""
    seat = {
        "uri": f"{ORIGIN}/scheduled_events/EV-{invitee}",
        "name": "Intro call",
        "status": "active",
        "start_time": START.isoformat(),
        "end_time": (START + timedelta(minutes=30)).isoformat(),
        "event_type": EVENT_TYPE,
        "location": {"type": "google_conference", "status": "processing", "join_url": None},
        "invitees_counter": {"total": 1, "active": 1, "limit": 1},
        "event_memberships": [{"user": USER, "user_email": "host@example.test", "user_name": "Ada Example"}],
        "event_guests": [],
    }
    payload = {
        "uri": uri_of(invitee),
        "email": "grace@example.test",
        "name": "Grace Example",
        "first_name": None,
        "last_name": None,
        "status": "active" if event == "invitee.created" else "canceled",
        "timezone": "Europe/Berlin",
        "event": seat["uri"],
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
    }
    seat |= changes.pop("scheduled_event", {})
    return {
        "event": event,
        "created_at": "2026-11-23T06:00:00.000000Z",
        "created_by": USER,
        "payload": payload | changes | {"scheduled_event": seat},
    }


def event_type_delivery(event: str = "event_type.updated", **changes: Any) -> Json:
    payload = {"uri": EVENT_TYPE, "name": "Intro call", "profile": {"type": "User", "owner": USER}}
    return {
        "event": event,
        "created_at": "2026-11-23T06:00:00.000000Z",
        "created_by": USER,
        "payload": payload | changes,
    }


def uri_of(invitee: str) -> str:
    return f"{ORIGIN}/scheduled_events/EV-{invitee}/invitees/{invitee}"


def signature(body: bytes, at: datetime, *keys: str) -> str:
    """The value of the header; with several keys, several signatures."""
    seconds = str(int(at.timestamp()))
    parts = [f"v1={digest(key.encode(), seconds, body)}" for key in keys or (KEY,)]
    return ",".join([f"t={seconds}", *parts])


async def deliver(
    http: httpx.AsyncClient, message: Json | bytes, at: datetime, *keys: str, path: str = PATH
) -> httpx.Response:
    """Signed at that time."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return await http.post(path, content=body, headers={HEADER: signature(body, at, *keys)})


def believing(settings: Settings, *keys: str) -> Settings:
    """The same, for a service that believes what is signed with one of these keys."""
    known = tuple(SecretStr(key) for key in keys or (KEY,))
    return settings.model_copy(
        update={"calendly": settings.calendly.model_copy(update={"webhook_keys": known})}
    )


@asynccontextmanager
async def running_receiver(
    calendly: Simulation, redis: RedisServer, keys: Sequence[str] = (KEY,), **bff: Any
) -> AsyncIterator[Service]:
    """In process, on Ada's account."""
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    settings = believing(settings_for(str(calendly.http.base_url), **(stores | bff)), *keys)
    async with running_service(settings, calendly.clock, SOON) as service:
        yield service


@contextmanager
def served_receiver(calendly: Simulation, redis: RedisServer, **bff: Any) -> Iterator[str]:
    """Behind a real socket, so that the simulator can deliver to it."""
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    settings = believing(settings_for(str(calendly.http.base_url), **(stores | bff)))
    with served_service(settings, calendly.clock) as url:
        yield url


async def own(calendly: Simulation, **changes: Any) -> Json:
    """A delivery about a booking of Ada's, as it would stand at this simulator."""
    me = await calendly.me()
    hosts = {"event_memberships": [{"user": me}]} | changes.pop("scheduled_event", {})
    return delivery(**changes, scheduled_event=hosts) | {"created_by": me}


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        await until(is_so, every=0.02)


async def counted(service: Service, outcome: str) -> int:
    """How many deliveries had this outcome so far."""
    name = f'bff_webhook_deliveries_total{{outcome="{outcome}"}} '
    lines = (await service.http.get("/metrics")).text.splitlines()
    return next((int(float(line.removeprefix(name))) for line in lines if line.startswith(name)), 0)
