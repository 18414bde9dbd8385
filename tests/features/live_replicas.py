"""Replicas behind real sockets that have subscribed, and what a page hears of free times from one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from app import API
from app.cache import keys
from tests.soak.waiting import until
from tests.support.event_streams import Event, EventSource
from tests.support.loopback import NOBODY
from tests.support.ready_service import serving
from tests.support.redis import RedisServer
from tests.support.service import Json, booking_body
from tests.support.simulation import Simulation

SLUG = "intro-call"


@dataclass(frozen=True)
class Replica:
    port: int
    http: httpx.AsyncClient

    async def free(self, slug: str = SLUG) -> list[str]:
        answer = await self.http.get(f"{API}/event-types/{slug}/availability", params={"timeZone": "UTC"})
        return [slot["start"] for day in answer.json()["days"] for slot in day["slots"]]

    async def id_of(self, slug: str) -> str:
        return str((await self.http.get(f"{API}/event-types/{slug}")).json()["id"])

    async def book(self, start: str, slug: str = SLUG, **changes: Any) -> Json:
        body = booking_body(slug, start) | changes
        answer = await self.http.post(f"{API}/bookings", json=body, headers={"Idempotency-Key": str(uuid4())})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def manage(self, booking: Json, what: str, body: Json) -> Json:
        token = {"Authorization": f"Bearer {booking['manage']['token']}"}
        answer = await self.http.post(f"{API}/bookings/{booking['id']}/{what}", json=body, headers=token)
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())

    async def figure(self, name: str) -> float:
        text = (await self.http.get("/metrics")).text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


@asynccontextmanager
async def speaking_to(port: int) -> AsyncIterator[Replica]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=NOBODY, timeout=30) as http:
        yield Replica(port, http)


@asynccontextmanager
async def running_replicas(calendly: Simulation, redis: RedisServer) -> AsyncIterator[list[Replica]]:
    """Two, that have subscribed."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(2):
            served = stack.enter_context(serving(calendly, redis))
            found.append(await stack.enter_async_context(speaking_to(served.port)))
        await _all_subscribed(redis, 2)
        yield found


async def _all_subscribed(redis: RedisServer, number: int) -> None:
    async def are_there() -> bool:
        told = await asyncio.to_thread(redis.told, "PUBSUB", "NUMSUB", keys.happenings())
        return bool(told[1] == number)

    async with asyncio.timeout(20):
        await until(are_there, every=0.02)


def slot_event(name: str, event_type: str, start: str) -> tuple[str, Json]:
    at = datetime.fromisoformat(start).astimezone(UTC)
    return name, {"eventTypeId": event_type, "start": f"{at:%Y-%m-%dT%H:%M:%SZ}"}


def days_event(event_type: str, start: str) -> tuple[str, Json]:
    day = datetime.fromisoformat(start).astimezone(UTC).date()
    dates = [(day + timedelta(days=number)).isoformat() for number in (-1, 0, 1)]
    return "availability.changed", {"eventTypeId": event_type, "dates": dates}


def said(event: Event) -> tuple[str, Json]:
    return event.name, event.data


async def heard(source: EventSource, number: int) -> list[tuple[str, Json]]:
    return [said(await source.next()) for _ in range(number)]
