"""What a process allows itself while it cannot see the others."""

from collections.abc import Callable

from app.budgets.claims import ALONE, Shares, share_of
from app.budgets.recent import Recent
from app.budgets.windows import Plan
from app.calendly.quota import Purpose

CAUTION = 25
"""One call in so many is left on top: what others have under way is not in what Calendly says yet."""


class Alone:
    """One part of all calls in as many as there may be processes, and no more than Calendly says is left of them.

    `sent`: every permit that this process gave, alone or not.
    """

    def __init__(
        self,
        *,
        sent: Recent,
        span: float,
        monotonic: Callable[[], float],
        shares: Shares,
        processes: int = ALONE,
    ) -> None:
        self._sent = sent
        self._given = Recent(span, monotonic)
        self._monotonic = monotonic
        self._shares = shares
        self._parts = max(processes, ALONE)
        self._left = 0
        self._told_at = 0.0
        self._told_until = 0.0

    def add(self, permit: str) -> None:
        self._given.add(permit)

    def remove(self, permit: str) -> None:
        self._given.remove(permit)

    def told(self, left: int, seconds: float) -> None:
        """Calendly has said that so many calls are left for so long, whoever else makes them.

        Replies overtake each other: more than was known is believed only when that time is up.
        """
        now = self._monotonic()
        if now >= self._told_until or left < self._left_now():
            self._left, self._told_at, self._told_until = left, now, now + seconds

    def wait(self, plan: Plan, purpose: Purpose) -> float:
        """Seconds until there is room."""
        limit = plan.calls.limit
        of_ours = self._given.wait(share_of(limit // self._parts, purpose, self._shares))
        reserve = limit - share_of(limit, purpose, self._shares)
        if self._left_now() > (reserve + limit // CAUTION if reserve else 0):
            return of_ours
        return max(of_ours, self._told_until - self._monotonic())

    def _left_now(self) -> int:
        return self._left - self._sent.count(self._monotonic() - self._told_at)
