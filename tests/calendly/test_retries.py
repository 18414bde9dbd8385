"""However often Calendly fails, it is asked hardly more than by visitors alone."""

import httpx
import pytest
import respx

from app.calendly.retries import FEW, SHARE, SPAN, RetryBudget
from app.errors import AppError
from tests.calendly import rig

GOOD = rig.resource(rig.user())


class HandClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _repeated(budget: RetryBudget, calls: int) -> int:
    """Of so many calls that all fail."""
    repeated = 0
    for _ in range(calls):
        budget.note()
        repeated += budget.take()
    return repeated


@pytest.mark.fault("U13")
@pytest.mark.parametrize("calls", [1, FEW, 10 * FEW, 1000])
def test_a_tenth_of_all_calls_may_be_repeated_and_a_few_in_any_case(calls: int) -> None:
    repeated = _repeated(RetryBudget(HandClock()), calls)

    assert repeated == min(calls, max(FEW, round(calls * SHARE)))


def test_what_was_long_ago_does_not_count() -> None:
    clock = HandClock()
    budget = RetryBudget(clock)
    before = _repeated(budget, 1000)
    clock.now += SPAN + 1

    assert (before, _repeated(budget, 10)) == (100, FEW)


@pytest.mark.fault("U13")
async def test_a_calendly_that_fails_now_and_then_gets_hardly_more_to_do() -> None:
    """Three calls of ten fail, never so many in a row that it is left alone."""
    asked = 0

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(503) if asked % 10 in {1, 4, 7} else httpx.Response(200, json=GOOD)

    calendly = respx.Router(base_url=rig.ORIGIN)
    calendly.get("/users/me").mock(side_effect=answer)
    client = rig.client_on(calendly, retry_wait=lambda: 0.0)
    failed = 0

    for _ in range(400):
        try:
            await client.get_current_user()
        except AppError:
            failed += 1

    await client.aclose()
    assert 400 < asked <= 400 * (1 + SHARE) + 1
    assert failed < 0.3 * 400
