"""Which windows a call has to find room in, and what it must leave to calls that matter more."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import floor
from typing import TypeAlias

from app.budgets.windows import Plan, Window
from app.calendly.quota import Purpose

READ_SHARE = 0.8
"""Of all calls that a minute allows, unless an operator says otherwise."""

Shares: TypeAlias = Mapping[Purpose, float]


def shares(read: float = READ_SHARE) -> Shares:
    """Up to which part of all calls of a minute, whatever they were for, each purpose may add to them.

    What nobody has asked for must not stop those who ask; a crowd that wants what is taken
    must not stop those who look at free times, and these must not stop a booking, nor finding out
    what became of one; and a slot that somebody gives up is always worth a call.
    """
    return {
        Purpose.RENEW: read * 0.5,
        Purpose.CHECK: read * 0.625,
        Purpose.READ: read,
        Purpose.LOOKUP: 0.96,
        Purpose.BOOK: 0.96,
        Purpose.CANCEL: 1.0,
    }


SHARES = shares()

CANCELLATION = 3
"""Calls: two to read what is canceled, and one to cancel it."""

LEAST_RESERVE = 2 * CANCELLATION
"""Calls that are left to cancellations on any plan: on the smallest one, a few per cent are less than one takes."""

LARGEST_PART = 3
"""What is kept is at most one part in so many: a process alone on the smallest plan still has other things to do."""

ALONE = 5
"""Without the store a process allows itself at most one part in so many: it cannot see the other replicas."""


class Gate(Enum):
    """What Calendly's 429 shuts, each apart: see `learning.shut_by`."""

    CALLS = "calls"
    BOOKINGS = "bookings"
    CANCELS = "cancels"


@dataclass(frozen=True, slots=True)
class Claim:
    """Room in `window` beyond `reserve`, while `gate` is open."""

    window: Window
    gate: Gate
    reserve: int = 0


def claims_of(plan: Plan, purpose: Purpose, shares: Shares = SHARES) -> tuple[Claim, ...]:
    gate = Gate.CANCELS if purpose is Purpose.CANCEL else Gate.CALLS
    calls = Claim(plan.calls, gate, plan.calls.limit - share_of(plan.calls.limit, purpose, shares))
    bookings = plan.bookings if purpose is Purpose.BOOK else ()
    return (calls, *(Claim(window, Gate.BOOKINGS) for window in bookings))


def whole(plan: Plan) -> tuple[Claim, ...]:
    """Every window, nothing reserved: what is left in all."""
    return (Claim(plan.calls, Gate.CALLS), *(Claim(window, Gate.BOOKINGS) for window in plan.bookings))


def share_of(limit: int, purpose: Purpose, shares: Shares = SHARES) -> int:
    """How many of `limit` calls a purpose may use; always one."""
    share = floor(limit * shares[purpose])
    if purpose is not Purpose.CANCEL:
        share = min(share, limit - min(LEAST_RESERVE, limit // LARGEST_PART))
    return max(1, share)
