"""A crowd that looks at free times has its share of Calendly's calls, and no more, however many processes serve it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from itertools import cycle
from typing import Any

import httpx
import pytest

from app import API
from tests.faults.scene import assert_problem, healed
from tests.features.test_event_types import PUBLISHED
from tests.support.ports import free_port
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Service, running_service, settings_for
from tests.support.simulation import Simulation

SHARE = 0.1
ALLOWED = 50
"""A tenth of the 500 that a paid account has in a minute. The simulator's minute stands still, as its clock does."""

FIRST = date(2026, 11, 23)
QUESTIONS = [
    f"/event-types/{slug}/availability?from={first}&to={first + timedelta(days=6)}"
    for slug in PUBLISHED[:8]
    for week in range(1, 11)
    if (first := FIRST + timedelta(weeks=week, days=week))
]
"""80 that cost a call each: no two share a day."""


OTHER_QUESTIONS = [
    "/event-types/panel/availability",
    "/event-types/panel/availability?view=days",
    "/event-types/panel/availability/next",
    "/availability?eventTypeIds=panel,workshop",
]


@asynccontextmanager
async def _processes(
    number: int, calendly: Simulation, cache: str, state: str, **bff: Any
) -> AsyncIterator[list[Service]]:
    stores = {"redis_url": cache, "state_url": state}
    settings = settings_for(str(calendly.http.base_url), read_share=SHARE, **stores, **bff)
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(running_service(settings, calendly.clock)) for _ in range(number)
        ]


async def _flood(services: list[Service], questions: list[str], crowd: int = 20) -> list[httpx.Response]:
    """So many at a time, each to the next of the processes."""
    answers = []
    asked = list(zip(cycle(services), questions, strict=False))
    for first in range(0, len(asked), crowd):
        some = asked[first : first + crowd]
        answers += await asyncio.gather(*(bff.http.get(API + question) for bff, question in some))
    return answers


async def _reads(calendly: Simulation) -> int:
    items = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return sum(call["method"] == "GET" for call in items)


def _refused(answers: list[httpx.Response]) -> list[httpx.Response]:
    return [answer for answer in answers if answer.status_code != 200]


async def test_a_crowd_never_makes_more_calls_than_its_share_and_bookings_get_through(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with _processes(2, calendly, redis.url(CACHE), redis.url(STATE)) as services:
        body = await services[0].booking()

        answers = await _flood(services, QUESTIONS)
        reads = await _reads(calendly)
        booked = await services[0].book(body)

    assert ALLOWED * 0.8 <= reads <= ALLOWED
    assert len(_refused(answers)) >= len(QUESTIONS) - ALLOWED
    for answer in _refused(answers):
        assert_problem(answer, 503, "upstream_busy")
        assert 1 <= answer.json()["retryAfter"] <= 65
    assert booked.status_code == 201, booked.text


async def test_whatever_asks_for_free_times_draws_on_that_share(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with _processes(1, calendly, redis.url(CACHE), redis.url(STATE)) as services:
        await _flood(services, QUESTIONS)
        spent = await _reads(calendly)

        answers = await _flood(services, OTHER_QUESTIONS)

    for answer in answers:
        assert_problem(answer, 503, "upstream_busy")
    assert await _reads(calendly) == spent


@pytest.mark.fault("R01")
@pytest.mark.parametrize(
    ("number", "told"), [pytest.param(5, 1, id="five"), pytest.param(1, 25, id="one of 25")]
)
async def test_processes_that_cannot_see_each_other_keep_to_the_share_all_the_same(
    calendly: Simulation, redis: RedisServer, number: int, told: int
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/1"
    async with _processes(number, calendly, redis.url(CACHE), nowhere, workers=told) as services:
        answers = await _flood(services, QUESTIONS)

    most = number * ALLOWED // max(told, 5)
    assert most // 2 <= await _reads(calendly) <= most
    assert {answer.json()["code"] for answer in _refused(answers)} == {"upstream_busy"}


@pytest.mark.fault("R02")
async def test_what_was_spent_before_the_store_died_stays_spent(
    calendly: Simulation, redis: RedisServer, fragile: RedisServer
) -> None:
    async with _processes(3, calendly, redis.url(CACHE), fragile.url(STATE)) as services:
        await _flood(services, QUESTIONS[:40])
        before = await _reads(calendly)
        fragile.kill()

        await _flood(services, QUESTIONS[40:], crowd=3)

    # Each may make ten by itself: it is what Calendly says is left that bounds them.
    assert 40 <= before <= await _reads(calendly) <= ALLOWED


@pytest.mark.fault("R02")
async def test_a_store_that_is_back_is_counted_by_again_though_nobody_books(
    calendly: Simulation, redis: RedisServer, fragile: RedisServer
) -> None:
    async with _processes(1, calendly, redis.url(CACHE), fragile.url(STATE)) as [bff]:
        fragile.kill()
        await bff.free("intro-call")
        fragile.start()

        async def is_counted_by() -> bool:
            return "bff_calendly_budget_left{" in (await bff.http.get("/metrics")).text

        await healed(is_counted_by)
