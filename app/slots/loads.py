"""Readings of days that are under way in this process, and who waits for them."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from app.concurrency import together
from app.slots.model import Day
from app.slots.planning import windows

Found: TypeAlias = dict[date, Day]

REMEMBERED = 10.0
"""Seconds for which a failure is: nobody waits longer for somebody else's reading."""


@dataclass(eq=False, slots=True)
class Load:
    """`untrue`: the days that became so since it began. What it has of them is not to be kept. `has_asked`: Calendly,
    rather than taken over what another process has read.
    """

    event_type: str
    days: frozenset[date]
    untrue: set[date] = field(default_factory=set)
    has_asked: bool = False


class Loads:
    """Each day of an event type is read once for everybody who asks for it meanwhile.

    Whoever leaves takes nobody along; a reading that fails, fails everybody who
    waited for it once.
    """

    def __init__(self) -> None:
        self._running: dict[Load, asyncio.Task[Found]] = {}
        self._by_day: dict[tuple[str, date], Load] = {}
        self._failed: dict[tuple[str, date], tuple[float, BaseException]] = {}

    @property
    def are_over(self) -> bool:
        """None is under way."""
        return not self._running

    def require_none_failed(self, event_type: str, days: Collection[date], since: float | None) -> None:
        """Raises what a reading of one of these days has failed with since then."""
        if since is None:
            return
        for day in days:
            failed = self._failed.get((event_type, day))
            if failed is not None and failed[0] >= since:
                raise failed[1]

    async def join(
        self,
        event_type: str,
        days: Collection[date],
        read: Callable[[Load], Coroutine[Any, Any, Found]],
    ) -> Found:
        """These days, and perhaps others. `read` is asked for those that nobody reads yet, a window at a time."""
        found: Found = {}
        for each in await together(*map(asyncio.shield, self.begin(event_type, days, read))):
            found |= each
        return found

    def begin(
        self,
        event_type: str,
        days: Collection[date],
        read: Callable[[Load], Coroutine[Any, Any, Found]],
    ) -> list["asyncio.Task[Found]"]:
        """The readings that bring these days, under way."""
        joined = {load for day in days if (load := self._by_day.get((event_type, day))) is not None}
        rest = [day for day in days if (event_type, day) not in self._by_day]
        for first, last in windows(rest):
            load = Load(event_type, frozenset(day for day in rest if first <= day <= last))
            self._start(load, read(load))
            joined.add(load)
        return [self._running[load] for load in joined]

    def is_under_way(self, event_type: str, day: date) -> bool:
        return (event_type, day) in self._by_day

    def spoil(self, days: Collection[date]) -> None:
        """They are no longer true: who asks from now on does not join what was asked before."""
        for load in self._running:
            load.untrue.update(load.days.intersection(days))
        for place in [place for place in self._by_day if place[1] in days]:
            del self._by_day[place]

    def spoil_all(self) -> None:
        for load in self._running:
            load.untrue.update(load.days)
        self._by_day.clear()

    def _start(self, load: Load, reading: Coroutine[Any, Any, Found]) -> None:
        task = asyncio.create_task(reading)
        self._running[load] = task
        self._by_day |= dict.fromkeys(((load.event_type, day) for day in load.days), load)
        task.add_done_callback(lambda done: self._ended(load, done))

    def _ended(self, load: Load, task: "asyncio.Task[Found]") -> None:
        del self._running[load]
        for day in load.days:
            if self._by_day.get((load.event_type, day)) is load:
                del self._by_day[load.event_type, day]
        # Everybody may have left: a failure nobody fetches must not be reported as forgotten.
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._note(load, error)

    def _note(self, load: Load, error: BaseException) -> None:
        now = time.monotonic()
        self._failed = {place: told for place, told in self._failed.items() if now - told[0] < REMEMBERED}
        self._failed |= dict.fromkeys(((load.event_type, day) for day in load.days), (now, error))


def those(days: Iterable[date], found: Mapping[date, Day]) -> Found:
    """What was found of them."""
    return {day: found[day] for day in days if day in found}


def latest_of(found: Found, others: Found) -> Found:
    """Of each day the later reading: what Redis has may be the older one, where it could not be told of the other."""
    later = {day: read for day, read in others.items() if day not in found or found[day].as_of < read.as_of}
    return found | later
