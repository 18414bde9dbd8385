"""Plans whose windows a test can wait for, replies of Calendly, callers in numbers, and processes that are busy."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from redis.asyncio import Redis

from app.budgets.budgets import Budgets, Reckoning
from app.budgets.windows import Learnt, Plan, Window
from app.calendly.quota import Purpose, Standing
from app.errors import AppError
from app.store.state import StateStore

EMBEDDED = "memory://"

BRIEF = timedelta(milliseconds=300)
LONG = timedelta(minutes=1)

RENEW, CHECK, READ, LOOKUP, CANCEL, BOOK = Purpose


class HandClock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def window(name: str, limit: int, length: timedelta = LONG) -> Window:
    return Window(name=name, limit=limit, length=length, margin=timedelta())


def plan(*bookings: Window, calls: int = 1000) -> Callable[[str, Learnt], Plan]:
    """The same on every tier, whatever is learnt."""
    return lambda _tier, _learnt: Plan(window("calls_minute", calls), bookings)


def budgets(
    store: Redis, *bookings: Window, calls: int = 1000, account: str = "0a1b", tier: str = "paid"
) -> Budgets:
    """Of a plan that does not change."""
    return Budgets(
        state=StateStore(store),
        account=lambda: account,
        tier=tier,
        reckoning=Reckoning(plans=plan(*bookings, calls=calls)),
    )


def standing(
    limit: int | None = None, remaining: int | None = None, reset: int | None = None, *, refused: bool = False
) -> Standing:
    return Standing(limit, remaining, reset, refused)


async def is_admitted(quota: Budgets, purpose: Purpose) -> bool:
    try:
        await quota.admit(purpose)
    except AppError:
        return False
    return True


async def count_admitted(quota: Budgets, purpose: Purpose, tries: int) -> int:
    return sum([await is_admitted(quota, purpose) for _ in range(tries)])


@contextmanager
def busy(turn: float) -> Iterator[None]:
    """So many seconds pass in each turn of this process."""
    loop, holding = asyncio.get_running_loop(), True

    def hold() -> None:
        time.sleep(turn)
        if holding:
            loop.call_soon(hold)

    hold()
    yield
    holding = False


async def all_landed() -> None:
    """Wait for what others have left behind."""
    async with asyncio.timeout(15):
        left_behind = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*left_behind, return_exceptions=True)
