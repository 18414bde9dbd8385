"""Which calls fetch which days, and which slots a day has. Pure functions."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import lt

from app.calendly.models import AvailableTime
from app.slots.model import Slot

MAX_WINDOW = 31
"""Days that one call of `GET /event_type_available_times` may span."""

ONE_DAY = timedelta(days=1)

HORIZON = timedelta(days=366)
"""How far ahead anybody may ask: without a limit, they could make us ask Calendly for every day to come."""

MAX_DAYS = 62
"""Dates in one question: two months on one page of a calendar."""

FURTHEST = HORIZON + MAX_DAYS * ONE_DAY
"""How far ahead anything may have been read."""

MARGIN = timedelta(seconds=60)
"""Calendly refuses a window that begins in the past; this covers clocks that differ, and the way there."""

Window = tuple[date, date]
"""First and last UTC date, both included."""


def windows(days: Collection[date]) -> list[Window]:
    """The fewest windows of at most `MAX_WINDOW` days that hold all `days`; each begins and ends with one of them."""
    found: list[Window] = []
    for day in sorted(days):
        if found and (day - found[-1][0]).days < MAX_WINDOW:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def widened(days: Collection[date], others: Collection[date]) -> frozenset[date]:
    """The days, and as many of the others as the calls that fetch these may bring along, the nearest first."""
    found = set(days)
    for window in windows(days):
        begins, ends = window
        for other in sorted(others, key=lambda day: max(window[0] - day, day - window[1])):
            if (max(ends, other) - min(begins, other)).days < MAX_WINDOW:
                begins, ends = min(begins, other), max(ends, other)
                found.add(other)
    return frozenset(found)


def bounds(window: Window, now: datetime) -> tuple[datetime, datetime] | None:
    """The instants to ask for; None where the window is over, for then it holds nothing."""
    start = max(midnight(window[0]), now + MARGIN)
    end = midnight(window[1] + ONE_DAY)
    return (start, end) if start < end else None


def is_over(day: date, now: datetime) -> bool:
    """Nothing that starts on it is still to come."""
    return day < now.astimezone(UTC).date()


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def dates(window: Window) -> list[date]:
    first, last = window
    return [first + ONE_DAY * offset for offset in range((last - first).days + 1)]


def by_date(times: Iterable[AvailableTime], window: Window) -> dict[date, list[Slot]]:
    """Every date of the window with its slots, ordered, each once.

    A slot on the edge of two windows may come with both: it belongs to the
    date of its start.
    """
    begins, ends = midnight(window[0]), midnight(window[1] + ONE_DAY)
    found: dict[date, list[Slot]] = {day: [] for day in dates(window)}
    free = [each for each in times if each.status == "available" and each.invitees_remaining > 0]
    starts = [each.start_time for each in free]
    if starts and not (begins <= starts[0] and starts[-1] < ends and _is_in_order(starts)):
        # Calendly lists them as they are wanted. What it does not promise, costs more and is as right.
        within = {each.start_time.astimezone(UTC): each for each in free if begins <= each.start_time < ends}
        starts = sorted(within)
        free = [within[start] for start in starts]
    for start, each in zip(starts, free, strict=True):
        found[start.date()].append(Slot(start, each.invitees_remaining, each.scheduling_url))
    return found


def _is_in_order(starts: Sequence[datetime]) -> bool:
    """Each once, and in UTC."""
    return all(start.tzinfo is UTC for start in starts) and all(map(lt, starts, starts[1:]))


def touched_days(start: datetime, end: datetime) -> list[date]:
    """Those that a change to a host's calendar makes untrue.

    The days beside it are touched too: a longer event type, or one with
    buffers, that starts before midnight (UTC) may have run into it.
    """
    return dates((start.date() - ONE_DAY, end.date() + ONE_DAY))


def nearest(slots: Sequence[Slot], wanted: datetime, limit: int) -> list[Slot]:
    """Those closest in time to `wanted`, closest first; the earlier one where two are as close."""
    return sorted(slots, key=lambda slot: (abs(slot.start - wanted), slot.start))[:limit]
