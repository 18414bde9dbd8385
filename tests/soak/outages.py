"""Redis dead or silent for a while, for cache and state alike: how long do readers wait for it, and until when?"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, product
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from app import API
from app.intents.options import ProtocolOptions
from tests.soak.caller import Request, call
from tests.soak.findings import Findings
from tests.soak.fleet import running_fleet
from tests.soak.flood import FIRST_DATES, LONGEST, SLUG, WISHES, questions
from tests.soak.ledger import longer_than
from tests.soak.service import Options
from tests.soak.waiting import Stopwatch
from tests.soak.world import MANY, ONE, running_neighbours
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.way import Way, way_to

HEALTHY_SECONDS = 4.0
AWAY_SECONDS = 12.0

NOTICED_WITHIN = 5.0
"""Seconds into an outage, and after it, from which nobody waits for Redis any more."""

MAY_ADD = 0.3
"""Seconds, until then."""

WAITS = 0.2
"""Seconds beyond the slowest in good health: whoever needs so many more has waited for Redis, which takes 0.25."""

ASKED_EVERY = {"known days": 0.02, "unknown days": 1.0}
"""Seconds between two questions: those that memory answers, and those that Calendly has to.

Of the latter no more than a process may ask Calendly while it cannot see how often others do.
"""


@dataclass(frozen=True, slots=True)
class Look:
    asked_at: float
    seconds: float
    outcome: str


@dataclass(slots=True)
class Reader:
    """Asks the same kind of question again and again, in other words each time."""

    port: int
    paths: Iterator[str]
    every: float
    looks: list[Look] = field(default_factory=list)

    async def read(self, over: asyncio.Event) -> None:
        while not over.is_set():
            asked_at = monotonic()
            answer = await call(self.port, Request("GET", next(self.paths)))
            self.looks.append(
                Look(asked_at, monotonic() - asked_at, f"{answer.status} {answer.code}".strip())
            )
            await asyncio.sleep(self.every)

    def slowest(self, begin: float, end: float) -> float:
        return max(self._seconds(begin, end), default=0.0)

    def slow(self, begin: float, end: float, limit: float) -> int:
        """How many of those asked meanwhile took longer than that."""
        return longer_than(limit, self._seconds(begin, end))

    def _seconds(self, begin: float, end: float) -> list[float]:
        return [look.seconds for look in self.looks if begin <= look.asked_at < end]


def _kill(redis: RedisServer, _: Way) -> None:
    redis.kill()


def _silence(_: RedisServer, way: Way) -> None:
    way.silenced = b""


def _mend(redis: RedisServer, way: Way) -> None:
    way.silenced = None
    if not redis.runs:
        redis.start()


Harm: TypeAlias = Callable[[RedisServer, Way], None]
HARMS: Sequence[tuple[str, Harm]] = (("killed", _kill), ("silent", _silence))


@dataclass(frozen=True, slots=True)
class Outage:
    """When it was seen to be well, was harmed, was mended, and was left."""

    began: float
    harmed: float
    mended: float
    left: float


async def run_outages(folder: Path, times: int) -> Findings:
    """Of one replica, in one way and another."""
    watch, wrong, told = Stopwatch(), Counter[str](), dict[str, str]()
    async with (
        running_neighbours(folder) as (_, redis, settings),
        way_to(redis.port) as way,
        running_fleet(folder, settings | on_the_way(way), Options(protocol=ProtocolOptions())) as fleet,
    ):
        port = (await fleet.start()).port
        for path in islice(questions(), FIRST_DATES * LONGEST):
            await call(port, Request("GET", path))
        kinds = {"known days": questions(), "unknown days": unknown_days()}
        readers = {kind: Reader(port, paths, ASKED_EVERY[kind]) for kind, paths in kinds.items()}
        over = asyncio.Event()
        tasks = [asyncio.create_task(reader.read(over)) for reader in readers.values()]
        for (name, harm), _ in zip(cycle(HARMS), range(times), strict=False):
            outage = await _suffered(harm, redis, way)
            for kind, reader in readers.items():
                told[f"{kind}, Redis {name}"] = _judged(reader, outage, kind, wrong)
        over.set()
        await asyncio.gather(*tasks)
    seen = Counter(look.outcome for reader in readers.values() for look in reader.looks)
    wrong["not answered"] = seen.total() - seen["200"]
    return Findings(
        name="Redis away (slowest in health/first 5 s/then/5 s after/then)",
        trials=times,
        wrong=wrong,
        told={**seen, **told},
        seconds=watch.seconds,
    )


async def _suffered(harm: Harm, redis: RedisServer, way: Way) -> Outage:
    began = monotonic()
    await asyncio.sleep(HEALTHY_SECONDS)
    harmed = monotonic()
    harm(redis, way)
    await asyncio.sleep(AWAY_SECONDS)
    mended = monotonic()
    await asyncio.to_thread(_mend, redis, way)
    await asyncio.sleep(NOTICED_WITHIN + HEALTHY_SECONDS)
    return Outage(began, harmed, mended, monotonic())


def _judged(reader: Reader, outage: Outage, kind: str, wrong: Counter[str]) -> str:
    """The slowest look of each span, and how many waited for Redis in the first."""
    usual = reader.slowest(outage.began, outage.harmed)
    noticed, healed = outage.harmed + NOTICED_WITHIN, outage.mended + NOTICED_WITHIN
    wrong[f"{kind}: over 300 ms added"] += reader.slow(outage.harmed, healed, usual + MAY_ADD)
    wrong[f"{kind}: waited after 5 s"] += reader.slow(noticed, outage.mended, usual + WAITS)
    wrong[f"{kind}: waited 5 s after it"] += reader.slow(healed, outage.left, usual + WAITS)
    waited = reader.slow(outage.harmed, noticed, usual + WAITS)
    slowest = [
        reader.slowest(outage.harmed, noticed),
        reader.slowest(noticed, outage.mended),
        reader.slowest(outage.mended, healed),
        reader.slowest(healed, outage.left),
    ]
    spans = "/".join(f"{each * 1000:.0f}" for each in [usual, *slowest])
    return f"{spans} ms, {waited} waited"


def on_the_way(way: Way) -> dict[str, str]:
    """All of Redis is reached by that way."""
    address = f"redis://127.0.0.1:{way.port}"
    return WISHES | {
        "BFF_EVENT_TYPES": f"{SLUG},{ONE},{MANY}",
        "BFF_REDIS_URL": f"{address}/{CACHE}",
        "BFF_STATE_URL": f"{address}/{STATE}",
    }


def unknown_days() -> Iterator[str]:
    """Single days that nobody has asked for, each of them once."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    for slug, days in product((ONE, MANY), range(365)):
        day = tomorrow + timedelta(days=days)
        yield f"{API}/event-types/{slug}/availability?from={day}&to={day}&timeZone=UTC"
