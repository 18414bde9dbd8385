"""Several awaits, one failure; and one load for everybody who waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


async def together(*awaitables: Awaitable[T]) -> list[T]:
    """Run all at once; the first failure ends the others and is raised as itself, once they have ended.

    Not by a `TaskGroup`. It would wrap the failure in an `ExceptionGroup`, which no handler of ours matches; and before
    Python 3.13 it leaves a cancellation counted with whoever waited. The next timeout takes that for a wish to end the
    task, where Python is older than 3.11.3 (Debian 12 has 3.11.2), and does end it: nobody gets an answer.
    """
    tasks = [asyncio.create_task(_run(awaitable)) for awaitable in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION) if tasks else ((), ())
    finally:
        await _ended([task for task in tasks if not task.done()])
    for task in tasks:
        if task in done and not task.cancelled() and (failure := task.exception()) is not None:
            raise _first(failure)
    return [task.result() for task in tasks]


async def _ended(tasks: Collection["asyncio.Task[T]"]) -> None:
    """Told to end, once, and given time to, though whoever waits for them is told to end meanwhile."""
    for task in tasks:
        task.cancel()
    left: asyncio.CancelledError | None = None
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError as cancelled:
            left = cancelled
    for task in tasks:
        if not task.cancelled():
            task.exception()  # nobody fetches it, which is not to be reported
    if left is not None:
        raise left


async def both(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """`together` for two of different types."""
    found: list[A | B] = await together(first, second)
    return cast("tuple[A, B]", tuple(found))


async def _run(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _first(failure: BaseException) -> BaseException:
    return _first(failure.exceptions[0]) if isinstance(failure, BaseExceptionGroup) else failure


async def told(ask: Callable[[Callable[[T], None]], None]) -> T:
    """What is told to whoever asks, for who would rather wait for it."""
    answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def tell(found: T) -> None:
        if not answer.done():
            answer.set_result(found)

    ask(tell)
    return await answer


class SingleFlight:
    """Whoever asks for a key that is being loaded waits for that load.

    A waiter who leaves takes nobody along; a load that fails, fails everybody
    who waited for it once, and the next one tries again.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[Any]] = {}

    async def run(self, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        self.start(key, load)
        return cast("T", await asyncio.shield(self._running[key]))

    def start(self, key: Hashable, load: Callable[[], Awaitable[Any]]) -> None:
        """For whoever asks later: nobody waits for it here."""
        if key not in self._running:
            task = asyncio.create_task(_run(load()))
            self._running[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))

    async def settle(self, patience: float) -> None:
        """Wait for what is under way, however it ends, but no longer than so many seconds."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=patience)

    def _landed(self, key: Hashable, task: "asyncio.Task[Any]") -> None:
        del self._running[key]
        if not task.cancelled():
            # Everybody may have left: a failure nobody fetches must not be reported as forgotten.
            task.exception()
