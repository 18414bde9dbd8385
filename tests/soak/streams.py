"""`make soak-streams`: hundreds who listen at two replicas while somebody books, and thousands at one."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
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
from tests.soak.command import TrialsByName, run
from tests.soak.findings import Findings
from tests.soak.visitor import Visitor
from tests.soak.waiting import Stopwatch, until
from tests.soak.world import ONE, Json, running_neighbours, slot, without_quotas
from tests.support.event_streams import EventSource, listening
from tests.support.ports import free_port
from tests.support.programs import BIN, running
from tests.support.redis import STATE, RedisServer

REPLICAS = 2
LISTENERS = 500
HEARD_WITHIN = 1.0
"""Seconds after the 201."""

MAY_TAKE = 50.0
"""Kilobytes of memory that a listener costs, all told."""

FIRST = 50
"""Listeners until a process has what it keeps for all of them."""

OPENED_AT_ONCE = 50
SUBSCRIBED_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Square:
    """Replicas as an operator runs them, on one Redis."""

    ports: list[int]
    pids: list[int]


@asynccontextmanager
async def running_square(folder: Path, replicas: int) -> AsyncIterator[Square]:
    async with AsyncExitStack() as stack:
        calendly, redis, told = await stack.enter_async_context(running_neighbours(folder))
        state = await stack.enter_async_context(Redis(host="127.0.0.1", port=redis.port, db=STATE))
        await stack.enter_async_context(without_quotas(calendly, state))
        ports, pids = [free_port() for _ in range(replicas)], []
        for port in ports:
            command = [str(BIN / "calendly-bff"), "serve", "--port", str(port)]
            log = folder / f"service-{port}.log"
            pids.append(stack.enter_context(running(command, port=port, log=log, settings=told)).pid)
        await _subscribed(redis, replicas)
        yield Square(ports, pids)


async def _subscribed(redis: RedisServer, replicas: int) -> None:
    async def are_all() -> bool:
        told = await asyncio.to_thread(redis.told, "PUBSUB", "NUMSUB", keys.happenings())
        return bool(told[1] == replicas)

    async with asyncio.timeout(SUBSCRIBED_WITHIN):
        await until(are_all, every=0.05)


async def run_bookings(folder: Path, times: int, listeners: int = LISTENERS) -> Findings:
    """Each is heard by all, and at no replica is its slot free any more."""
    watch, late, missed, still_free = Stopwatch(), [], 0, 0
    async with running_square(folder, REPLICAS) as square, AsyncExitStack() as stack:
        sources = await _opened(stack, square.ports, listeners)
        for number in range(times):
            hearing = [asyncio.create_task(_heard(source, slot(number))) for source in sources]
            visitor = Visitor(f"visitor-{number}@example.test", ONE, slot(number))
            answer = await visitor.submit(square.ports[number % REPLICAS])
            booked_at = monotonic()
            still_free += answer.status != 201
            still_free += sum([await _is_free(port, slot(number)) for port in square.ports])
            heard = await asyncio.gather(*hearing, return_exceptions=True)
            late += [at - booked_at for at in heard if isinstance(at, float)]
            missed += sum(isinstance(at, BaseException) for at in heard)
    return Findings(
        name=f"bookings, with {listeners} listeners on {REPLICAS} replicas",
        trials=times,
        wrong={
            "not heard": missed,
            "heard after 1 s": sum(each > HEARD_WITHIN for each in late),
            "not booked, or still free": still_free,
            "nothing heard": int(not late),
        },
        told={
            "heard": len(late),
            "after the 201, or before it (ms)": _spread(late),
        },
        seconds=watch.seconds,
    )


async def run_crowd(folder: Path, listeners: int) -> Findings:
    """What each of so many costs a process; what they leave when they are gone; and the same once more."""
    watch = Stopwatch()
    _raise_limit()
    async with running_square(folder, 1) as square:
        [port], [pid] = square.ports, square.pids
        grown = []
        for _ in range(2):
            async with AsyncExitStack() as stack:
                await _opened(stack, [port], FIRST)
                before = _resident(pid)
                await _opened(stack, [port], listeners - FIRST)
                grown.append((_resident(pid) - before, _resident(pid)))
            await _left(port)
    each = grown[0][0] / (listeners - FIRST)
    return Findings(
        name="listeners on one replica",
        trials=listeners,
        wrong={
            f"more than {MAY_TAKE:.0f} kB each": int(each > MAY_TAKE),
            "more the second time": int(grown[1][1] > grown[0][1] + listeners * MAY_TAKE / 10),
        },
        told={"kB each": f"{each:.1f}", "resident (MB)": " ".join(f"{all_ / 1024:.0f}" for _, all_ in grown)},
        seconds=watch.seconds,
    )


async def _opened(stack: AsyncExitStack, ports: list[int], number: int) -> list[EventSource]:
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


async def _heard(source: EventSource, start: str) -> float:
    """When it was heard that the slot is taken. Raises `TimeoutError`, `EOFError`."""
    while True:
        event = await source.next()
        if event.name == "slot.taken" and _instant(event.data["start"]) == _instant(start):
            return monotonic()


async def _is_free(port: int, start: str) -> bool:
    day = _instant(start).date()
    path = f"{API}/event-types/{ONE}/availability?from={day}&to={day}&timeZone=UTC"
    answer: Json = (await call(port, Request("GET", path))).json
    return any(_instant(each["start"]) == _instant(start) for day in answer["days"] for each in day["slots"])


async def _left(port: int) -> None:
    async def are_gone() -> bool:
        told = (await call(port, Request("GET", "/metrics"))).body.decode()
        return "\nbff_event_streams 0.0\n" in told

    async with asyncio.timeout(SUBSCRIBED_WITHIN):
        await until(are_gone, every=0.1)


def _instant(start: str) -> datetime:
    return datetime.fromisoformat(start).astimezone(UTC)


def _resident(pid: int) -> int:
    """Kilobytes."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


def _raise_limit() -> None:
    """Of open files: each listener is one of this process, too."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    return f"p50 {percentile(seconds, 0.5) * 1000:.0f} p99 {percentile(seconds, 0.99) * 1000:.0f}"


TRIALS: TrialsByName = {"bookings": (20, run_bookings), "listeners": (5000, run_crowd)}

if __name__ == "__main__":
    run("tests.soak.streams", TRIALS)
