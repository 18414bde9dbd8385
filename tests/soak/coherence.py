"""Readers on every replica while somebody books and cancels: for how long is a change not seen?"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from secrets import SystemRandom
from time import monotonic
from typing import Any, TypeAlias

from redis.asyncio import Redis

from app import API
from app.intents.options import ProtocolOptions
from benchmarks.figures import percentile
from tests.soak.caller import Answer, NoAnswerError, Request, call
from tests.soak.findings import Findings
from tests.soak.fleet import running_fleet
from tests.soak.ledger import Ledger, longer_than
from tests.soak.service import Options
from tests.soak.visitor import Visitor
from tests.soak.waiting import Stopwatch, until
from tests.soak.world import ONE, Calendly, running_neighbours, slot, without_quotas
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.way import Way, way_to

REPLICAS = 4

SLOTS = 2 * 96
"""That are booked and given up: those of two days."""

ZONES = ("UTC", "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles")

READ_EVERY = 0.01
"""Seconds between two answers that a reader gets; faster ones would measure how the replicas bear the load."""

LONGEST_PAUSE = 0.3
"""Seconds between two changes."""

TAKEN_WITHIN = 1.0
"""Seconds after the 201, from which nobody may see the slot any more."""

QUIET = 1.5
"""Seconds after the last change of many: longer than anybody may see what was so before."""

RENEWAL = 1.0
"""Seconds by which a slot that was given up may come later than a lifetime: the days are read again by then."""

LIFETIME = 30.0
"""Seconds: what the service has unless it is told otherwise."""

SUBSCRIPTION = b"SUBSCRIBE"

CUT_SECONDS = 10.0

KILLED_EVERY = 0.05

HEARING_WITHIN = 10.0
"""Seconds after a cut, by which every replica listens again."""

random = SystemRandom()


Cut: TypeAlias = Callable[["Town"], AbstractAsyncContextManager[None]]
"""Nobody is told of a change until it ends."""


@dataclass(slots=True)
class Town:
    """Replicas on one Redis, the `way` to its cache, and what was seen of them. `lifetime`: seconds for free times."""

    calendly: Calendly
    redis: RedisServer
    way: Way
    ports: list[int]
    lifetime: float
    ledger: Ledger = field(default_factory=Ledger)
    seen: Counter[str] = field(default_factory=Counter)
    bookings: dict[datetime, Any] = field(default_factory=dict)
    """That stand, by their slots, as they were answered."""
    visitors: Iterator[int] = field(default_factory=count)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def change(self) -> None:
        """Book a slot that is free, or give one up, at any replica."""
        if self.bookings and random.random() < 1 / 2:
            await self._cancel(random.choice([*self.bookings]))
        else:
            await self._book()
        await asyncio.sleep(random.random() * LONGEST_PAUSE)

    async def change_for(self, seconds: float) -> None:
        """At last somebody books, and for a while nothing else happens: whoever has not heard of that, shows it."""
        watch = Stopwatch()
        while watch.seconds < seconds - QUIET:
            await self.change()
        await self._book()
        await asyncio.sleep(QUIET)

    async def _book(self) -> None:
        number = random.choice([number for number in range(SLOTS) if _instant(number) not in self.bookings])
        visitor = Visitor(f"visitor-{next(self.visitors)}@example.test", ONE, slot(number))
        self.ledger.begin(_instant(number))
        answer = await self._answered(201, visitor.submit(random.choice(self.ports)))
        if answer:
            self.ledger.settle(_instant(number), monotonic(), is_taken=True)
            self.bookings[_instant(number)] = answer.json

    async def _cancel(self, start: datetime) -> None:
        booking = self.bookings.pop(start)
        token = {"Authorization": f"Bearer {booking['manage']['token']}"}
        request = Request("POST", f"{API}/bookings/{booking['id']}/cancel", {}, token)
        self.ledger.begin(start)
        if await self._answered(200, call(random.choice(self.ports), request)):
            self.ledger.settle(start, monotonic(), is_taken=False)

    async def read(self, port: int) -> None:
        """One question after the other, in whatever zone, until it is over."""
        first = _instant(0).date()
        range_ = f"from={first - timedelta(days=1)}&to={first + timedelta(days=2)}"
        zones = cycle(ZONES)
        while not self.is_over.is_set():
            path = f"{API}/event-types/{ONE}/availability?{range_}&timeZone={next(zones)}"
            answer = await self._answered(200, call(port, Request("GET", path)))
            if answer:
                came_at = monotonic()
                self.ledger.read(_starts(answer), came_at)
                self.seen["reads"] += 1
            await asyncio.sleep(READ_EVERY)

    async def _answered(self, status: int, answering: Awaitable[Answer]) -> Answer | None:
        """None for any other answer, which is counted."""
        try:
            answer = await answering
        except NoAnswerError:
            self.seen["no answer"] += 1
            return None
        if answer.status == status:
            return answer
        self.seen[f"{answer.status} {answer.code}"] += 1
        return None

    async def hear(self) -> None:
        """Wait until every replica would be told of a change. Raises `TimeoutError`."""
        async with asyncio.timeout(HEARING_WITHIN):
            await until(self._all_listen, every=0.02)

    async def _all_listen(self) -> bool:
        return await asyncio.to_thread(self._listeners) == REPLICAS

    def _listeners(self) -> int:
        """Of the channel that fewest of them hear."""
        channels = self.redis.told("PUBSUB", "CHANNELS")
        return min((int(self.redis.told("PUBSUB", "NUMSUB", channel)[1]) for channel in channels), default=0)

    async def findings(self, name: str, trials: int, seconds: float) -> Findings:
        taken, freed = (self.ledger.unseen(taken=which) for which in (True, False))
        seen = Counter(self.seen)
        return Findings(
            name=name,
            trials=trials,
            wrong={
                "taken and seen after 1 s": longer_than(TAKEN_WITHIN, taken),
                "free and missing after a lifetime": longer_than(self.lifetime + RENEWAL, freed),
                "unlike Calendly": len(await self._booked_at_calendly() ^ self.ledger.taken),
                "other answers": seen.total() - seen["reads"],
                "nothing read": int(not seen["reads"]),
            },
            told={
                "bookings": len(taken),
                "cancellations": len(freed),
                **seen,
                "taken still seen (ms)": _spread(taken),
                "free still missing (ms)": _spread(freed),
            },
            seconds=seconds,
        )

    async def _booked_at_calendly(self) -> set[datetime]:
        events = (await self.calendly.told("GET", "/bookings"))["items"]
        return {datetime.fromisoformat(each["start_time"]) for each in events if each["status"] == "active"}


@asynccontextmanager
async def running_town(
    folder: Path, *, lifetime: float = LIFETIME, doubts: bool = True
) -> AsyncIterator[Town]:
    """With a reader at every replica.

    Unless they doubt, replicas trust what is in their memory, whatever they may not have heard.
    """
    async with (
        running_neighbours(folder) as (calendly, redis, told),
        way_to(redis.port) as way,
        running_fleet(
            folder,
            told | _wishes(way, lifetime),
            Options(protocol=ProtocolOptions(), doubts=doubts),
        ) as fleet,
        Redis(host="127.0.0.1", port=redis.port, db=STATE) as state,
        without_quotas(calendly, state),
    ):
        ports = [(await fleet.start()).port for _ in range(REPLICAS)]
        town = Town(calendly, redis, way, ports, lifetime)
        readers = [asyncio.create_task(town.read(port)) for port in ports]
        try:
            await town.hear()
            yield town
        finally:
            town.is_over.set()
            await asyncio.gather(*readers)


def _wishes(way: Way, lifetime: float) -> dict[str, str]:
    """The cache is reached by that way."""
    return {
        "BFF_REDIS_URL": f"redis://127.0.0.1:{way.port}/{CACHE}",
        "BFF_AVAILABILITY_FRESH": str(lifetime),
    }


async def run_changes(town: Town, times: int) -> Findings:
    """Whatever is given up last is looked at for a lifetime, too."""
    watch = Stopwatch()
    for _ in range(times):
        await town.change()
    await asyncio.sleep(town.lifetime + 2 * RENEWAL)
    return await town.findings("changes, with readers on 4 replicas", times, watch.seconds)


async def run_cuts(town: Town, times: int, cut: Cut, seconds: float = CUT_SECONDS) -> Findings:
    """Changes while no replica is told of any, and some before and afterwards."""
    watch, healed = Stopwatch(), []
    for _ in range(times):
        await town.change_for(seconds / 2)
        async with cut(town):
            await town.change_for(seconds)
        over = Stopwatch()
        await town.hear()
        healed.append(over.seconds)
        await town.change_for(seconds / 2)
    found = await town.findings(f"pub/sub {cut.__name__} for {seconds:.0f} s", times, watch.seconds)
    return replace(found, told={**found.told, "listening again (s)": f"{max(healed):.1f}"})


@asynccontextmanager
async def silent(town: Town) -> AsyncIterator[None]:
    """Whoever has subscribed, or does now, hears nothing, and nobody tells them so."""
    town.way.silenced = SUBSCRIPTION
    yield
    town.way.silenced = None


@asynccontextmanager
async def killed(town: Town) -> AsyncIterator[None]:
    """Whoever has subscribed is thrown out, again and again."""
    over = asyncio.Event()

    async def kill() -> None:
        while not over.is_set():
            await asyncio.to_thread(town.redis.told, "CLIENT", "KILL", "TYPE", "PUBSUB")
            await asyncio.sleep(KILLED_EVERY)

    killing = asyncio.create_task(kill())
    yield
    over.set()
    await killing


def _instant(number: int) -> datetime:
    return datetime.fromisoformat(slot(number))


def _starts(answer: Answer) -> set[datetime]:
    return {datetime.fromisoformat(each["start"]) for day in answer.json["days"] for each in day["slots"]}


def _spread(seconds: list[float]) -> str:
    """Median, p99 and most."""
    if not seconds:
        return "none"
    figures = (percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds))
    return "p50 {:.0f} p99 {:.0f} most {:.0f}".format(*(each * 1000 for each in figures))
