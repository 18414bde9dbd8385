"""What Calendly allows an account, as windows of time: a table by plan, and what has been learnt of the plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TypeAlias

AUTO = "auto"
"""The plan is not told: Calendly's headers give it away."""

FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `limit` calls in any span of `length`, wherever it begins: Calendly does not say when its windows do.

    `margin` is counted on top: of two calls, the first may be longer on its way than the second.
    """

    name: str
    limit: int
    length: timedelta
    margin: timedelta

    @property
    def span(self) -> timedelta:
        return self.length + self.margin


@dataclass(frozen=True, slots=True)
class Plan:
    """`calls` counts every request, `bookings` only those that book."""

    calls: Window
    bookings: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What Calendly's headers gave away: the plan by its limit on all calls, and by its limits on bookings.

    None where nothing is known. Another version of this service may have written
    names that this one does not know: they count as nothing.
    """

    calls: str | None = None
    bookings: str | None = None


PlanOf: TypeAlias = Callable[[str, Learnt], Plan]


def minutely(name: str, limit: int) -> Window:
    return Window(name=name, limit=limit, length=timedelta(minutes=1), margin=timedelta(seconds=5))


def hourly(name: str, limit: int) -> Window:
    return Window(name=name, limit=limit, length=timedelta(hours=1), margin=timedelta(seconds=30))


def daily(name: str, limit: int) -> Window:
    return Window(name=name, limit=limit, length=timedelta(days=1), margin=timedelta(minutes=1))


FULL = "full"
"""Any plan but the free one, as far as all calls are concerned."""

CALLS: Mapping[str, Window] = MappingProxyType(
    {FREE: minutely("calls_minute", 50), FULL: minutely("calls_minute", 500)}
)

BOOKINGS: Mapping[str, tuple[Window, ...]] = MappingProxyType(
    {
        # Calendly publishes no number for the free plan: the smallest it gives to anybody is the careful reading.
        FREE: (daily("bookings_day", 5),),
        "trial": (daily("bookings_day", 5),),
        "paid": (
            minutely("bookings_minute", 10),
            hourly("bookings_hour", 50),
            daily("bookings_day", 100),
        ),
        "enterprise": (minutely("bookings_minute", 500),),
    }
)


def plan_of(tier: str, learnt: Learnt) -> Plan:
    """What holds on a tier; on `auto`, for as long as nothing is known, what holds on most."""
    if tier != AUTO:
        return Plan(CALLS.get(tier, CALLS[FULL]), BOOKINGS[tier])
    calls = CALLS.get(learnt.calls or FULL, CALLS[FULL])
    presumed = FREE if learnt.calls == FREE else "paid"
    return Plan(calls, BOOKINGS.get(learnt.bookings or presumed, BOOKINGS[presumed]))
