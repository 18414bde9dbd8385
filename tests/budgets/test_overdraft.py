"""The law of a budget: no span of a window holds more calls than Calendly allows, however they arrive."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, islice

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from app.budgets.budgets import Budgets
from app.store.connection import open_store
from app.store.state import StateStore
from tests.budgets.examples import BOOK, BRIEF, EMBEDDED, budgets, count_admitted, is_admitted, window
from tests.support.redis import STATE, RedisServer

MINUTE, HOUR, DAY = 60, 3600, 86_400


async def test_two_hundred_at_once_from_four_replicas_get_exactly_the_quota(redis: RedisServer) -> None:
    async with AsyncExitStack() as opened:
        replicas = [await opened.enter_async_context(_connected(redis)) for _ in range(4)]

        admitted = await asyncio.gather(*(is_admitted(replicas[number % 4], BOOK) for number in range(200)))

    assert sum(admitted) == 10


@asynccontextmanager
async def _connected(redis: RedisServer) -> AsyncIterator[Budgets]:
    """A replica that has been running for a while: it need not open fifty connections at once."""
    async with open_store(redis.url(STATE), patience=10) as store:
        await asyncio.gather(*(store.ping() for _ in range(50)))
        yield budgets(store, window("bookings_minute", 10), window("bookings_hour", 50))


@pytest.mark.parametrize(
    "pauses",
    [
        pytest.param([0], id="at-once"),
        pytest.param([0.02], id="steadily"),
        pytest.param([0, 0, 0, 0, 0.1], id="in-crowds"),
        pytest.param([0.01, 0, 0.05, 0, 0, 0.03], id="unevenly"),
        pytest.param([0.29, 0, 0, 0], id="when-the-window-ends"),
    ],
)
async def test_no_span_holds_more_than_the_quota(store: Redis, pauses: list[float]) -> None:
    limit, taken = 3, []
    quota = budgets(store, window("bookings_minute", limit, BRIEF))

    for pause in islice(cycle(pauses), 60):
        before = time.monotonic()
        if await is_admitted(quota, BOOK):
            taken.append((before, time.monotonic()))
        await asyncio.sleep(pause)

    # It was given somewhere between the two: the widest reading is taken, less the store's rounding.
    spans = [after - before for (before, _), (_, after) in zip(taken, taken[limit:], strict=False)]
    assert all(span > BRIEF.total_seconds() - 0.002 for span in spans)


ARRIVALS = st.lists(st.tuples(st.sampled_from([0, 1, 7, 30, 400, 5000]), st.integers(1, 15)), max_size=40)


@given(ARRIVALS)
@settings(deadline=None, max_examples=40)
def test_a_paid_account_is_never_overdrawn(arrivals: list[tuple[int, int]]) -> None:
    taken = asyncio.run(_bookings_of_a_paid_account(arrivals))

    for length, limit in ((MINUTE, 10), (HOUR, 50), (DAY, 100)):
        assert all(last - first > length for first, last in zip(taken, taken[limit:], strict=False))


async def test_a_paid_account_gets_what_it_pays_for() -> None:
    taken = await _bookings_of_a_paid_account([(66, 10)] * 12 + [(3600, 10)] * 12)

    assert len(taken) == 100


async def _bookings_of_a_paid_account(arrivals: list[tuple[int, int]]) -> list[float]:
    """When they were admitted. The embedded store goes by this process's clock, which here is moved by hand."""
    taken = []
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC), tick=False) as clock:
        async with open_store(EMBEDDED) as store:
            quota = Budgets(state=StateStore(store), account=lambda: "0a1b", tier="paid")
            for pause, crowd in arrivals:
                clock.shift(pause)
                taken += [time.time()] * await count_admitted(quota, BOOK, crowd)
    return taken
