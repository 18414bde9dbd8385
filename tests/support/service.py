"""The service for tests: the real application with its real lifespan, spoken to as a front end does."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from pydantic import SecretStr

from app import API
from app.accounts.account import Account
from app.calendly_settings import CalendlySettings
from app.intents.options import ProtocolOptions
from app.main import create_app
from app.resources import Clock, Resources
from app.settings import BffSettings, Settings
from tests.support.canary_watch import watched
from tests.support.contract import assert_kept
from tests.support.keys import SECRET_KEY
from tests.support.serving import serve
from tests.support.simulation import ADA, Simulation

ORIGIN = "https://booking.example.test"
"""The one front end that may call from a browser."""

Json = dict[str, Any]

SOON = ProtocolOptions(
    quiet=timedelta(milliseconds=600),
    first_look=timedelta(milliseconds=50),
    longest_wait=timedelta(milliseconds=200),
    poll=timedelta(milliseconds=50),
    hold=timedelta(seconds=2),
)
"""The protocol in a hurry: what became of a booking is known within two seconds."""

PATIENT = timedelta(seconds=8)
"""For a read, on machines that now and then stand still for seconds; tests of that deadline set their own."""

_USUAL: Json = {"allowed_origins": (ORIGIN,), "secret_keys": (SecretStr(SECRET_KEY),)}


@dataclass(frozen=True, slots=True)
class Service:
    """Paths are given without `/api/v1`. Every answer is held to the API document as it passes."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def account(self) -> Account:
        """The one that it serves."""
        owned: Resources = self.app.state.resources
        [account] = owned.accounts.all()
        return account

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(API + path, params=params)

    def forget(self) -> None:
        """The free times it remembers: as if it had missed what others say of them."""
        self.account.buckets.miss()

    async def availability(self, slug: str = "intro-call", **params: Any) -> Json:
        answer = await self.get(f"/event-types/{slug}/availability", **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def free(self, slug: str, **params: Any) -> list[str]:
        """The starts on offer, in order."""
        found = await self.availability(slug, **params)
        return [slot["start"] for day in found["days"] for slot in day["slots"]]

    async def booking(self, slug: str = "intro-call", **changes: Any) -> Json:
        """A body for the first free time; enough for an event type that asks for nothing."""
        return booking_body(slug, (await self.free(slug))[0]) | changes

    async def book(self, body: Json, key: str | None = None) -> httpx.Response:
        """With a key of its own unless one is given."""
        return await self.http.post(
            f"{API}/bookings", json=body, headers={"Idempotency-Key": key or str(uuid4())}
        )

    async def preflight(self, body: Json) -> httpx.Response:
        return await self.http.post(f"{API}/bookings/preflight", json=body)

    async def manage(self, booking: Json, part: str = "", body: Json | None = None) -> httpx.Response:
        """With the token that came with the booking: a GET, or a POST of `body`."""
        return await self.http.request(
            "GET" if body is None else "POST",
            f"{API}/bookings/{booking['id']}{part}",
            json=body,
            headers={"Authorization": f"Bearer {booking['manage']['token']}"},
        )

    async def settled(self, booking: Json) -> Json:
        """Read it until it is known what became of it."""
        for _ in range(200):
            answer = await self.manage(booking)
            assert answer.status_code == 200, answer.text
            if answer.json()["status"] != "confirming":
                return dict(answer.json())
            await asyncio.sleep(0.1)
        raise TimeoutError


def booking_body(slug: str, start: str) -> Json:
    return {
        "eventTypeId": slug,
        "start": start,
        "timeZone": "Europe/Berlin",
        "invitee": {"name": "Grace Example", "email": "grace@example.test"},
    }


def settings_for(calendly_url: str, **bff: Any) -> Settings:
    """For Ada's account on that simulator; on embedded stores, unless `bff` says otherwise."""
    return Settings(
        calendly=CalendlySettings(token=SecretStr(ADA), api_url=calendly_url, read_timeout=PATIENT),
        bff=BffSettings(**(_USUAL | bff)),
    )


@asynccontextmanager
async def running_service(
    settings: Settings, clock: Clock, protocol: ProtocolOptions | None = None
) -> AsyncIterator[Service]:
    """In process: the whole application, middleware and lifespan included."""
    app = create_app(settings, clock=clock, protocol=protocol)
    async with (
        LifespanManager(watched(app)) as manager,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(manager.app),
            base_url="http://bff.example.test",
            event_hooks={"response": [assert_kept]},
        ) as http,
    ):
        yield Service(app, http)


@contextmanager
def served_service(settings: Settings, clock: Clock) -> Iterator[str]:
    """Behind a real socket; gives its base URL."""
    with serve(watched(create_app(settings, clock=clock)), patience=2.0) as base_url:
        yield base_url


async def calls_of(calendly: Simulation, path: str, method: str = "GET") -> list[Mapping[str, Any]]:
    """What Calendly was asked on this path since its log was cleared."""
    items: list[Mapping[str, Any]] = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return [call for call in items if (call["method"], call["path"]) == (method, path)]


async def sent(calendly: Simulation, path: str = "/invitees", method: str = "POST") -> None:
    """Wait until Calendly has such a call on its desk."""
    for _ in range(500):
        if await calls_of(calendly, path, method):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def clear_calls(calendly: Simulation) -> None:
    await calendly.http.delete("/_simulator/calls")


async def plan_fault(
    calendly: Simulation,
    kind: str,
    *,
    path: str = "",
    method: str | None = None,
    times: int = 1,
    **fault: Any,
) -> None:
    """The next calls that match go wrong."""
    match = {"path": path} | ({"method": method} if method else {})
    plan = {"match": match, "times": times, "fault": {"kind": kind, **fault}}
    answer = await calendly.http.post("/_simulator/faults", json=plan)
    assert answer.status_code == 201, answer.text
