"""The service as an operator runs it: stopped in the middle of its work, and overrun."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tests.soak.caller import Answer, NoAnswerError
from tests.soak.findings import Findings
from tests.soak.visitor import Visitor
from tests.soak.waiting import Stopwatch
from tests.soak.world import MANY, Json, running_neighbours, slot
from tests.support.ports import free_port
from tests.support.programs import BIN, running

ADDRESSES = 1000

RUSH_SECONDS = 60.0
"""For the whole rush: 10,000 attempts."""

AT_ONCE = 400
"""Attempts under way: sockets are not without end."""

PAID = ((timedelta(minutes=1), 10), (timedelta(hours=1), 50), (timedelta(days=1), 100))
"""What Calendly allows on that plan."""

LATE = 10.0
"""Seconds more than it should take, from which a rush is none."""

UNDER_WAY = 2.0
"""Seconds after which some bookings are being sent and none is done, where Calendly takes a second for each call."""

STOPPED_WITHIN = 40.0


def address(number: int) -> str:
    """One of `ADDRESSES` of the loopback."""
    return f"127.{1 + number % ADDRESSES // 250}.7.{1 + number % 250}"


async def run_rush(folder: Path, attempts: int) -> Findings:
    """At the pace of 10,000 a minute, each from an address of its own until they are used up."""
    watch, seen = Stopwatch(), Counter[str]()
    room = asyncio.Semaphore(AT_ONCE)
    async with running_neighbours(folder) as (calendly, _, told):
        await calendly.settings(tier="paid")
        port = free_port()
        with running(
            _serve(port), port=port, log=folder / "service.log", settings=told | {"CALENDLY_TIER": "paid"}
        ):
            due = watch.seconds + attempts * RUSH_SECONDS / 10_000

            async def attempt(number: int) -> None:
                await asyncio.sleep(number * RUSH_SECONDS / 10_000)
                visitor = Visitor(f"rusher-{number}@example.test", MANY, slot(number), source=address(number))
                async with room:
                    seen[await _outcome(visitor, port)] += 1

            await asyncio.gather(*map(attempt, range(attempts)))
            late = watch.seconds - due
        calls: list[Json] = (await calendly.told("GET", "/calls"))["items"]
    sent = [
        datetime.fromisoformat(call["at"])
        for call in calls
        if (call["method"], call["path"]) == ("POST", "/invitees")
    ]
    return Findings(
        name="a rush on tier paid",
        trials=attempts,
        wrong={
            "windows overrun": sum(_most(sent, length) > limit for length, limit in PAID),
            "nothing sent": not sent,
            "too slow": late > LATE,
            "429 of Calendly": sum(call["status"] == 429 for call in calls),
            "without hostedUrl": sum(count for outcome, count in seen.items() if "without" in outcome),
            "not answered": seen["not answered"],
        },
        told={**seen, "sent": len(sent)},
        seconds=watch.seconds,
    )


async def run_stop(folder: Path, bookings: int) -> Findings:
    """SIGTERM while they are being sent; what is not certain then, another process has to make so."""
    watch = Stopwatch()
    visitors = [Visitor(f"last-{number}@example.test", MANY, slot(number)) for number in range(bookings)]
    async with running_neighbours(folder) as (calendly, _, told):
        port, later = free_port(), free_port()
        await calendly.settings(latencyMs=1000)
        with running(_serve(port), port=port, log=folder / "service.log", settings=told) as service:
            attempts = [asyncio.create_task(_outcome(visitor, port)) for visitor in visitors]
            await asyncio.sleep(UNDER_WAY)
            early = sum(attempt.done() for attempt in attempts)
            service.terminate()
            seen = Counter(await asyncio.gather(*attempts))
            code = await asyncio.to_thread(service.wait, STOPPED_WITHIN)
        with running(_serve(later), port=later, log=folder / "later.log", settings=told):
            await asyncio.gather(*(visitor.book(lambda: later) for visitor in visitors))
        found = await calendly.bookings()
    return Findings(
        name="SIGTERM",
        trials=bookings,
        wrong={
            "answered before": early,
            "none under way": not any(outcome.startswith("20") for outcome in seen),
            "not answered": seen["not answered"],
            "exit code": code,
            "lost": sum(not found[visitor.email] for visitor in visitors),
            "doubled": sum(found[visitor.email] > 1 for visitor in visitors),
            "replays that differ": sum(len(set(visitor.bodies)) > 1 for visitor in visitors),
        },
        told=dict(seen),
        seconds=watch.seconds,
    )


def _serve(port: int) -> Sequence[str]:
    return [str(BIN / "calendly-bff"), "serve", "--port", str(port)]


async def _outcome(visitor: Visitor, port: int) -> str:
    try:
        answer = await visitor.submit(port)
    except NoAnswerError:
        return "not answered"
    return f"{answer.status} {answer.code}{_lacking(answer)}".strip()


def _lacking(answer: Answer) -> str:
    return "" if answer.status < 400 or answer.json.get("hostedUrl") else " without hostedUrl"


def _most(instants: Sequence[datetime], length: timedelta) -> int:
    """As many as fall into any span of this length."""
    return max((sum(first <= each < first + length for each in instants) for first in instants), default=0)
