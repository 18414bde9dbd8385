"""Several awaits with one failure, and one load for all who wait."""

import asyncio
from typing import NoReturn

import pytest

from app.concurrency import SingleFlight, together
from app.errors import NotFoundError


async def _value(value: int) -> int:
    return value


async def _fails() -> NoReturn:
    raise NotFoundError


async def test_results_come_in_the_order_of_the_questions() -> None:
    async def slow() -> int:
        await asyncio.sleep(0.01)
        return 1

    assert await together(slow(), _value(2)) == [1, 2]


async def test_nothing_together_is_nothing() -> None:
    assert await together() == []


async def test_a_failure_is_raised_as_itself() -> None:
    with pytest.raises(NotFoundError):
        await together(_value(1), _fails())


async def test_a_failure_within_a_failure_is_raised_as_itself() -> None:
    async def group() -> NoReturn:
        raise ExceptionGroup("within", [ExceptionGroup("further within", [NotFoundError()])])

    with pytest.raises(NotFoundError):
        await together(group())


async def test_a_failure_ends_the_others() -> None:
    ended = asyncio.Event()

    async def endless() -> int:
        try:
            return int(await asyncio.Event().wait())
        finally:
            ended.set()

    with pytest.raises(NotFoundError):
        await together(endless(), _fails())

    assert ended.is_set()


async def test_after_a_failure_a_timeout_is_a_timeout() -> None:
    """And no cancellation, which would end whoever waits in vain for something else after it."""
    with pytest.raises(NotFoundError):
        await together(_fails(), _value(1))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()


async def test_whoever_leaves_ends_all_of_them() -> None:
    ended = []

    async def endless(number: int) -> NoReturn:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)
        raise AssertionError

    leaving = asyncio.create_task(together(endless(1), endless(2)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leaving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert sorted(ended) == [1, 2]


async def _leaves_slowly(ended: list[str]) -> NoReturn:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        ended.append("in peace")
    raise AssertionError


async def test_whoever_leaves_lets_all_of_them_end_in_peace() -> None:
    ended: list[str] = []
    leaving = asyncio.create_task(together(_leaves_slowly(ended), _leaves_slowly(ended)))
    await asyncio.sleep(0.001)
    leaving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert ended == ["in peace"] * 2


async def test_whoever_leaves_after_a_failure_leaves_nothing_running() -> None:
    ended: list[str] = []
    leaving = asyncio.create_task(together(_leaves_slowly(ended), _fails()))
    await asyncio.sleep(0.001)
    leaving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert ended == ["in peace"]


class _Load:
    """Counts how often it was asked; answers when told."""

    def __init__(self) -> None:
        self.asked = 0
        self.ready = asyncio.Event()

    async def __call__(self) -> int:
        self.asked += 1
        await self.ready.wait()
        return self.asked


async def test_all_who_wait_share_one_load() -> None:
    flight, load = SingleFlight(), _Load()
    waiting = [asyncio.create_task(flight.run("key", load)) for _ in range(100)]
    await asyncio.sleep(0)
    load.ready.set()

    assert await asyncio.gather(*waiting) == [1] * 100


async def test_another_key_is_another_load() -> None:
    flight, load = SingleFlight(), _Load()
    load.ready.set()

    await asyncio.gather(flight.run("a", load), flight.run("b", load))

    assert load.asked == 2


async def test_whoever_comes_after_the_landing_loads_again() -> None:
    flight, load = SingleFlight(), _Load()
    load.ready.set()

    assert [await flight.run("key", load) for _ in range(2)] == [1, 2]


@pytest.mark.fault("C01")
async def test_a_waiter_who_leaves_takes_nobody_along() -> None:
    flight, load = SingleFlight(), _Load()
    first, second = (asyncio.create_task(flight.run("key", load)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    load.ready.set()

    assert await second == 1
    assert first.cancelled()


async def test_a_failed_load_fails_those_who_waited_and_nobody_else() -> None:
    flight = SingleFlight()

    with pytest.raises(NotFoundError):
        await flight.run("key", _fails)

    assert await flight.run("key", lambda: _value(5)) == 5


async def test_a_failure_that_nobody_waits_for_any_more_is_not_reported() -> None:
    flight, reported, ready = SingleFlight(), [], asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    async def load() -> NoReturn:
        await ready.wait()
        raise NotFoundError

    waiter = asyncio.create_task(flight.run("key", load))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.wait([waiter])
    ready.set()
    await asyncio.sleep(0.01)

    assert reported == []


async def test_a_load_that_is_cancelled_leaves_the_key_free() -> None:
    flight = SingleFlight()

    async def cancelled() -> NoReturn:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await flight.run("key", cancelled)

    assert await flight.run("key", lambda: _value(5)) == 5


async def test_whoever_closes_waits_for_what_is_under_way_and_not_for_ever() -> None:
    flight, ready = SingleFlight(), asyncio.Event()
    flight.start("key", ready.wait)

    await flight.settle(0.01)
    still_runs = not ready.is_set()
    asyncio.get_running_loop().call_later(0.01, ready.set)
    await flight.settle(5)

    assert (still_runs, ready.is_set()) == (True, True)
    await flight.settle(0)
