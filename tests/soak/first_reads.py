"""Redis falls silent, and the first to come asks for what nobody knows: how long does one read wait for all its stores?

Whoever asks all the time finds out for everybody else that Redis is away, so here nobody asks beside.
"""

import asyncio
from collections import Counter
from pathlib import Path

from app.intents.options import ProtocolOptions
from tests.soak.caller import Request, call
from tests.soak.findings import Findings
from tests.soak.fleet import running_fleet
from tests.soak.outages import MAY_ADD, WAITS, on_the_way, unknown_days
from tests.soak.service import Options
from tests.soak.waiting import Stopwatch, until
from tests.soak.world import running_neighbours
from tests.support.way import way_to

IN_HEALTH = 5
NEXT = 3
"""Reads before, and after the first."""

TALKS = {"BFF_LOG_LEVEL": "info"}
"""So that the log says when Redis is back."""

BACK_WITHIN = 15.0
"""Seconds."""


async def run_first_reads(folder: Path, times: int) -> Findings:
    """Of one replica, for which cache and state fall silent at once."""
    watch, wrong, added = Stopwatch(), Counter[str](), list[float]()
    async with (
        running_neighbours(folder) as (_, redis, settings),
        way_to(redis.port) as way,
        running_fleet(
            folder, settings | on_the_way(way) | TALKS, Options(protocol=ProtocolOptions())
        ) as fleet,
    ):
        port, paths, log = (await fleet.start()).port, unknown_days(), folder / "service.log"

        async def read() -> float:
            asked = Stopwatch()
            answer = await call(port, Request("GET", next(paths)))
            wrong["not answered"] += answer.status != 200
            return asked.seconds

        async def is_back() -> bool:
            metrics = (await call(port, Request("GET", "/metrics"))).body
            lines = log.read_text()
            is_used = lines.count('"cache.away"') == lines.count('"cache.back"')
            return is_used and b"bff_calendly_budget_left{" in metrics

        await read()
        for _ in range(times):
            usual = max([await read() for _ in range(IN_HEALTH)])
            way.silenced = b""
            first, *others = [await read() for _ in range(1 + NEXT)]
            way.silenced = None
            added.append(first - usual)
            wrong["over 300 ms added"] += first > usual + MAY_ADD
            wrong["waited after the first"] += sum(each > usual + WAITS for each in others)
            async with asyncio.timeout(BACK_WITHIN):
                await until(is_back, every=0.1)
    return Findings(
        name="Redis silent, and the first read is of unknown days",
        trials=times,
        wrong=dict.fromkeys(("over 300 ms added", "waited after the first", "not answered"), 0) | wrong,
        told={"added": "/".join(f"{each * 1000:.0f}" for each in added) + " ms"},
        seconds=watch.seconds,
    )
