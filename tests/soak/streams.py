"""`make soak-streams`: hundreds who listen at two replicas while somebody books, here or on Calendly's pages, and
thousands at one.
"""

import asyncio
import resource
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

from tests.soak.caller import Request, call
from tests.soak.command import TrialsByName, run
from tests.soak.findings import Findings
from tests.soak.pages import run_deaf, run_pages
from tests.soak.square import (
    HEARD_WITHIN,
    REPLICAS,
    SUBSCRIBED_WITHIN,
    heard,
    is_free,
    opened,
    running_square,
    spread,
)
from tests.soak.visitor import Visitor
from tests.soak.waiting import Stopwatch, until
from tests.soak.world import ONE, slot

LISTENERS = 500
MAY_TAKE = 50.0
"""Kilobytes of memory that a listener costs, all told."""

FIRST = 50
"""Listeners until a process has what it keeps for all of them."""


async def run_bookings(folder: Path, times: int, listeners: int = LISTENERS) -> Findings:
    """Each is heard by all, and at no replica is its slot free any more."""
    watch, late, missed, still_free = Stopwatch(), [], 0, 0
    async with running_square(folder, REPLICAS) as square, AsyncExitStack() as stack:
        sources = await opened(stack, square.ports, listeners)
        for number in range(times):
            hearing = [
                asyncio.create_task(heard(source, {("slot.taken", slot(number))})) for source in sources
            ]
            visitor = Visitor(f"visitor-{number}@example.test", ONE, slot(number))
            answer = await visitor.submit(square.ports[number % REPLICAS])
            booked_at = monotonic()
            still_free += answer.status != 201
            still_free += sum([await is_free(port, slot(number)) for port in square.ports])
            told = await asyncio.gather(*hearing, return_exceptions=True)
            late += [at - booked_at for at in told if isinstance(at, float)]
            missed += sum(isinstance(at, BaseException) for at in told)
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
            "after the 201, or before it (ms)": spread(late),
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
                await opened(stack, [port], FIRST)
                before = _resident(pid)
                await opened(stack, [port], listeners - FIRST)
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


async def _left(port: int) -> None:
    async def are_gone() -> bool:
        told = (await call(port, Request("GET", "/metrics"))).body.decode()
        return "\nbff_event_streams 0.0\n" in told

    async with asyncio.timeout(SUBSCRIBED_WITHIN):
        await until(are_gone, every=0.1)


def _resident(pid: int) -> int:
    """Kilobytes."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


def _raise_limit() -> None:
    """Of open files: each listener is one of this process, too."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


TRIALS: TrialsByName = {
    "bookings": (20, run_bookings),
    "pages": (10, run_pages),
    "deaf": (1, run_deaf),
    "listeners": (5000, run_crowd),
}

if __name__ == "__main__":
    run("tests.soak.streams", TRIALS)
