"""A million different questions about the same few days: what do they take of memory, here and in Redis?"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice, permutations, product, repeat
from pathlib import Path
from urllib.parse import quote

from redis import Redis

from app import API
from app.cache.answer_shelf import AT_ONCE as WAITING
from app.cache.answer_shelf import MOST
from app.intents.options import ProtocolOptions
from app.ready import MOST_BYTES
from app.time_zones import time_zones
from benchmarks.browser import get
from benchmarks.load import Manner, Requests, drive
from benchmarks.proc import resident
from tests.soak.caller import Request, call
from tests.soak.findings import Findings
from tests.soak.fleet import running_fleet
from tests.soak.service import Options
from tests.soak.waiting import Stopwatch
from tests.soak.world import running_neighbours
from tests.support.redis import CACHE, RedisServer

SLUG = "intro-call"

LONG_NAMED = "deep-dive"
"""Its id has 36 letters, as those that Calendly gives now: it can be spelt in more ways than there are questions."""

FIRST_DATES = 56
LONGEST = 4
"""Dates in one question."""

DAYS = FIRST_DATES + LONGEST + 1
"""Dates of UTC that all questions together touch, in whatever zones."""

ENCODINGS = ("br, gzip", "gzip", "identity")

BATCH = 5000
AT_ONCE = 64

WARM = 2000
"""Questions until the code is warm, and the pools have what they keep."""

KIB = 1024
MAY_GROW = 2 * MOST_BYTES // KIB
"""KiB. Half of it is what ready answers may take; days have the rest, and what the allocator does not give back."""

LONG = "7200"
"""Seconds: nothing ages meanwhile, so that nothing is dropped but for want of room."""

WISHES = {
    "BFF_EVENT_TYPES": SLUG,
    "BFF_AVAILABILITY_FRESH": LONG,
    "BFF_AVAILABILITY_STALE": LONG,
    "BFF_STALE_IF_ERROR": LONG,
    "BFF_EVENT_TYPES_FRESH": LONG,
}


def spellings(name: str) -> Iterator[str]:
    """The name as it is, and then with other letters escaped each time."""
    for number in count():
        yield "".join(
            f"%{ord(letter):02x}" if number >> place & 1 else letter for place, letter in enumerate(name)
        )


def questions(names: Iterable[str] = repeat(SLUG)) -> Iterator[str]:
    """Over a million paths, no two of them the same: other dates, other zones, other order of words.

    Of as many event types as there are names, one for each.
    """
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    ranges = [
        (first, first + timedelta(days=more))
        for first in (tomorrow + timedelta(days=day) for day in range(FIRST_DATES))
        for more in range(LONGEST)
    ]
    asked = product(("", "&view=slots"), permutations(range(3)), sorted(time_zones()), ranges)
    for name, (view, order, zone, (first, last)) in zip(names, asked, strict=False):
        words = (f"from={first}", f"to={last}", f"timeZone={quote(zone)}")
        yield f"{API}/event-types/{name}/availability?{'&'.join(words[place] for place in order)}{view}"


async def run_flood(folder: Path, times: int) -> Findings:
    """One replica is asked them all, by visitors who read different encodings and spell the event type otherwise."""
    watch, wrong = Stopwatch(), Counter[str]()
    wishes = WISHES | {"BFF_EVENT_TYPES": LONG_NAMED}
    async with (
        running_neighbours(folder) as (_, redis, told),
        running_fleet(folder, told | wishes, Options(protocol=ProtocolOptions())) as fleet,
    ):
        replica = await fleet.start()
        asking = questions(spellings(await _id(replica.port)))
        wrong += await _asked(replica.port, list(islice(asking, WARM)))
        before = most = resident(replica.pid)
        for done in range(0, times, BATCH):
            wrong += await _asked(replica.port, list(islice(asking, min(BATCH, times - done))))
            most = max(most, resident(replica.pid))
        figures = await _figures(replica.port)
        keys = _keys(redis)
    return Findings(
        name="different questions to one replica",
        trials=times,
        wrong={
            **wrong,
            "grown too much": int(most - before > MAY_GROW),
            "counted too much": int(figures["bff_ready_bytes"] > MOST_BYTES),
            "keys for more than the days": max(0, keys["days"] - DAYS),
            "answers in Redis too many": max(0, keys["answers"] - MOST - WAITING),
        },
        told={
            "resident (MiB)": f"{before / KIB:.0f}, at most {most / KIB:.0f}",
            "ready answers": int(figures["bff_ready_answers"]),
            "counted (MiB)": f"{figures['bff_ready_bytes'] / KIB**2:.1f}",
            "day keys": keys["days"],
            "answers in Redis": keys["answers"],
        },
        seconds=watch.seconds,
    )


async def _asked(port: int, paths: list[str]) -> Counter[str]:
    """What went wrong, by what it was."""
    wishes = cycle(ENCODINGS)
    requests = Requests([get(path, Accept_Encoding=next(wishes)) for path in paths])
    outcome = await asyncio.to_thread(drive, [port], requests, range(len(paths)), Manner(connections=AT_ONCE))
    return outcome.wrong


async def _id(port: int) -> str:
    """Of the one event type that is published."""
    [event_type] = (await call(port, Request("GET", f"{API}/event-types"))).json["items"]
    return str(event_type["id"])


async def _figures(port: int) -> dict[str, float]:
    """What the service itself counts."""
    shown = (await call(port, Request("GET", "/metrics"))).body.decode()
    lines = (line.split() for line in shown.splitlines() if line.startswith("bff_ready_"))
    return {name: float(value) for name, value in lines}


def _keys(server: RedisServer) -> dict[str, int]:
    """Of one event type: how many days there are, and how many answers in their hash."""
    with Redis(port=server.port, db=CACHE) as client:
        names = list(client.scan_iter())
        answers = [int(client.hlen(name)) for name in names if b"answers" in name]
    return {"days": sum(b":day:" in name for name in names), "answers": sum(answers)}
