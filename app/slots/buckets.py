"""Reads day buckets: from memory or Redis where their age allows it, otherwise from Calendly, once for everybody."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from app.cache.clocks import latest
from app.cache.day_store import DayStore, Untrue
from app.calendly.client import CalendlyClient
from app.concurrency import SingleFlight
from app.errors import NotFoundError, UpstreamError
from app.slots.knowledge import Knowledge
from app.slots.loads import Found, Load, latest_of, those
from app.slots.model import Addressed, Day
from app.slots.planning import Window, is_over, widened
from app.slots.policy import Age, Lifetimes, Plan, can_serve, due_soon, plan
from app.slots.reader import ROUNDS, DayReader

T = TypeVar("T")

COOL = 2.0
"""Seconds after a renewal that failed, in which none is begun."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coherence:
    """`is_to_be_asked`: whether something may have become untrue that nobody has told us.

    `changed` is told whenever something has become untrue, `renewed` whenever what was old has been read anew.
    """

    is_to_be_asked: Callable[[], bool]
    changed: Callable[[], None]
    renewed: Callable[[], None]


class DayBuckets:
    """What is kept are days, not answers: requests for other ranges and other time zones share them wherever they
    overlap.
    """

    def __init__(
        self,
        *,
        client: CalendlyClient,
        store: DayStore,
        coherence: Coherence,
        lives: Lifetimes,
        clock: Callable[[], datetime],
    ) -> None:
        self._breaker = client.breaker
        self._store = store
        self._coherence = coherence
        self.lives = lives
        self._clock = clock
        self._knowledge = Knowledge(store.heard, coherence.changed, clock)
        self._reader = DayReader(client=client, store=store, knowledge=self._knowledge, clock=clock)
        self._live = SingleFlight()
        self._asking = SingleFlight()
        self._cool_until: dict[str, float] = {}

    @property
    def version(self) -> int:
        """What was made of days that were read under another version is not to be kept."""
        return self._knowledge.version

    @property
    def generation(self) -> int:
        """The latest news of what has become untrue that this process has heard."""
        return self._knowledge.generation

    @property
    def is_failing(self) -> bool:
        """Calendly does not answer."""
        return self._breaker.is_failing

    async def read(
        self, event_type: Addressed, wanted: Collection[date], *, waits_since: float | None = None
    ) -> list[Day]:
        """One bucket for each wanted date, in order.

        Whoever has waited for somebody else's reading, fails with it: `waits_since` says since when.

        Raises `UpstreamError` where a date is unknown and Calendly does not
        answer: a day that could not be read is never shown as an empty one.
        `NotFoundError` where Calendly does not know the event type any more.
        """
        self._knowledge.require_there(event_type.id)
        return await self.coherent(lambda: self._read(event_type, wanted, waits_since))

    async def coherent(self, reading: Callable[[], Awaitable[T]]) -> T:
        """Several readings as one: repeated where something became untrue while later ones were waited for."""
        for _ in range(ROUNDS):
            version = self.version
            found = await reading()
            await self._ask_whether_untrue()
            if version == self.version:
                break
        return found

    async def reread(self, event_type: Addressed, window: Window) -> list[Day]:
        """Ask Calendly, whatever is known; at most 31 days. Who asks at the same time shares the call."""
        key = (event_type.id, window, self.version)
        return await self._live.run(key, lambda: self._reader.reread(event_type, window))

    def read_at(self, event_type: Addressed, days: Collection[date]) -> dict[date, datetime]:
        """When each of these days was read that is in memory."""
        return _read_at(self._remembered(event_type.id, days))

    async def renew(self, event_type: Addressed, days: Collection[date]) -> bool:
        """Read again what nobody waits for. Whether it was this process that asked Calendly; never fails."""
        loads: list[Load] = []
        known = self.read_at(event_type, days)

        def read(load: Load) -> Coroutine[Any, Any, Found]:
            loads.append(load)
            return self._reader.load(event_type, known, load)

        tasks = self._begin_renewal(event_type, days, read)
        if tasks:
            await asyncio.wait(tasks)
        return any(load.has_asked for load in loads)

    def look_again(self, event_type: Addressed, days: Collection[date]) -> bool:
        """Begin to read again what is old of these, where nobody has begun. Waits for nothing, and never fails.

        Whether anything is.
        """
        known = self._remembered(event_type.id, days)
        todo = self._plan([day for day in days if not is_over(day, self._clock())], known)
        if not todo.is_fulfilled:
            wider, older = self._with_others(event_type.id, known, todo.first | todo.meanwhile)
            self._begin_renewal(event_type, wider, partial(self._reader.load, event_type, older))
        return not todo.is_fulfilled

    async def forget(self, days: Collection[date]) -> bool:
        """These days of all event types are no longer true, here and in every other replica.

        False where nobody else could be told, and what is kept for all could not be dropped.
        """
        self._knowledge.spoil(days)
        told = await self._store.forget(days)
        if told is None:
            # Some of it may have been read from Redis meanwhile.
            self._knowledge.spoil(days)
            return False
        self.hear(told)
        return True

    def hear(self, untrue: Untrue) -> None:
        """Some replica, perhaps this one, has found days to be no longer true."""
        if self._knowledge.hear(untrue):
            self.doubt()

    def miss(self) -> None:
        """Anything may have become untrue."""
        self._knowledge.miss()

    def doubt(self) -> None:
        """Nobody knows any more how old anything is that has been read, here or elsewhere, or whether it is true."""
        self._store.doubt()
        self._knowledge.miss()
        # At once, too: what others read before that would be read again.
        self._asking.start("doubt", self._store.make_up)

    def is_fresh(self, day: Day, now: datetime) -> bool:
        return self.lives.age(day.as_of, now) is Age.FRESH

    async def _read(
        self, event_type: Addressed, wanted: Collection[date], waits_since: float | None
    ) -> list[Day]:
        now = self._clock()
        over = {day: Day(day, now, []) for day in wanted if is_over(day, now)}
        known = over | await self._known(event_type, [day for day in wanted if day not in over], waits_since)
        return [known[day] for day in sorted(wanted)]

    async def _known(
        self, event_type: Addressed, wanted: Collection[date], waits_since: float | None
    ) -> Found:
        known = self._remembered(event_type.id, wanted)
        todo = self._plan(wanted, known)
        if not todo.is_fulfilled:
            shelved = await self._reader.shelved(event_type.id, todo.first | todo.meanwhile)
            known = latest_of(known, shelved)
            todo = self._plan(wanted, known)
        if todo.first:
            known |= await self._fetched(event_type, wanted, known, todo.first, waits_since)
        elif todo.meanwhile:
            days, older = self._with_others(event_type.id, known, todo.meanwhile)
            # While an older reading is served.
            self._begin_renewal(event_type, days, partial(self._reader.load, event_type, older))
        return known

    def _remembered(self, event_type: str, days: Collection[date]) -> Found:
        """What is in memory, but for all that lies ahead since the clock was set back."""
        found = self._knowledge.memory.read(event_type, days)
        believed = latest(self._clock())
        if all(day.as_of <= believed for day in found.values()):
            return found
        self._knowledge.memory.forget_after(believed)
        return self._knowledge.memory.read(event_type, days)

    def _plan(self, wanted: Collection[date], known: Found) -> Plan:
        return plan(wanted, _read_at(known), self._clock(), self.lives, failing=self.is_failing)

    def _with_others(
        self, event_type: str, known: Found, days: Collection[date]
    ) -> tuple[Collection[date], Mapping[date, datetime]]:
        """What to read, and when what is known of it was read.

        A call may span a month at the same price: what is to be read soon comes along with what is read now.
        """
        read_at = _read_at(self._knowledge.memory.all_of(event_type))
        others = due_soon(read_at, self._clock(), self.lives)
        loads = self._knowledge.loads
        wider = widened(days, [day for day in others if not loads.is_under_way(event_type, day)])
        return wider, read_at | _read_at(known)

    async def _fetched(
        self,
        event_type: Addressed,
        wanted: Collection[date],
        known: Found,
        first: Collection[date],
        waits_since: float | None,
    ) -> Found:
        days, older = self._with_others(event_type.id, known, first)
        loads = self._knowledge.loads
        try:
            loads.require_none_failed(event_type.id, first, waits_since)
            found = await loads.join(event_type.id, days, partial(self._reader.load, event_type, older))
        except UpstreamError as error:
            if not can_serve(wanted, _read_at(known), self._clock(), self.lives):
                raise
            log.warning("slots.served_stale", error=error.code, days=len(first))
            return {}
        return those(wanted, found)

    def _begin_renewal(
        self,
        event_type: Addressed,
        days: Collection[date],
        read: Callable[[Load], Coroutine[Any, Any, Found]],
    ) -> list["asyncio.Task[Found]"]:
        """None where the last one has only just failed."""
        if time.monotonic() < self._cool_until.get(event_type.id, 0):
            return []
        tasks = self._knowledge.loads.begin(event_type.id, days, read)
        for task in tasks:
            task.add_done_callback(lambda done: self._renewed(event_type.id, done))
        return tasks

    def _renewed(self, event_type: str, task: "asyncio.Task[Found]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._coherence.renewed()
            return
        self._cool_until[event_type] = time.monotonic() + COOL
        if not isinstance(error, UpstreamError | NotFoundError):
            log.error("slots.renewal_failed", exc_info=error)

    async def _ask_whether_untrue(self) -> None:
        if self._coherence.is_to_be_asked():
            self._knowledge.note(await self._asking.run("generation", self._store.generation))


def _read_at(found: Found) -> dict[date, datetime]:
    return {day: read.as_of for day, read in found.items()}
