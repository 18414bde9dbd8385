"""Bookings of which Calendly says nothing clear: it has made them, or has not, or makes them later."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any

from tests.soak.findings import Findings
from tests.soak.visitor import PickPort, UnexpectedAnswerError, Visitor
from tests.soak.waiting import Stopwatch
from tests.soak.world import MANY, World, slot

NEVER = 3600.0
"""Seconds: nobody waits that long."""

MADE: Sequence[dict[str, Any]] = (
    {"kind": "commit_then_hang"},
    {"kind": "commit_then_reset"},
    {"kind": "commit_then_status", "status": 502},
    {"kind": "truncate"},
)
NOT_MADE: Sequence[dict[str, Any]] = (
    {"kind": "delay", "seconds": NEVER},
    {"kind": "reset"},
    {"kind": "status", "status": 502},
    {"kind": "html", "status": 504},
)
FAULTS = tuple(fault for pair in zip(MADE, NOT_MADE, strict=True) for fault in pair)

BATCH = 32
"""Bookings at once: as many as these services send at a time, so that none has to wait for its turn."""

REPLICAS = 4
SETTLED_WITHIN = 120.0


class AmbiguityTrials:
    def __init__(self, world: World, ports: PickPort) -> None:
        self._world = world
        self._ports = ports
        self._verdicts: dict[str, str] = {}
        self._made = self._clear = 0
        self.slowest = 0.0

    async def run(self, faults: Sequence[dict[str, Any]]) -> None:
        """Every fault hits one booking, whichever."""
        for fault in faults:
            await self._world.calendly.plan(match={"method": "POST", "path": "^/invitees$"}, **fault)
        first = len(self._verdicts)
        visitors = [
            Visitor(f"unsure-{first + number}@example.test", MANY, slot(first + number))
            for number in range(len(faults))
        ]
        await asyncio.gather(*map(self._settled, visitors))
        self._made += sum(fault in MADE for fault in faults)
        self._clear += sum(not visitor.verdicts for visitor in visitors)

    async def _settled(self, visitor: Visitor) -> None:
        watch = Stopwatch()
        try:
            self._verdicts[visitor.email] = await visitor.settle(self._ports)
        except UnexpectedAnswerError as error:
            self._verdicts[visitor.email] = str(error.args)
        except TimeoutError:
            self._verdicts[visitor.email] = "none"
        self.slowest = max(self.slowest, watch.seconds)

    async def findings(self, seconds: float) -> Findings:
        """What was said, held against what Calendly has."""
        found = await self._world.calendly.bookings()
        said = Counter(self._verdicts.values())
        return Findings(
            name="unclear outcomes",
            trials=len(self._verdicts),
            wrong={
                "wrong verdicts": sum(
                    (verdict == "confirmed") != bool(found[email])
                    for email, verdict in self._verdicts.items()
                ),
                "clear at once": self._clear,
                "confirmed otherwise than made": abs(said["confirmed"] - self._made),
                "doubled": sum(count > 1 for count in found.values()),
                "not settled in time": said["none"] + (self.slowest > SETTLED_WITHIN),
                "other answers": said.total() - said["confirmed"] - said["failed"] - said["none"],
            },
            told={**said, "slowest (s)": round(self.slowest, 1)},
            seconds=seconds,
        )


async def run_ambiguity(world: World, times: int) -> Findings:
    """`SETTLED_WITHIN` counts from the first try: longer than from the end of the fault."""
    watch = Stopwatch()
    ports = cycle([(await world.fleet.start()).port for _ in range(REPLICAS)])
    trials = AmbiguityTrials(world, lambda: next(ports))
    faults = list(islice(cycle(FAULTS), times))
    for first in range(0, times, BATCH):
        await trials.run(faults[first : first + BATCH])
    return await trials.findings(watch.seconds)
