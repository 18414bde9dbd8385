"""A service that is told to stop, stops, though a cancellation may get lost on its way."""

import asyncio
from contextlib import suppress

from app.background import running


class Deaf:
    """Loses the first cancellation: as `asyncio.wait_for` does on Python 3.11 when what it waits for is just done."""

    async def run(self) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()


async def _started_and_stopped() -> None:
    async with running(Deaf().run()):
        await asyncio.sleep(0)


async def test_the_resolver_ends_though_it_lost_a_cancellation() -> None:
    task = asyncio.create_task(_started_and_stopped())

    done, _ = await asyncio.wait({task}, timeout=1)

    task.cancel()
    assert done
