"""All that a trial takes place in: a simulator, a Redis and services, each in processes of their own."""

import asyncio
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.intents import names
from app.intents.naming import Naming
from app.intents.options import ProtocolOptions
from app.store.state import StateStore
from tests.soak.caller import Request, call
from tests.soak.fleet import Fleet, running_fleet
from tests.soak.service import Options
from tests.support.keys import SECRET_KEY
from tests.support.programs import running_simulator_program
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.simulation import ADA

Json = dict[str, Any]

MINUTES = 15
"""From slot to slot, and of each."""

FIRST_SLOT = timedelta(days=10)
"""From today: so far ahead that no window of free times which the service reads begins in the past."""

SLOTS = 48 * 24 * 60 // MINUTES
"""From the first one on, to where the simulator's horizon ends."""

MANY = "assembly"
"""An event type with so many seats that Calendly itself would never refuse a double."""

ONE = "single"
"""An event type with one seat a slot."""

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

FOR_EVER = 1_000_000

WINDOWS_OPEN_FOR = 0.4
"""Seconds between two openings of the quotas."""


@dataclass(frozen=True, slots=True)
class Calendly:
    """The simulator, spoken to by its control calls."""

    port: int

    async def told(self, method: str, path: str, body: Any = None) -> Any:
        answer = await call(self.port, Request(method, f"/_simulator{path}", body))
        assert answer.status < 400, answer.body
        return answer.json

    async def host(self) -> str:
        """The id of whom the token belongs to."""
        answer = await call(self.port, Request("GET", "/users/me", None, {"Authorization": f"Bearer {ADA}"}))
        return str(answer.json["resource"]["uri"]).rsplit("/", 1)[1]

    async def settings(self, **changes: Any) -> None:
        await self.told("PATCH", "/settings", changes)

    async def plan(self, kind: str, match: Json, *, times: int = 1, **fault: Any) -> None:
        await self.told("POST", "/faults", {"match": match, "times": times, "fault": {"kind": kind, **fault}})

    async def bookings(self) -> Counter[str]:
        """How many active bookings each address has."""
        events = (await self.told("GET", "/bookings"))["items"]
        return Counter(
            invitee["email"]
            for event in events
            for invitee in event["invitees"]
            if invitee["status"] == "active"
        )

    async def blind(self) -> None:
        """Whoever lists events is told that there are none: as if nobody had looked."""
        nothing = {"count": 0, "next_page": None, "previous_page": None, "next_page_token": None}
        body = {"collection": [], "pagination": nothing}
        match = {"method": "GET", "path": "^/scheduled_events$"}
        await self.plan("status", match, times=FOR_EVER, status=200, body=body)

    async def calls(self, method: str, path: str) -> list[Json]:
        items: list[Json] = (await self.told("GET", "/calls"))["items"]
        return [item for item in items if (item["method"], item["path"]) == (method, path)]


@dataclass(frozen=True, slots=True)
class World:
    calendly: Calendly
    state: Redis
    fleet: Fleet
    naming: Naming
    account: str
    """The id of the host."""

    async def state_of(self, key: str) -> str:
        """How far the attempt with this key has come, by what is written down; `none` where nothing is."""
        named = await self.naming.names()
        intent = await self._field(names.key(named.of("key", self.account, key)), "intent")
        return await self._field(names.intent(intent), "state") or "none"

    async def _field(self, name: str, field: str) -> str:
        value = await self.state.hget(name, field)
        return value.decode() if isinstance(value, bytes) else ""


def slot(number: int) -> str:
    """The start of the slot with this number, from 0 to `SLOTS`."""
    midnight = datetime.combine(datetime.now(UTC).date(), time.min, UTC)
    return (midnight + FIRST_SLOT + number % SLOTS * timedelta(minutes=MINUTES)).isoformat()


def settings_of(calendly: str, redis: RedisServer) -> dict[str, str]:
    return {
        "CALENDLY_TOKEN": ADA,
        "CALENDLY_API_URL": calendly,
        "CALENDLY_TIER": "enterprise",
        "BFF_REDIS_URL": redis.url(CACHE),
        "BFF_STATE_URL": redis.url(STATE),
        "BFF_SECRET_KEYS": SECRET_KEY,
        "BFF_EVENT_TYPES": f"{MANY},{ONE}",
        "BFF_LOG_LEVEL": "warning",
    }


@asynccontextmanager
async def running_neighbours(folder: Path) -> AsyncIterator[tuple[Calendly, RedisServer, dict[str, str]]]:
    """A Calendly, a Redis, and what a service is to be told of them."""
    with running_redis(folder) as redis, running_simulator_program(folder) as address:
        calendly = Calendly(int(address.rsplit(":", 1)[1]))
        await _furnish(calendly)
        yield calendly, redis, settings_of(address, redis)


@asynccontextmanager
async def running_world(folder: Path, protocol: ProtocolOptions, **settings: str) -> AsyncIterator[World]:
    """Where quotas never bound anything: what is tried here is something else."""
    async with (
        running_neighbours(folder) as (calendly, redis, told),
        Redis(host="127.0.0.1", port=redis.port, db=STATE) as state,
        running_fleet(folder, told | settings, Options(protocol=protocol)) as fleet,
        without_quotas(calendly, state),
    ):
        naming = Naming(StateStore(state), [b64decode(SECRET_KEY)])
        yield World(calendly, state, fleet, naming, await calendly.host())


async def _furnish(calendly: Calendly) -> None:
    """Ada works day and night, and Calendly takes its time."""
    always = [{"type": "wday", "wday": day, "intervals": [{"from": "00:00", "to": "24:00"}]} for day in WEEK]
    await calendly.told("PATCH", "/users/ada", {"rules": always})
    await calendly.settings(tier="enterprise", latencyMs=20)
    usual = {"duration": MINUTES, "start_time_increment": MINUTES, "minimum_notice": 0}
    for slug, fields in {MANY: {"kind": "group", "seats": 10_000}, ONE: {}}.items():
        await calendly.told("POST", "/event_types", {"slug": slug, "name": slug, **usual, **fields})


@asynccontextmanager
async def without_quotas(calendly: Calendly, state: Redis) -> AsyncIterator[None]:
    # Told to end, and not cancelled: on Python 3.11 a cancellation gets lost in the Redis client now and then.
    over = asyncio.Event()
    task = asyncio.create_task(_open_windows(calendly, state, over))
    try:
        yield
    finally:
        over.set()
        await task


async def _open_windows(calendly: Calendly, state: Redis, over: asyncio.Event) -> None:
    """Both counts begin anew: Calendly's, as its clock goes back before each window began; ours is forgotten."""
    offset, opened = 0.0, monotonic()
    while not over.is_set():
        passed, opened = monotonic() - opened, monotonic()
        offset -= 2 * passed
        await calendly.settings(clockOffsetSeconds=offset)
        with suppress(RedisError, OSError):
            if counts := await state.keys("bff:*{budget:*"):
                await state.delete(*counts)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), WINDOWS_OPEN_FOR)
