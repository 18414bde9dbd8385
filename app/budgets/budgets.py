"""May this call be made? The quota of one account: counted by all replicas together, and by what Calendly says."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from math import ceil
from secrets import token_hex

import structlog

from app.budgets.alone import Alone
from app.budgets.claims import ALONE, SHARES, Gate, Shares, claims_of, whole
from app.budgets.learning import Bound, Shut, bound_from, learnt_from, shut_by
from app.budgets.recent import Gates, Recent, Uncounted
from app.budgets.shared import Count, SharedCount
from app.budgets.windows import AUTO, CALLS, FULL, Learnt, PlanOf, plan_of
from app.calendly.quota import Purpose, Standing
from app.errors import BookingQuotaSpentError, BookingsClosedError, UpstreamBusyError
from app.store.state import StateStore, StoreAwayError

CLOSED_FOR = 30
"""Seconds after which to try again to book, while the store is away."""

LONGEST_WAIT = 86_400
"""Seconds that a caller is told to wait at most: no window is longer, whatever a clock that was set says."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What is counted by. After the `read_timeout` a call has arrived, or never will. `processes`: at least so many
    make calls for this account. `hurries`: as in `SharedCount`.
    """

    plans: PlanOf = plan_of
    monotonic: Callable[[], float] = time.monotonic
    read_timeout: timedelta = timedelta(seconds=3)
    shares: Shares = field(default_factory=lambda: SHARES)
    processes: int = ALONE
    hurries: Callable[[], bool] = lambda: False


class Budgets:
    """One account's `Quota`. What `account` answers is opaque, and stands in the names of the keys.

    While the store is away, bookings are closed; everything else goes on under
    a limit of this process's own, which is the smaller for not seeing the others.
    """

    def __init__(
        self,
        *,
        state: StateStore,
        account: Callable[[], str],
        tier: str = AUTO,
        reckoning: Reckoning | None = None,
    ) -> None:
        by = reckoning or Reckoning()
        self._account = account
        self._shared = SharedCount(state, account, tier, by.plans, by.hurries)
        self._under_way = by.read_timeout.total_seconds()
        self._gates = Gates(by.monotonic)
        self._sent = Recent(CALLS[FULL].length.total_seconds(), by.monotonic)
        self._uncounted = Uncounted(self._sent, account)
        self._shares = by.shares
        self._alone = Alone(
            sent=self._sent,
            span=self._shared.plan.calls.span.total_seconds(),
            monotonic=by.monotonic,
            shares=by.shares,
            processes=by.processes,
        )

    async def admit(self, purpose: Purpose) -> str:
        """A permit for one request.

        Raises `UpstreamBusyError`; for a booking also `BookingsClosedError`, and
        `BookingQuotaSpentError` where it is not the calls that are spent.
        """
        permit = token_hex(8)
        self._refuse_shut_out(purpose)
        try:
            count = await self._counted(purpose, permit)
        except StoreAwayError as error:
            self._go_alone(purpose, permit, error)
        else:
            self._refuse(count.wait, count.cause)
        self._sent.add(permit)
        return permit

    async def give_back(self, purpose: Purpose, permit: str) -> None:
        """Provably nothing was sent."""
        self._alone.remove(permit)
        self._sent.remove(permit)
        try:
            await self._shared.give_back(permit)
        except StoreAwayError:
            if purpose is Purpose.BOOK:
                self._shared.owe(permit)

    async def observe(self, purpose: Purpose, standing: Standing) -> None:
        """Costs nothing where a reply says nothing new, and never fails."""
        learnt = self._learnt_from(purpose, standing)
        plan = self._shared.plan_for(learnt)
        bound, shut = bound_from(purpose, standing, plan), shut_by(purpose, standing, plan)
        self._shut_here(bound, shut)
        if learnt == self._shared.learnt and not shut and not (bound and self._is_news(bound)):
            return
        try:
            await self._shared.remember(learnt, bound, shut)
        except StoreAwayError:
            log.warning("budgets.reply_not_remembered")

    async def require(self, purpose: Purpose) -> None:
        """Raises what `admit` raises where no such call could be sent now, but for a store that is away.

        Spends nothing, and promises nothing.
        """
        self._refuse_shut_out(purpose)
        try:
            count = await self._counted(purpose)
        except StoreAwayError:
            return
        self._refuse(count.wait, count.cause)

    async def has_room(self, purpose: Purpose) -> bool:
        """Whether such a call could be sent now; no while the store is away, for then nobody knows."""
        try:
            return (await self._counted(purpose)).wait <= 0
        except StoreAwayError:
            return False

    async def probe(self) -> None:
        """Until cancelled: finds out on nobody's time that a store which was away is back."""
        await self._shared.probe()

    async def left(self) -> dict[str, int]:
        """Calls that may still be made now, by the name of the window; nothing where the store is away."""
        try:
            return (await self._shared.count(whole)).rooms
        except StoreAwayError:
            return {}

    async def _counted(self, purpose: Purpose, permit: str = "") -> Count:
        books = purpose is Purpose.BOOK and permit != ""
        others = [] if books or not permit else self._uncounted.permits()
        permits = [permit, *others] if permit else []
        name = self._account()
        claims = partial(claims_of, purpose=purpose, shares=self._shares)
        count = await self._shared.count(claims, permits, books=books)
        if count.wait <= 0:
            self._uncounted.counted(permits, name)
        if count.cause in _GATES:
            # Another replica was refused: it stays shut here too, should the store go away.
            self._gates.shut(Gate(count.cause), count.wait)
        return count

    def _go_alone(self, purpose: Purpose, permit: str, error: StoreAwayError) -> None:
        if purpose is Purpose.BOOK:
            self._shared.owe(permit)
            raise BookingsClosedError(retry_after=CLOSED_FOR) from error
        plan = self._shared.plan
        self._refuse(self._alone.wait(plan, purpose), plan.calls.name)
        self._alone.add(permit)
        self._uncounted.add(permit)

    def _refuse_shut_out(self, purpose: Purpose) -> None:
        gates = _gates_of(purpose)
        self._refuse(self._gates.wait(gates), self._gates.last(gates).value)

    def _refuse(self, wait: float, cause: str) -> None:
        """Raises where there is something to wait for: room in the window, or the gate, of that name."""
        if wait <= 0:
            return
        of_bookings = {Gate.BOOKINGS.value, *(window.name for window in self._shared.plan.bookings)}
        refusal = BookingQuotaSpentError if cause in of_bookings else UpstreamBusyError
        raise refusal(retry_after=min(ceil(wait), LONGEST_WAIT))

    def _learnt_from(self, purpose: Purpose, standing: Standing) -> Learnt:
        known = self._shared.learnt
        learnt = learnt_from(purpose, standing, known, self._arrived_since) if self._shared.learns else known
        if learnt != known:
            log.info("budgets.plan_learnt", calls=learnt.calls, bookings=learnt.bookings)
        return learnt

    def _is_news(self, bound: Bound) -> bool:
        """While more is left than that, our own count will do."""
        enough = 1 - self._shares[Purpose.RENEW] if bound.gate is Gate.CALLS else 0.5
        return bound.left < enough * bound.window.limit

    def _arrived_since(self, oldest: float) -> int:
        return self._sent.count(oldest, self._under_way)

    def _shut_here(self, bound: Bound | None, shut: Shut | None) -> None:
        """What the store is told, this process knows without it."""
        if shut:
            log.warning("budgets.gate_shut", gates=[gate.value for gate in shut.gates], seconds=shut.seconds)
            for gate in shut.gates:
                self._gates.shut(gate, shut.seconds)
        if bound and bound.left == 0:
            self._gates.shut(bound.gate, bound.seconds)
        if bound and bound.gate is Gate.CALLS:
            self._alone.told(bound.left, bound.seconds)


_GATES = frozenset(gate.value for gate in Gate)


def _gates_of(purpose: Purpose) -> tuple[Gate, ...]:
    match purpose:
        case Purpose.CANCEL:
            return (Gate.CANCELS,)
        case Purpose.BOOK:
            return (Gate.CALLS, Gate.BOOKINGS)
        case _:
            return (Gate.CALLS,)
