"""Answers in Redis, as they were sent: what one process has answered, the others need not make again."""

import asyncio
from datetime import timedelta

from redis.asyncio import Redis

from app.cache import scripts
from app.cache.reach import Reach
from app.cache.steps import Steps

MOST = 5000
"""Answers, about 10 MiB: beyond it, all of them go."""

AT_ONCE = 200
"""That wait to be put there; what comes on top may be offered again."""

KEPT_FOR = timedelta(minutes=10)
"""After the last one was put there. What they hold, they say themselves."""

DIGITS = 16
MILLISECOND = timedelta(milliseconds=1)


class AnswerShelf:
    """Whoever asks while Redis is at work is served with the next round trip, all of them at once: so a thousand
    questions cost it a few.

    `maker` tells answers of one release and its settings from those of others.
    """

    def __init__(self, redis: Redis, reach: Reach, *, account: str, maker: str) -> None:
        self._steps = Steps(redis, reach, account)
        self._maker = maker
        self._asked: dict[bytes, asyncio.Future[bytes]] = {}
        self._put: dict[bytes, tuple[int, bytes]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._putting: asyncio.Task[None] | None = None

    async def take(self, name: bytes) -> bytes:
        """Empty where there is none that is true."""
        asked = self._asked.get(name)
        if asked is None:
            asked = self._asked[name] = asyncio.get_running_loop().create_future()
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(asked)

    def put(self, name: bytes, answer: bytes, generation: int) -> bool:
        """In a moment, and perhaps never. `generation`: the latest that was known when its days were read.

        Whether there was room for it among those that wait.
        """
        if len(self._put) >= AT_ONCE:
            return False
        self._put[name] = generation, answer
        if self._putting is None:
            self._putting = asyncio.create_task(self._write())
        return True

    async def aclose(self) -> None:
        for task in (self._asking, self._putting):
            while task is not None and not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=0.1)

    async def _ask(self) -> None:
        try:
            while self._asked:
                # From here on nobody joins: what is true may change while Redis is asked.
                asked, self._asked = self._asked, {}
                found = None
                try:
                    found = await self._steps.run(scripts.TAKE, self._maker, *asked)
                finally:
                    for each, answer in zip(asked.values(), found or [b""] * len(asked), strict=True):
                        each.set_result(answer)
        finally:
            self._asking = None

    async def _write(self) -> None:
        try:
            while self._put:
                put, self._put = self._put, {}
                known = min(generation for generation, _ in put.values())
                words = [part for name, (_, answer) in put.items() for part in (name, answer)]
                await self._steps.run(
                    scripts.PUT, self._maker, f"{known:0{DIGITS}}", MOST, KEPT_FOR // MILLISECOND, *words
                )
        finally:
            self._putting = None
