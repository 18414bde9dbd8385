"""The key that Calendly signs with, changed again and again while visitors book and cancel on Calendly's pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, pairwise
from pathlib import Path

import httpx

from tests.soak.findings import Findings
from tests.soak.replicas import Replicas, running_replicas
from tests.soak.square import free_times, instant
from tests.soak.waiting import Stopwatch, meanwhile, until
from tests.soak.world import ONE, Calendly, Json, running_neighbours, slot
from tests.support.hosted_pages import HostedPages

PAUSE = 0.1
"""Seconds between two visits."""

CANCELS = 3
"""One visitor in so many."""

QUIET_WITHIN = 60.0
"""Seconds for what was sent to be delivered."""

SHOWN_WITHIN = 5.0
"""Seconds after that: far less than free times are answered without asking Calendly again."""


@dataclass
class Visits:
    pages: HostedPages
    booked: set[datetime] = field(default_factory=set)
    canceled: set[datetime] = field(default_factory=set)

    async def go_on(self, over: asyncio.Event) -> None:
        for number in count():
            if over.is_set():
                return
            start = slot(number)
            invitee = await self.pages.book(ONE, start, f"visitor-{number}@example.test")
            self.booked.add(instant(start))
            if number % CANCELS == 0:
                await self.pages.cancel(invitee)
                self.canceled.add(instant(start))
            await asyncio.sleep(PAUSE)


async def run_signing_keys(folder: Path, times: int) -> Findings:
    """So many changes: new key in front on one replica after the other, subscription made anew, old key out."""
    watch = Stopwatch()
    async with running_neighbours(folder) as (calendly, _, told), _pages(calendly) as pages:
        await calendly.settings(latencyMs=0, webhookRetrySeconds=1)
        async with running_replicas(folder, told | {"BFF_READ_SHARE": "0.8"}) as replicas:
            first, *_ = keys = [f"signing-key-{number}-of-the-trials" for number in range(times + 1)]
            await replicas.tell(
                BFF_PUBLIC_URL=f"http://127.0.0.1:{replicas.ports[0]}", CALENDLY_WEBHOOK_KEYS=first
            )
            await replicas.command("webhooks", "register")
            visits = Visits(pages)
            async with meanwhile(visits.go_on):
                for old, new in pairwise(keys):
                    await replicas.tell(CALENDLY_WEBHOOK_KEYS=f"{new},{old}")
                    await replicas.command("webhooks", "register", "--anew")
                    await replicas.tell(CALENDLY_WEBHOOK_KEYS=new)
            return await _judged(calendly, replicas, visits, watch)


@asynccontextmanager
async def _pages(calendly: Calendly) -> AsyncIterator[HostedPages]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{calendly.port}", timeout=60) as http:
        yield HostedPages(http)


async def _judged(calendly: Calendly, replicas: Replicas, visits: Visits, watch: Stopwatch) -> Findings:
    sent = await _delivered(calendly)
    expected = visits.booked - visits.canceled
    wrong_times = [await _wrong_times(port, visits, expected) for port in replicas.ports]
    statuses = [attempt["status"] for each in sent for attempt in each["attempts"]]
    outcomes = [each["outcome"] for each in sent]
    return Findings(
        name="signing keys changed",
        trials=len(sent),
        wrong={
            "refused": sum(status not in {204, None} for status in statuses),
            "not delivered": sum(outcome not in {"delivered", "dropped"} for outcome in outcomes),
            "slots that differ": sum(wrong_times),
            "nothing delivered": int("delivered" not in outcomes),
        },
        told={
            "delivered": outcomes.count("delivered"),
            "dropped with a subscription": outcomes.count("dropped"),
            "while the replica was away": statuses.count(None),
            "booked": len(visits.booked),
            "canceled": len(visits.canceled),
        },
        seconds=watch.seconds,
    )


async def _delivered(calendly: Calendly) -> list[Json]:
    sent: list[Json] = []

    async def are_done() -> bool:
        sent[:] = (await calendly.told("GET", "/deliveries"))["items"]
        return all(each["outcome"] != "waiting" for each in sent)

    async with asyncio.timeout(QUIET_WITHIN):
        await until(are_done, every=0.2)
    return sent


async def _wrong_times(port: int, visits: Visits, taken: set[datetime]) -> int:
    """How many are shown that are taken, or not shown that were given up, once that gets no less."""
    wrong: set[datetime] = set()

    async def are_none() -> bool:
        first, last = min(visits.booked).isoformat(), max(visits.booked).isoformat()
        free = await free_times(port, first, last)
        wrong.clear()
        wrong.update(taken & free, visits.canceled - free)
        return not wrong

    try:
        async with asyncio.timeout(SHOWN_WITHIN):
            await until(are_none, every=0.1)
    except TimeoutError:
        pass
    return len(wrong)
