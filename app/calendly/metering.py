"""Asking a quota before a call and telling it after, at no risk to the call."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import datetime
from http import HTTPStatus
from typing import Any

from app.calendly.call import Call, setback_of
from app.calendly.exchange import Reply, Trouble
from app.calendly.options import Deadline
from app.calendly.quota import VISITS, Quota, Standing
from app.calendly.waits import LONGEST_BOOKING_WAIT, asked_wait

PATIENCE = 0.5
"""Seconds for which a reply that is there waits until the quota has heard of it."""

READ_PATIENCE = 0.02
"""The same for what may be read again: whoever keeps the count may hang, and a visitor waits for the reply."""


class Meter:
    """A quota as calls use it: it may refuse them, and nothing else.

    What it is told, it is told in tasks of their own: however slow it hears, and whatever goes wrong in it,
    a reply stays a reply.
    """

    def __init__(self, quota: Quota, clock: Callable[[], datetime]) -> None:
        self._quota = quota
        self._clock = clock
        self._telling: set[asyncio.Task[None]] = set()

    async def admit(self, call: Call[Any], deadline: Deadline) -> str:
        """Raises what the quota raises, and `SetbackError` where its answer comes after the deadline."""
        permit = await self._quota.admit(call.purpose)
        if deadline.over():
            await self.give_back(call, permit, deadline)
            raise setback_of(call, Trouble.WITHHELD)
        return permit

    async def give_back(self, call: Call[Any], permit: str, deadline: Deadline) -> None:
        await self._tell(self._quota.give_back(call.purpose, permit), min(PATIENCE, deadline.left() / 2))

    async def observe(self, call: Call[Any], reply: Reply, deadline: Deadline) -> None:
        standing = standing_from(reply, self._clock())
        patience = READ_PATIENCE if call.purpose in VISITS else PATIENCE
        await self._tell(self._quota.observe(call.purpose, standing), min(patience, deadline.left() / 2))

    async def finish(self) -> None:
        """Waits a moment for what the quota is still being told, then leaves it at that."""
        if self._telling:
            await asyncio.wait(self._telling, timeout=PATIENCE)
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _tell(self, news: Coroutine[Any, Any, None], patience: float) -> None:
        task = asyncio.create_task(news)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        await asyncio.wait({task}, timeout=patience)


def standing_from(reply: Reply, now: datetime) -> Standing:
    """What the headers say; what they do not say sensibly, they do not say."""
    return Standing(
        limit=_count(reply.headers.get("x-ratelimit-limit", "")),
        remaining=_count(reply.headers.get("x-ratelimit-remaining", "")),
        reset=asked_wait(reply.headers, now, LONGEST_BOOKING_WAIT),
        refused=reply.status == HTTPStatus.TOO_MANY_REQUESTS,
    )


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
