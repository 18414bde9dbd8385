"""Delivers what is due: one in every process; the store gives each delivery to one of them at a time."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import SystemRandom

import structlog

from app.background import whatever_goes_wrong
from app.relay.notices import Notice, body_of
from app.relay.outbox import Claimed, Outbox
from app.relay.schedule import next_wait
from app.relay.sender import DEADLINE, Answer, Sender, Verdict
from app.relay.targets import Target
from app.store.state import StoreAwayError

AT_ONCE = 8
"""Attempts of one process. No target has more than its share of them, so that one that hangs holds up no other."""

GRACE = timedelta(seconds=5)
"""For attempts that are on their way when the process is told to stop. What they leave, the lease gives to others."""

UNREADABLE = "unreadable"
CRASHED = "crashed"

log = structlog.get_logger()

Count = Callable[[str, int], None]
"""So many more notices that ended so: `delivered`, `failed`, `dead`, `crowded_out`, `dropped`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayOptions:
    """`poll`: how often it is asked what others wrote down, and what is due again; `lease`: longer than an attempt."""

    poll: timedelta = timedelta(seconds=1)
    lease: timedelta = DEADLINE + timedelta(seconds=15)
    grace: timedelta = GRACE
    chance: Callable[[], float] = field(default=SystemRandom().random)


class Relay:
    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        targets: Sequence[Target],
        count: Count,
        options: RelayOptions,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._targets = {target.name: target for target in targets}
        self._count = count
        self._options = options
        self._share = max(AT_ONCE // max(len(targets), 1), 1)
        self._running: dict[asyncio.Task[None], str] = {}
        self._more = asyncio.Event()

    async def put(self, notice: Notice) -> bool:
        """Have it delivered to every target; False where it was put before. Raises `StoreAwayError`."""
        put = await self._outbox.put(notice, body_of(notice), list(self._targets.values()))
        if put.crowded:
            log.error("relay.crowded_out", notices=put.crowded)
            self._count("crowded_out", put.crowded)
        if put.dropped:
            log.error("relay.dead_dropped", notices=put.dropped)
            self._count("dropped", put.dropped)
        self._more.set()
        return put.new

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong in a round, there is a next one."""
        while True:
            self._more.clear()
            # That the store is away has been logged.
            with whatever_goes_wrong("relay.round_failed"), suppress(StoreAwayError):
                await self._round()
            await self._news()

    async def aclose(self) -> None:
        """Begins nothing more, for `run` has ended; waits a little for what has begun."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._options.grace.total_seconds())
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _round(self) -> None:
        busy = Counter(self._running.values())
        room = {name: self._share - busy[name] for name in self._targets}
        for claimed in await self._outbox.claim(room, self._options.lease):
            task = asyncio.create_task(self._deliver(claimed))
            self._running[task] = claimed.target
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        del self._running[task]
        # There is room for another, which may have been due for long.
        self._more.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("relay.delivery_failed", exc_info=task.exception())

    async def _news(self) -> None:
        poll = self._options.poll.total_seconds()
        try:
            async with asyncio.timeout(poll):
                await self._more.wait()
        except TimeoutError:
            pass

    async def _deliver(self, claimed: Claimed) -> None:
        target = self._targets[claimed.target]
        answer = await self._attempted(claimed, target)
        try:
            await self._note(claimed, target, answer)
        except StoreAwayError:
            # It will be sent again: a receiver knows it by its id.
            log.warning("relay.outcome_unsaved", notice=claimed.id)

    async def _attempted(self, claimed: Claimed, target: Target) -> Answer:
        if claimed.body is None:
            return Answer(Verdict.AGAIN, UNREADABLE)
        try:
            return await self._sender.send(target, claimed.id, claimed.body)
        except Exception:
            # Otherwise it would be tried for ever, as often as its lease is over.
            log.exception("relay.attempt_crashed", notice=claimed.id)
            return Answer(Verdict.AGAIN, CRASHED)

    async def _note(self, claimed: Claimed, target: Target, answer: Answer) -> None:
        said = {"notice": claimed.id, "host": target.host, "attempt": claimed.attempt, "said": answer.said}
        if answer.verdict is Verdict.TAKEN:
            await self._outbox.delivered(claimed)
            self._count("delivered", 1)
            log.info("relay.delivered", **said)
            return
        wait = None
        if answer.verdict is Verdict.AGAIN:
            wait = next_wait(claimed.attempt, answer.wait, self._options.chance())
        if not await self._outbox.failed(claimed, answer.said, wait):
            return
        if wait is None:
            self._count("dead", 1)
            log.error("relay.dead", **said)
        else:
            self._count("failed", 1)
            log.warning("relay.not_taken", **said)
