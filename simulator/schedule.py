"""When hosts can meet: pure arithmetic on working hours and meetings, without state or HTTP.

Working hours are local to the host and become UTC spans; starts are laid on a
grid in elapsed time from the begin of each span, so that a clock change
neither repeats a slot nor invents one.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
Hours = tuple[tuple[timedelta, timedelta], ...]
"""Opening hours of a day, each as two distances from local midnight on the wall clock."""

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one meeting of an event type takes, and the range its start may lie in (both ends included)."""

    duration: timedelta
    increment: timedelta
    before: timedelta
    after: timedelta
    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A booked span with the buffers it was booked with."""

    start: datetime
    end: datetime
    before: timedelta
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """`weekdays` is keyed by 0 (Monday) to 6; an entry in `dates` replaces that day's hours."""

    timezone: ZoneInfo
    weekdays: Mapping[int, Hours]
    dates: Mapping[date, Hours]
    meetings: Sequence[Meeting]


def working_spans(host: Host, earliest: datetime, latest: datetime) -> list[Span]:
    """The host's opening hours in UTC, for every local day that may touch the range."""
    day = earliest.astimezone(host.timezone).date() - ONE_DAY
    last = latest.astimezone(host.timezone).date() + ONE_DAY
    spans: list[Span] = []
    while day <= last:
        midnight = datetime.combine(day, time.min, tzinfo=host.timezone)
        for opens, closes in host.dates.get(day, host.weekdays.get(day.weekday(), ())):
            # Adding to an aware datetime moves the wall clock: 09:00 stays 09:00 on a day of 23 hours.
            spans.append(((midnight + opens).astimezone(UTC), (midnight + closes).astimezone(UTC)))
        day += ONE_DAY
    return spans


def shared_spans(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """Where both have time; neither side may overlap itself."""
    overlaps = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return sorted((begin, end) for begin, end in overlaps if begin < end)


def blocked_starts(demand: Demand, meetings: Iterable[Meeting], *, buffers_add_up: bool) -> list[Span]:
    """Open intervals in which no start may lie, merged and in order.

    A new meeting with its buffers may not touch a booked one, nor the new one
    a booked one with its buffers; where buffers add up, not even the two
    buffered spans may touch.
    """
    raw = sorted(_shadow(demand, meeting, buffers_add_up=buffers_add_up) for meeting in meetings)
    merged: list[Span] = []
    for begin, end in raw:
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _shadow(demand: Demand, meeting: Meeting, *, buffers_add_up: bool) -> Span:
    if buffers_add_up:
        ahead, behind = demand.after + meeting.before, meeting.after + demand.before
    else:
        ahead, behind = max(demand.after, meeting.before), max(meeting.after, demand.before)
    return meeting.start - demand.duration - ahead, meeting.end + behind


def starts_on_grid(demand: Demand, spans: Iterable[Span]) -> Iterator[datetime]:
    """Every start in range whose meeting ends within its span, whoever is busy."""
    for begin, end in spans:
        steps_missed = max(0, -((begin - demand.earliest) // demand.increment))
        start = begin + steps_missed * demand.increment
        last = min(end - demand.duration, demand.latest)
        while start <= last:
            yield start
            start += demand.increment


def clear_of(blocked: Sequence[Span], starts: Iterable[datetime]) -> Iterator[datetime]:
    begins = [begin for begin, _ in blocked]
    for start in starts:
        before = bisect_left(begins, start) - 1
        if before < 0 or start >= blocked[before][1]:
            yield start


def starts_of_one(demand: Demand, host: Host, *, buffers_add_up: bool = False) -> list[datetime]:
    return starts_of_all(demand, [host], buffers_add_up=buffers_add_up)


def starts_of_all(demand: Demand, hosts: Sequence[Host], *, buffers_add_up: bool = False) -> list[datetime]:
    """When every host is free (collective): the grid begins where their hours begin to overlap."""
    meetings = [meeting for host in hosts for meeting in host.meetings]
    blocked = blocked_starts(demand, meetings, buffers_add_up=buffers_add_up)
    starts = starts_on_grid(demand, _common_spans(demand, hosts))
    return sorted(set(clear_of(blocked, starts)))


def starts_of_any(demand: Demand, hosts: Sequence[Host], *, buffers_add_up: bool = False) -> list[datetime]:
    """When at least one host is free (round robin)."""
    found = (starts_of_one(demand, host, buffers_add_up=buffers_add_up) for host in hosts)
    return sorted({start for starts in found for start in starts})


def _common_spans(demand: Demand, hosts: Sequence[Host]) -> list[Span]:
    first, *others = [working_spans(host, demand.earliest, demand.latest) for host in hosts]
    for spans in others:
        first = shared_spans(first, spans)
    return first
