"""What a reply's headers tell: the plan, what is left, and that a gate is shut. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from app.budgets.claims import Gate
from app.budgets.windows import CALLS, FREE, FULL, Learnt, Plan, Window
from app.calendly.quota import Purpose, Standing

CALLS_BY_LIMIT = {50: FREE, 500: FULL}
BOOKINGS_BY_LIMIT = {5: "trial", 10: "paid", 50: "paid", 100: "paid", 500: "enterprise"}

DEFAULT_SHUT = 60
LONGEST_SHUT = 900
LONGEST_BOOKINGS_SHUT = 86_400
"""Seconds for which a 429 shuts a gate; the first where it names no sensible time."""

SentSince = Callable[[float], int]
"""How many calls this process made from so many seconds ago on, but for those that may still be under way."""


@dataclass(frozen=True, slots=True)
class Bound:
    """No more than `left` calls in `window` for so many seconds: others spend the same quota."""

    window: Window
    gate: Gate
    left: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Shut:
    """Gates that stay shut for so many seconds."""

    gates: tuple[Gate, ...]
    seconds: int


def learnt_from(purpose: Purpose, standing: Standing, learnt: Learnt, sent: SentSince) -> Learnt:
    if purpose is Purpose.BOOK:
        return _learnt_from_booking(standing, learnt, sent)
    calls = CALLS_BY_LIMIT.get(standing.limit or 0, learnt.calls)
    # Another plan has other quotas for bookings too: those are to be learnt anew.
    return learnt if calls == learnt.calls else Learnt(calls)


def bound_from(purpose: Purpose, standing: Standing, plan: Plan) -> Bound | None:
    """None where the reply says nothing sensible, or does not say of which window."""
    limit, left = standing.limit, standing.remaining
    window = _window_of(purpose, standing, plan)
    if window is None or limit is None or left is None or not 0 <= left <= limit:
        return None
    length = max(1, round(window.length.total_seconds()))
    return Bound(window, _gate_of(window, plan), left, _sensible(standing.reset, length, length))


def shut_by(purpose: Purpose, standing: Standing, plan: Plan) -> Shut | None:
    """What a 429 shuts.

    One on a booking shuts bookings, unless it speaks of the limit on all calls.
    One on anything else shuts reads, lookups and bookings. It leaves
    cancellations to the count and to what Calendly says is left: they are few,
    one that is refused has done no harm, and one that passes gives back a slot.
    A cancellation that is refused itself shuts them too.
    """
    if not standing.refused:
        return None
    if purpose is Purpose.BOOK and _window_of(purpose, standing, plan) is not plan.calls:
        return Shut((Gate.BOOKINGS,), _sensible(standing.reset, LONGEST_BOOKINGS_SHUT))
    gates = (Gate.CALLS, Gate.CANCELS) if purpose is Purpose.CANCEL else (Gate.CALLS,)
    return Shut(gates, _sensible(standing.reset, LONGEST_SHUT))


def _learnt_from_booking(standing: Standing, learnt: Learnt, sent: SentSince) -> Learnt:
    limit = standing.limit or 0
    bookings = BOOKINGS_BY_LIMIT.get(limit)
    if bookings is None or (limit == _general_limit(learnt) and _may_be_general(standing, sent)):
        return learnt
    return Learnt(learnt.calls, bookings)


def _general_limit(learnt: Learnt) -> int:
    return CALLS.get(learnt.calls or FULL, CALLS[FULL]).limit


def _may_be_general(standing: Standing, sent: SentSince) -> bool:
    """A booking's reply may speak of the limit on all calls, which on some plans is the one on bookings too.

    It does not where it has counted less than we sent since its window began.
    Calls still under way prove nothing; nor does a window that has only just begun.
    """
    if standing.limit is None or standing.remaining is None or standing.reset is None:
        return True
    began = CALLS[FULL].length.total_seconds() - standing.reset - 1  # its seconds are whole: it may be less
    return standing.limit - standing.remaining > sent(began)


def _window_of(purpose: Purpose, standing: Standing, plan: Plan) -> Window | None:
    """Of which window a reply speaks: a booking's may mean any, and only its limit tells."""
    if purpose is not Purpose.BOOK:
        return plan.calls
    windows = (*plan.bookings, plan.calls)
    return next((window for window in windows if window.limit == standing.limit), None)


def _gate_of(window: Window, plan: Plan) -> Gate:
    return Gate.CALLS if window is plan.calls else Gate.BOOKINGS


def _sensible(reset: int | None, longest: int, default: int = DEFAULT_SHUT) -> int:
    return default if reset is None or reset < 0 else min(max(reset, 1), longest)
