"""Answers in Redis, as they were sent: what one process has answered, the others need not make again."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from redis.asyncio import Redis

from app.cache import scripts
from app.cache.heard import Heard
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.concurrency import told

MOST = 5000
"""Answers, about 10 MiB: beyond it, all of them go."""

AT_ONCE = 200
"""That wait to be put there; what comes on top may be offered again."""

KEPT_FOR = timedelta(minutes=10)
"""After the last one was put there. What they hold, they say themselves."""

DIGITS = 16
MILLISECOND = timedelta(milliseconds=1)

Tell: TypeAlias = Callable[[bytes], None]


class AnswerShelf:
    """Whoever asks while Redis is at work is served with the next round trip, all of them at once: so a thousand
    questions cost it a few.

    `maker` tells answers of one release and its settings from those of others.
    """

    def __init__(self, redis: Redis, reach: Reach, *, account: str, maker: str, heard: Heard) -> None:
        self._steps = Steps(redis, reach, account)
        self._heard = heard
        self._maker = maker
        self._asked: dict[bytes, list[Tell]] = {}
        self._put: dict[bytes, tuple[int, bytes]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._putting: asyncio.Task[None] | None = None

    def ask(self, name: bytes, tell: Tell) -> None:
        """`name` without white space. `tell` is called once, later: with nothing where there is no answer that is true.

        No task waits for it: that would take half of the time of an answer that is here.
        """
        asking = self._asked.get(name)
        if asking is None:
            self._asked[name] = [tell]
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
        else:
            asking.append(tell)

    async def take(self, name: bytes) -> bytes:
        """As `ask` tells it."""
        return await told(partial(self.ask, name))

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
                    found = await self._steps.run(
                        scripts.TAKE, self._heard.generation, self._maker, b" ".join(asked)
                    )
                finally:
                    # What Redis has may be what it was to be told of.
                    brought = found if self._heard.is_all_told else None
                    self._tell(asked, brought or [b""] * len(asked))
        finally:
            self._asking = None
            # Where it was closed meanwhile, there may be some; nobody else would tell them.
            left, self._asked = self._asked, {}
            self._tell(left, [b""] * len(left))

    def _tell(self, asked: dict[bytes, list[Tell]], found: list[bytes]) -> None:
        soon = asyncio.get_running_loop().call_soon
        for asking, answer in zip(asked.values(), found, strict=True):
            for tell in asking:
                soon(tell, answer)

    async def _write(self) -> None:
        try:
            while self._put:
                put, self._put = self._put, {}
                known = min(generation for generation, _ in put.values())
                words = [part for name, (_, answer) in put.items() for part in (name, answer)]
                await self._steps.run(
                    scripts.PUT,
                    self._heard.generation,
                    self._maker,
                    f"{known:0{DIGITS}}",
                    MOST,
                    KEPT_FOR // MILLISECOND,
                    *words,
                )
        finally:
            self._putting = None
