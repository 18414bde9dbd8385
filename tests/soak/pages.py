"""What visitors do on Calendly's own pages, and when those who listen at two replicas hear of it by webhooks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx

from tests.soak.findings import Findings
from tests.soak.square import (
    HEARD_WITHIN,
    REPLICAS,
    Happening,
    heard,
    is_free,
    opened,
    serving,
    spread,
    subscribed,
)
from tests.soak.waiting import Stopwatch
from tests.soak.world import ONE, running_neighbours, slot
from tests.support.event_streams import PATIENCE, EventSource
from tests.support.hosted_pages import HostedPages
from tests.support.ports import free_port
from tests.support.programs import said_by

LISTENERS = 500
KEY = "a-signing-key-of-the-trials"
WRONG_KEY = "a-key-that-nobody-signs-with"

SILENCE = 3.0
"""Seconds without a word after which nobody will hear of it any more."""

DEAF_LISTENERS = 20


@dataclass
class Audience:
    """Those who listen, and what they came to. `patience`: seconds that they wait for what they are to hear."""

    pages: HostedPages
    ports: Sequence[int]
    sources: Sequence[EventSource]
    patience: float = PATIENCE
    late: list[float] = field(default_factory=list)
    """Seconds after the page's answer."""
    changes: int = 0
    missed: int = 0
    stale: int = 0

    async def watch(self, act: Awaitable[str], *expected: Happening) -> str:
        """What the page came to, once all have heard of it; then both replicas are read."""
        hearing = [asyncio.create_task(self._heard(source, expected)) for source in self.sources]
        done = await act
        answered = monotonic()
        told = await asyncio.gather(*hearing, return_exceptions=True)
        self.changes += 1
        self.late += [at - answered for at in told if isinstance(at, float)]
        self.missed += sum(isinstance(at, BaseException) for at in told)
        for name, start in expected:
            seen = [await is_free(port, start) for port in self.ports]
            self.stale += seen.count(name == "slot.taken")
        return done

    async def _heard(self, source: EventSource, expected: Sequence[Happening]) -> float:
        async with asyncio.timeout(self.patience):
            return await heard(source, expected)


@asynccontextmanager
async def running_audience(
    folder: Path, listeners: int, *, key: str = KEY, patience: float = PATIENCE
) -> AsyncIterator[Audience]:
    """Calendly delivers to the first replica, signed with `KEY`; the replicas believe `key`."""
    async with AsyncExitStack() as stack:
        calendly, redis, told = await stack.enter_async_context(running_neighbours(folder))
        await calendly.settings(latencyMs=0)
        ports = [free_port() for _ in range(REPLICAS)]
        told |= {"BFF_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}", "BFF_READ_SHARE": "0.8"}
        signed = told | {"CALENDLY_WEBHOOK_KEYS": KEY}
        await asyncio.to_thread(said_by, ["webhooks", "register"], folder, signed)
        for port in ports:
            stack.enter_context(serving(folder, port, told | {"CALENDLY_WEBHOOK_KEYS": key}))
        await subscribed(redis, REPLICAS)
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{calendly.port}", timeout=60)
        )
        yield Audience(HostedPages(http), ports, await opened(stack, ports, listeners), patience)


async def run_pages(folder: Path, times: int, listeners: int = LISTENERS) -> Findings:
    """So many visits: one books and cancels, another books the same and moves."""
    watch = Stopwatch()
    async with running_audience(folder, listeners) as audience:
        for number in range(times):
            await _visit(audience, slot(2 * number), slot(2 * number + 1))
    return Findings(
        name=f"hosted pages, with {listeners} listeners on {REPLICAS} replicas",
        trials=audience.changes,
        wrong={
            "not heard": audience.missed,
            "heard after 1 s": sum(each > HEARD_WITHIN for each in audience.late),
            "stale reads": audience.stale,
            "nothing heard": int(not audience.late),
        },
        told={"heard": len(audience.late), "after the page's answer (ms)": spread(audience.late)},
        seconds=watch.seconds,
    )


async def _visit(audience: Audience, first: str, second: str) -> None:
    pages = audience.pages
    one = await audience.watch(pages.book(ONE, first, "one@example.test"), ("slot.taken", first))
    await audience.watch(pages.cancel(one), ("slot.freed", first))
    other = await audience.watch(pages.book(ONE, first, "other@example.test"), ("slot.taken", first))
    await audience.watch(pages.move(other, second), ("slot.taken", second), ("slot.freed", first))


async def run_deaf(folder: Path, times: int) -> Findings:
    """That the trial would see harm: where Calendly signs with another key, nobody hears, and reads are stale."""
    watch = Stopwatch()
    async with running_audience(folder, DEAF_LISTENERS, key=WRONG_KEY, patience=SILENCE) as audience:
        for number in range(times):
            start = slot(number)
            # So that both remember it as free.
            await asyncio.gather(*(is_free(port, start) for port in audience.ports))
            await audience.watch(audience.pages.book(ONE, start, "one@example.test"), ("slot.taken", start))
    return Findings(
        name="hosted pages, with a wrong key",
        trials=audience.changes,
        wrong={"heard": len(audience.late), "no stale read": int(not audience.stale)},
        told={"not heard": audience.missed, "stale reads": audience.stale},
        seconds=watch.seconds,
    )
