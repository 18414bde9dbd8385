"""Replicas as an operator runs them, on one Redis, and those who listen to their event streams."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from time import monotonic

from redis.asyncio import Redis

from app import API
from app.cache import keys
from benchmarks.figures import percentile
from tests.soak.caller import Request, call
from tests.soak.waiting import until
from tests.soak.world import ONE, Json, running_neighbours, without_quotas
from tests.support.event_streams import EventSource, listening
from tests.support.ports import free_port
from tests.support.programs import BIN, running
from tests.support.redis import STATE, RedisServer

REPLICAS = 2
HEARD_WITHIN = 1.0
"""Seconds after the answer to whoever booked."""

OPENED_AT_ONCE = 50
SUBSCRIBED_WITHIN = 30.0

Happening = tuple[str, str]
"""What a stream tells, `slot.taken` or `slot.freed`, and of which start."""


@dataclass(frozen=True, slots=True)
class Square:
    """Where the replicas listen, and as which processes they run."""

    ports: list[int]
    pids: list[int]


@asynccontextmanager
async def running_square(folder: Path, replicas: int) -> AsyncIterator[Square]:
    async with AsyncExitStack() as stack:
        calendly, redis, told = await stack.enter_async_context(running_neighbours(folder))
        state = await stack.enter_async_context(Redis(host="127.0.0.1", port=redis.port, db=STATE))
        await stack.enter_async_context(without_quotas(calendly, state))
        ports = [free_port() for _ in range(replicas)]
        pids = [stack.enter_context(serving(folder, port, told)) for port in ports]
        await subscribed(redis, replicas)
        yield Square(ports, pids)


@contextmanager
def serving(folder: Path, port: int, told: Mapping[str, str]) -> Iterator[int]:
    """Its process id."""
    command = [str(BIN / "calendly-bff"), "serve", "--port", str(port)]
    with running(command, port=port, log=folder / f"service-{port}.log", settings=told) as process:
        yield process.pid


async def subscribed(redis: RedisServer, replicas: int) -> None:
    """Wait until so many hear what happens to slots."""

    async def are_all() -> bool:
        told = await asyncio.to_thread(redis.told, "PUBSUB", "NUMSUB", keys.happenings())
        return bool(told[1] == replicas)

    async with asyncio.timeout(SUBSCRIBED_WITHIN):
        await until(are_all, every=0.05)


async def opened(stack: AsyncExitStack, ports: list[int], number: int) -> list[EventSource]:
    async def open_one(port: int) -> EventSource:
        source = await stack.enter_async_context(listening(port, ONE))
        assert source.status == 200, source.head
        await source.begun()
        return source

    found: list[EventSource] = []
    at = cycle(ports)
    while len(found) < number:
        some = min(OPENED_AT_ONCE, number - len(found))
        found += await asyncio.gather(*(open_one(next(at)) for _ in range(some)))
    return found


async def heard(source: EventSource, happenings: Collection[Happening]) -> float:
    """When all of it had been heard. Raises `TimeoutError`, `EOFError`."""
    left = {(name, instant(start)) for name, start in happenings}
    while left:
        event = await source.next()
        if "start" in event.data:
            left.discard((event.name, instant(event.data["start"])))
    return monotonic()


async def is_free(port: int, start: str) -> bool:
    return instant(start) in await free_times(port, start, start)


async def free_times(port: int, first: str, last: str) -> set[datetime]:
    """On the dates from that of one start to that of another."""
    dates = f"from={instant(first).date()}&to={instant(last).date()}"
    path = f"{API}/event-types/{ONE}/availability?{dates}&timeZone=UTC"
    answer: Json = (await call(port, Request("GET", path))).json
    return {instant(each["start"]) for day in answer["days"] for each in day["slots"]}


def instant(start: str) -> datetime:
    return datetime.fromisoformat(start).astimezone(UTC)


def spread(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    return f"p50 {percentile(seconds, 0.5) * 1000:.0f} p99 {percentile(seconds, 0.99) * 1000:.0f}"
