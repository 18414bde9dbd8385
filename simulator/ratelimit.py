"""Calendly's quotas by tier, counted per user over all of the user's tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from simulator.settings import Settings

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` calls in `length`, from the first call on. `name` keeps the counts apart."""

    name: str
    limit: int
    length: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """What the `X-RateLimit-*` headers say; `reset` is in seconds to wait."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }


@dataclass(slots=True)
class _Count:
    since: datetime
    used: int = 0


def general_window(settings: Settings) -> Window:
    return Window("all", 50 if settings.tier == "free" else 500, MINUTE)


def booking_windows(settings: Settings) -> tuple[Window, ...]:
    """The quotas of `POST /invitees` alone."""
    tables = {
        "free": (Window("day", settings.assumptions.free_bookings_per_day, DAY),),
        "trial": (Window("day", 5, DAY),),
        "paid": (Window("minute", 10, MINUTE), Window("hour", 50, HOUR), Window("day", 100, DAY)),
        "enterprise": (Window("minute", 500, MINUTE),),
    }
    return tables[settings.tier]


def token_window() -> Window:
    """OAuth tokens of one user, by codes and refresh tokens together."""
    return Window("oauth tokens", 8, MINUTE)


class RateLimits:
    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Count] = {}

    def take(self, user: str, windows: Sequence[Window], now: datetime) -> bool:
        """Spend one call in every window, or none at all where one of them is spent: then it is false."""
        counts = [self._count(user, window, now) for window in windows]
        allowed = all(count.used < window.limit for count, window in zip(counts, windows, strict=True))
        for count in counts:
            count.used += allowed
        return allowed

    def give_back(self, user: str, windows: Sequence[Window], now: datetime) -> None:
        for window in windows:
            self._count(user, window, now).used -= 1

    def standing(self, user: str, windows: Sequence[Window], now: datetime) -> Standing:
        """The window with the fewest calls left speaks for all."""

        def describe(window: Window) -> Standing:
            count = self._count(user, window, now)
            reset = ceil((count.since + window.length - now).total_seconds())
            return Standing(window.limit, window.limit - count.used, reset)

        return min(map(describe, windows), key=lambda standing: standing.remaining)

    def _count(self, user: str, window: Window, now: datetime) -> _Count:
        key = (user, window.name)
        count = self._counts.get(key)
        if count is None or not count.since <= now < count.since + window.length:
            count = self._counts[key] = _Count(now)
        return count
