"""A service whose way to Calendly may break, and a witness who holds it to what it has told."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.settings import Settings
from tests.faults.detour import Detour
from tests.soak.waiting import until
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import SOON, Json, Service, running_service, settings_for
from tests.support.simulation import Simulation
from tests.support.stopwatch import Stopwatch

READ_TIMEOUT = timedelta(seconds=3)
BOOKING_TIMEOUT = timedelta(seconds=1)
"""For which a booking waits for Calendly here; in production at least two, and eighteen unless set."""

BRISK = replace(
    SOON,
    lease=timedelta(seconds=3),
    send_within=timedelta(seconds=1.5),
    answer_within=timedelta(seconds=1.5),
    quiet=timedelta(milliseconds=400),
)
"""So that what a process left undone is taken up soon, too."""

HEALED_WITHIN = 10.0
"""Seconds, once a fault is over."""

Person = tuple[str, datetime]
"""E-mail and start."""


@dataclass(slots=True)
class Witness:
    """Remembers which bookings visitors were told to have."""

    told: set[Person] = field(default_factory=set)

    async def hear(self, answer: httpx.Response) -> None:
        if answer.headers.get("Content-Type") != "application/json" or answer.status_code not in {200, 201}:
            return
        booking = json.loads(await answer.aread())
        if isinstance(booking, dict) and booking.get("status") == "confirmed":
            self.told.add((booking["invitee"]["email"], datetime.fromisoformat(booking["start"])))

    async def swear(self, calendly: Simulation) -> None:
        """Nobody was told of a booking that Calendly never had, and nobody has one twice."""
        seats = [
            (event["status"], event["event_type"], invitee["email"], _instant(event["start_time"]))
            for event in await events(calendly)
            for invitee in event["invitees"]
        ]
        active = Counter(seat[1:] for seat in seats if seat[0] == "active")
        assert [seat for seat, count in active.items() if count > 1] == []
        assert self.told <= {(email, start) for _, _, email, start in seats}


@dataclass(frozen=True, slots=True)
class Scene:
    bff: Service
    calendly: Simulation
    way: Detour
    redis: RedisServer


def settings_on(
    origin: str, redis: RedisServer, booking_timeout: timedelta = BOOKING_TIMEOUT, **bff: Any
) -> Settings:
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    usual = settings_for(origin, **(stores | bff))
    changes = {"tier": "enterprise", "read_timeout": READ_TIMEOUT, "booking_timeout": booking_timeout}
    return usual.model_copy(update={"calendly": usual.calendly.model_copy(update=changes)})


@asynccontextmanager
async def witnessed(settings: Settings, calendly: Simulation) -> AsyncIterator[Service]:
    """A service; at the end, what it has told is held against what Calendly has."""
    witness = Witness()
    async with running_service(settings, calendly.clock, BRISK) as bff:
        bff.http.event_hooks["response"].append(witness.hear)
        yield bff
    await witness.swear(calendly)


async def events(calendly: Simulation) -> list[Json]:
    """Every event that was booked or canceled, with its invitees."""
    items: list[Json] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    return items


async def active(calendly: Simulation) -> list[datetime]:
    """The starts of what Grace has booked and not canceled."""
    return [
        _instant(event["start_time"])
        for event in await events(calendly)
        if event["status"] == "active"
        and any(invitee["email"] == "grace@example.test" for invitee in event["invitees"])
    ]


async def healed(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Raises `TimeoutError` where the service does not heal in time."""
    async with asyncio.timeout(HEALED_WITHIN):
        await until(is_so, every=0.1)


async def until_active(calendly: Simulation, number: int) -> None:
    """Wait until Grace has so many bookings."""

    async def are_so_many() -> bool:
        return len(await active(calendly)) == number

    await healed(are_so_many)


async def sent(calendly: Simulation, path: str = "/invitees") -> int:
    """How many POSTs Calendly was sent."""
    items: list[Json] = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return sum((call["method"], call["path"]) == ("POST", path) for call in items)


async def made(bff: Service, slug: str = "intro-call") -> Json:
    """A booking that stands."""
    answer = await bff.book(await bff.booking(slug))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def booked_in_the_end(bff: Service, body: Json, key: str) -> httpx.Response:
    """The last answer of a visitor who repeats what only a wait can mend."""
    answers: list[httpx.Response] = []

    async def is_answered() -> bool:
        answers.append(await bff.book(body, key))
        code = answers[-1].json().get("code", "")
        return answers[-1].status_code != 202 and code not in {"booking_in_flight", "bookings_closed"}

    await healed(is_answered)
    return answers[-1]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    watch = Stopwatch()
    yield
    assert watch.stop() < seconds


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    """With nothing in it of what Calendly said."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert "marker" not in answer.text.lower()


def instant(booking: Json) -> datetime:
    return datetime.fromisoformat(booking["start"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
