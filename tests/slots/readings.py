"""Readings of days that go on until a test lets them end."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from app.slots.loads import Found, Load, Loads
from app.slots.model import Day

INTRO, WORKSHOP = "intro-call", "workshop"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAYS = [date(2026, 12, 1) + timedelta(days=number) for number in range(5)]
DAY = DAYS[0]


@dataclass
class Readings:
    """`error`: what they fail with."""

    error: Exception | None = None
    begun: list[Load] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, load: Load) -> Found:
        self.begun.append(load)
        await self.let.wait()
        if self.error is not None:
            raise self.error
        return {day: Day(day, NOW, []) for day in load.days}

    @property
    def days(self) -> list[set[date]]:
        """Of each."""
        return [set(load.days) for load in self.begun]


async def others() -> None:
    """Whatever can go on, goes on until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def asking_for(
    loads: Loads, readings: Readings, days: Collection[date], event_type: str = INTRO
) -> "asyncio.Task[Found]":
    """Somebody who has asked for these days, and waits."""
    task = asyncio.create_task(loads.join(event_type, days, readings))
    await others()
    return task
