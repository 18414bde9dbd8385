"""The count that all replicas share, in the state store."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from app.budgets import scripts
from app.budgets.claims import Claim
from app.budgets.learning import Bound, Shut
from app.budgets.names import keys_of, log_of
from app.budgets.windows import AUTO, Learnt, Plan, PlanOf, plan_of
from app.store.script import Script
from app.store.state import Reply, StateStore, StoreAwayError

PATIENCE = 0.25
"""Seconds for the store's answer, where one can go on without it."""

HURRY = 0.02
"""Seconds for it while the cache is away: whoever asks may have waited for that one already, and the same may ail both.

Too little to say that the store is away: that is found out on nobody's time.
"""

BOOKING_PATIENCE = 2.0
"""Where one cannot: as long as the store itself may take.

A crowd that keeps this process busy makes answers look late that came in time,
and that must not close bookings.
"""

PROBED_EVERY = 0.5
"""Seconds between two questions to a store that is away: it is used again that soon after it is back."""

KEPT = timedelta(days=30)
"""What Calendly said. Where it is gone, the next reply says it again."""

SLICES = 5
"""That a patience is waited for in. Each counts for its length only, however late this process comes back to it: the
store is not away because we were busy, and its answer may lie there unread.
"""

MOST_OWED = 1000

SECOND = 1_000_000
"""Microseconds, in which the scripts reckon."""

Claims: TypeAlias = Callable[[Plan], Sequence[Claim]]
Argument: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Count:
    """Seconds to `wait` (none: there is room), for which window or gate, and the room in each window."""

    wait: float
    cause: str
    rooms: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Debt:
    """A permit, and the commands that were under way when nobody waited for it any longer.

    One of them may yet take it: given back before that, it would be taken for nothing.
    """

    permit: str
    under_way: frozenset[asyncio.Task[Reply]]

    @property
    def is_due(self) -> bool:
        return all(command.done() for command in self.under_way)


class SharedCount:
    """Its methods raise `StoreAwayError` where the store has not answered in time; it may act all the same.

    A command is never cancelled half-way: whoever has waited long enough leaves it behind. After that only
    bookings ask, until `probe` has found that the store answers again. `hurries`: whether those who do
    not book are to wait no longer than a moment.
    """

    def __init__(
        self,
        state: StateStore,
        account: Callable[[], str],
        tier: str,
        plans: PlanOf = plan_of,
        hurries: Callable[[], bool] = lambda: False,
    ) -> None:
        self._state = state
        self._account = account
        self._tier = tier
        self._plans = plans
        self._hurries = hurries
        self._lost = asyncio.Event()
        self._running: set[asyncio.Task[Reply]] = set()
        self._judging: set[asyncio.Task[None]] = set()
        """Of commands that were left behind in a hurry: while there are any, whether it is away is not known."""
        self._owed: deque[_Debt] = deque(maxlen=MOST_OWED)
        self.learnt = Learnt()

    @property
    def learns(self) -> bool:
        return self._tier == AUTO

    @property
    def plan(self) -> Plan:
        return self.plan_for(self.learnt)

    def plan_for(self, learnt: Learnt) -> Plan:
        return self._plans(self._tier, learnt)

    async def count(self, claims: Claims, permits: Sequence[str] = (), *, books: bool = False) -> Count:
        """Give a permit where every window has room for it; without one, only look.

        More than one: the others were given already, and are still to be counted.
        """
        if books:
            await self._pay_back()
        while True:
            claimed = claims(self.plan)
            kind, *said = await self._run(scripts.TAKE, self._question(claimed, permits), books=books)
            if kind == b"counted":
                wait, cause, *rooms = said
                names = (claim.window.name for claim in claimed)
                return Count(wait / SECOND, cause.decode(), dict(zip(names, rooms, strict=True)))
            self.learnt = Learnt(*(name.decode() or None for name in said))

    async def probe(self) -> None:
        """Until cancelled."""
        while True:
            await self._lost.wait()
            await asyncio.sleep(PROBED_EVERY)
            if await self._state.answers_for(keys_of(self._account())[0]):
                self._lost.clear()

    async def give_back(self, permit: str) -> None:
        await self._run(scripts.GIVE_BACK, [permit])

    def owe(self, permit: str) -> None:
        """The store may have given this permit, or not have taken it back: tell it before a later booking."""
        self._owed.append(_Debt(permit, frozenset(self._running)))

    async def remember(self, learnt: Learnt, bound: Bound | None, shut: Shut | None) -> None:
        news = Learnt() if learnt == self.learnt else learnt
        self.learnt = learnt
        kept = round(KEPT / timedelta(milliseconds=1))
        said: list[Argument] = [news.calls or "", news.bookings or "", kept]
        said += _bound_arguments(bound) if bound else ["", 0, 0, 0]
        if shut:
            said += [part for gate in shut.gates for part in (gate.value, shut.seconds * SECOND)]
        await self._run(scripts.OBSERVE, said)

    async def _pay_back(self) -> None:
        due = {debt.permit for debt in self._owed if debt.is_due}
        if due:
            await self._run(scripts.GIVE_BACK, [*due], books=True)
            self._owed = deque((debt for debt in self._owed if debt.permit not in due), MOST_OWED)

    def _question(self, claims: Sequence[Claim], permits: Sequence[str]) -> list[Argument]:
        known = f"{self.learnt.calls or ''}/{self.learnt.bookings or ''}" if self.learns else "*"
        return [known, " ".join(permits), *(part for claim in claims for part in _claim_arguments(claim))]

    async def _run(self, script: Script, arguments: Sequence[Argument], *, books: bool = False) -> Reply:
        if not books and (self._lost.is_set() or self._judging):
            raise StoreAwayError
        command = self._begun(script, arguments)
        if not books and self._hurries() and not await _is_done(command, HURRY):
            self._leave(command)
            raise StoreAwayError
        return await self._answer(command, BOOKING_PATIENCE if books else PATIENCE)

    async def _answer(self, command: asyncio.Task[Reply], patience: float) -> Reply:
        """By it, or by its absence, is known whether the store is away."""
        if not await _is_done(command, patience):
            self._lost.set()
            raise StoreAwayError
        try:
            answer = command.result()
        except StoreAwayError:
            self._lost.set()
            raise
        self._lost.clear()
        return answer

    def _leave(self, command: asyncio.Task[Reply]) -> None:
        judging = asyncio.create_task(self._judge(command))
        self._judging.add(judging)
        judging.add_done_callback(self._judging.discard)

    async def _judge(self, command: asyncio.Task[Reply]) -> None:
        with suppress(StoreAwayError):
            await self._answer(command, PATIENCE)

    def _begun(self, script: Script, arguments: Sequence[Argument]) -> asyncio.Task[Reply]:
        task = asyncio.create_task(self._state.run(script, keys_of(self._account()), arguments))
        self._running.add(task)
        task.add_done_callback(self._landed)
        return task

    def _landed(self, task: asyncio.Task[Reply]) -> None:
        self._running.discard(task)
        with suppress(asyncio.CancelledError):
            # Everybody may have left: a failure that nobody fetches must not be reported as forgotten.
            task.exception()


async def _is_done(command: asyncio.Task[Reply], patience: float) -> bool:
    """Within so many seconds."""
    for _ in range(SLICES):
        await asyncio.wait({command}, timeout=patience / SLICES)
        if command.done():
            return True
    return False


def _claim_arguments(claim: Claim) -> tuple[Argument, ...]:
    window = claim.window
    place, span = log_of(claim.gate), round(window.span / timedelta(microseconds=1))
    return (place, window.name, span, window.limit, claim.reserve, claim.gate.value)


def _bound_arguments(bound: Bound) -> list[Argument]:
    return [bound.window.name, log_of(bound.gate), bound.left, bound.seconds * SECOND]
