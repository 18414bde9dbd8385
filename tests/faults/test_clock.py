"""Clocks that are set back, and what had been read by them before."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from app.resources import Clock
from tests.soak.waiting import until
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Service, running_service, settings_for
from tests.support.simulation import Simulation, StandingClock

DAY = {"from": "2026-11-24", "to": "2026-11-24", "timeZone": "UTC"}
HOUR = timedelta(hours=1)
STEPS = [timedelta(minutes=7 * number) for number in range(9)] + [
    HOUR + timedelta(seconds=seconds) for seconds in (-59, -1, 0, 29, 31)
]
"""Through the hour that comes again, and on past the moment at which everything had been read before."""

ZONES = ("UTC", "Africa/Cairo", "Asia/Kolkata")


@dataclass
class CountedClock:
    clock: StandingClock
    reads: int = 0

    def __call__(self) -> datetime:
        self.reads += 1
        return self.clock()

    async def is_read(self) -> None:
        """From now on, more than once: what the first one leads to has begun."""
        wanted = self.reads + 2

        async def is_so() -> bool:
            return self.reads >= wanted

        async with asyncio.timeout(10):
            await until(is_so, every=0.005)


async def _opened(
    stack: AsyncExitStack, calendly: Simulation, redis: RedisServer, clock: Clock | None = None
) -> Service:
    settings = settings_for(
        str(calendly.http.base_url), redis_url=redis.url(CACHE), state_url=redis.url(STATE)
    )
    return await stack.enter_async_context(running_service(settings, clock or calendly.clock))


@pytest.mark.fault("P06")
async def test_after_the_clock_was_set_back_nothing_is_fresh_that_was_read_before(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Neither here nor in another process, in whatever zone is asked; for the whole hour that comes again."""
    async with AsyncExitStack() as stack:
        replicas = [await _opened(stack, calendly, redis) for _ in range(2)]
        for bff in replicas * 2:
            taken = (await bff.free("intro-call", **DAY))[0]
        began = calendly.clock.moment
        calendly.clock.moment -= HOUR
        await calendly.book("intro-call", start_time=taken)

        for step in STEPS:
            calendly.clock.moment = began - HOUR + step
            for bff in replicas:
                answers = [
                    await bff.availability("intro-call", **(DAY | {"timeZone": zone})) for zone in ZONES
                ]
                for answer in answers:
                    starts = [slot["start"] for day in answer["days"] for slot in day["slots"]]
                    assert datetime.fromisoformat(answer["asOf"]) <= calendly.clock()
                    assert datetime.fromisoformat(taken) not in map(datetime.fromisoformat, starts)


@pytest.mark.fault("P06")
async def test_after_the_clock_was_set_back_event_types_are_read_again(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Though nobody asks for them until they look young once more; by who begins only then, as well."""
    async with AsyncExitStack() as stack:
        looked_at = [CountedClock(calendly.clock) for _ in range(2)]
        replicas = [await _opened(stack, calendly, redis, clock) for clock in looked_at]
        for bff in replicas:
            await bff.get("/event-types")
        calendly.clock.moment -= HOUR
        await asyncio.gather(*(clock.is_read() for clock in looked_at))
        await calendly.change("intro-call", name="Another name")
        calendly.clock.moment += HOUR + timedelta(seconds=30)

        begun_since = await _opened(stack, calendly, redis)
        for bff in (begun_since, *replicas):
            assert "Another name" in (await bff.get("/event-types")).text


@pytest.mark.fault("P06")
async def test_after_the_clock_was_set_forward_what_was_read_is_old(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with AsyncExitStack() as stack:
        bff = await _opened(stack, calendly, redis)
        taken = (await bff.free("intro-call", **DAY))[0]
        calendly.clock.moment += HOUR + timedelta(minutes=1)
        await calendly.book("intro-call", start_time=taken)

        answer = await bff.availability("intro-call", **DAY)

    assert answer["state"] == "fresh"
    assert datetime.fromisoformat(answer["asOf"]) == calendly.clock()
