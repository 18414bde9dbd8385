"""Reads day buckets: from memory or Redis where their age allows it, otherwise from Calendly, once for everybody."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from app.cache.day_store import Claim, DayStore, Kept, Untrue
from app.calendly.client import CalendlyClient
from app.concurrency import SingleFlight, together
from app.errors import NotFoundError, UpstreamError, UpstreamTimeoutError
from app.slots.loads import Found, Load, Loads, those
from app.slots.memory import DayMemory
from app.slots.model import Addressed, Day
from app.slots.packing import packed, unpacked
from app.slots.planning import Window, bounds, by_date, dates, is_over, windows
from app.slots.policy import Age, Lifetimes, Plan, can_serve, plan

T = TypeVar("T")

NONE = timedelta(0)

LEASE = timedelta(seconds=1)
"""For which a reading of days belongs to whoever claimed it, from its last sign of life: so soon is a dead one
replaced.
"""

SIGN_OF_LIFE = 0.3
"""Seconds between two."""

LOOK_AGAIN = 0.02
"""Seconds between two looks at what somebody else reads."""

LONGEST_WAIT = 4.0
"""Seconds for it: longer than any reading takes."""

ROUNDS = 3
"""Readings that a booking may make untrue one after the other; the last one is served all the same."""

GONE_FOR = timedelta(seconds=30)
"""For which Calendly is not asked again for an event type that it does not know."""

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
        self._client = client
        self._store = store
        self._coherence = coherence
        self.lives = lives
        self._clock = clock
        self._memory = DayMemory()
        self._loads = Loads()
        self._live = SingleFlight()
        self._asking = SingleFlight()
        self._generation = 0
        self._version = 0
        """Counts up whenever something becomes untrue."""
        self._gone: dict[str, datetime] = {}
        self._cool_until: dict[str, float] = {}

    @property
    def version(self) -> int:
        """What was made of days that were read under another version is not to be kept."""
        return self._version

    @property
    def generation(self) -> int:
        """The latest news of what has become untrue that this process has heard."""
        return self._generation

    async def read(
        self, event_type: Addressed, wanted: Collection[date], *, waits_since: float | None = None
    ) -> list[Day]:
        """One bucket for each wanted date, in order.

        Whoever has waited for somebody else's reading, fails with it: `waits_since` says since when.

        Raises `UpstreamError` where a date is unknown and Calendly does not
        answer: a day that could not be read is never shown as an empty one.
        `NotFoundError` where Calendly does not know the event type any more.
        """
        self._require_there(event_type)
        return await self.coherent(lambda: self._read(event_type, wanted, waits_since))

    async def coherent(self, reading: Callable[[], Awaitable[T]]) -> T:
        """Several readings as one: repeated where something became untrue while later ones were waited for."""
        for _ in range(ROUNDS):
            version = self._version
            found = await reading()
            await self._ask_whether_untrue()
            if version == self._version:
                break
        return found

    async def reread(self, event_type: Addressed, window: Window) -> list[Day]:
        """Ask Calendly, whatever is known; at most 31 days. Who asks at the same time shares the call."""
        key = (event_type.id, window, self._version)
        return await self._live.run(key, lambda: self._reread(event_type, window))

    async def forget(self, days: Collection[date]) -> None:
        """These days of all event types are no longer true, here and in every other replica."""
        self._spoil(days)
        told = await self._store.forget(days)
        if told is not None:
            self.hear(told)

    def hear(self, untrue: Untrue) -> None:
        """Some replica, perhaps this one, has found days to be no longer true."""
        known = self._generation
        if untrue.generation <= known:
            return
        self._generation = untrue.generation
        if known < untrue.before:
            self.miss()
        else:
            self._spoil(untrue.days)

    def miss(self) -> None:
        """Anything may have become untrue."""
        self._loads.spoil_all()
        self._memory.clear()
        self._gone.clear()
        self._change()

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
        known = self._memory.read(event_type.id, wanted)
        todo = self._plan(wanted, known)
        if not todo.is_fulfilled:
            known |= await self._shelved(event_type.id, todo.first | todo.meanwhile)
            todo = self._plan(wanted, known)
        if todo.first:
            known |= await self._fetched(event_type, wanted, known, todo.first, waits_since)
        elif todo.meanwhile:
            self._renew(event_type, known, todo.meanwhile)
        return known

    def _plan(self, wanted: Collection[date], known: Found) -> Plan:
        return plan(wanted, _read_at(known), self._clock(), self.lives)

    async def _fetched(
        self,
        event_type: Addressed,
        wanted: Collection[date],
        known: Found,
        first: Collection[date],
        waits_since: float | None,
    ) -> Found:
        try:
            self._loads.require_none_failed(event_type.id, first, waits_since)
            found = await self._loads.join(event_type.id, first, partial(self._load, event_type, known))
        except UpstreamError as error:
            if not can_serve(wanted, _read_at(known), self._clock(), self.lives):
                raise
            log.warning("slots.served_stale", error=error.code, days=len(first))
            return {}
        return those(wanted, found)

    def _renew(self, event_type: Addressed, known: Found, days: Collection[date]) -> None:
        """While an older reading is served."""
        if time.monotonic() < self._cool_until.get(event_type.id, 0):
            return
        for task in self._loads.begin(event_type.id, days, partial(self._load, event_type, known)):
            task.add_done_callback(lambda done: self._renewed(event_type.id, done))

    def _renewed(self, event_type: str, task: "asyncio.Task[Found]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._coherence.renewed()
            return
        self._cool_until[event_type] = time.monotonic() + COOL
        if not isinstance(error, UpstreamError | NotFoundError):
            log.error("slots.renewal_failed", exc_info=error)

    async def _load(self, event_type: Addressed, known: Found, load: Load) -> Found:
        """Claim, read and keep; where others are at it, wait for what they bring, if it is newer than what is known."""
        now, remembered = self._clock(), self._memory.read(event_type.id, load.days)
        # Somebody may have read them since it was decided to read them.
        found = {day: read for day, read in remembered.items() if self.is_fresh(read, now)}
        missing, latest = load.days - found.keys(), time.monotonic() + LONGEST_WAIT
        read_at = _read_at(known | remembered)
        rounds = 0
        while missing:
            older = {day: read_at.get(day) for day in missing}
            claim = await self._store.claim(event_type.id, older, LEASE)
            if claim.newer:
                found |= await self._shelved(event_type.id, claim.newer)
            if claim.granted:
                rounds += 1
                found |= await self._read_under(event_type, claim, load, last=rounds == ROUNDS)
            missing -= found.keys()
            if missing and not claim.granted:
                if time.monotonic() > latest:
                    raise UpstreamTimeoutError
                await asyncio.sleep(LOOK_AGAIN)
        return found

    async def _read_under(self, event_type: Addressed, claim: Claim, load: Load, *, last: bool) -> Found:
        """The days that are ours to read, without those that became untrue meanwhile, unless it is the `last` try."""
        load.untrue -= claim.granted
        living = asyncio.create_task(self._show_life(event_type.id, claim))
        try:
            asked = await together(*(self._asked(event_type, window) for window in windows(claim.granted)))
        except BaseException:
            await self._store.release(event_type.id, claim)
            raise
        finally:
            living.cancel()
        days = [day for each in asked for day in each if day.date in claim.granted]
        untrue = await self._store.keep(event_type.id, claim, _shelvable(days)) | load.untrue
        true = [day for day in days if day.date not in untrue]
        self._memory.keep(event_type.id, true)
        return {day.date: day for day in (days if last else true)}

    async def _show_life(self, event_type: str, claim: Claim) -> None:
        while True:
            await asyncio.sleep(SIGN_OF_LIFE)
            await self._store.extend(event_type, claim, LEASE)

    async def _reread(self, event_type: Addressed, window: Window) -> list[Day]:
        version = self._version
        # Whoever else reads these days is not disturbed: their claim stands, and the later reading wins.
        claim = await self._store.claim(event_type.id, {}, LEASE)
        days = await self._asked(event_type, window)
        await self._store.keep(event_type.id, claim, _shelvable(days))
        if version == self._version:
            self._memory.keep(event_type.id, days)
        return days

    async def _asked(self, event_type: Addressed, window: Window) -> list[Day]:
        as_of = self._clock()
        # By Calendly's clock where it is ahead of ours, for Calendly refuses what it finds past.
        asked = bounds(window, as_of + max(self._client.clock_skew or NONE, NONE))
        if asked is None:
            return [Day(day, as_of, []) for day in dates(window)]
        try:
            times = await self._client.list_event_type_available_times(
                event_type=event_type.uri, start_time=asked[0], end_time=asked[1]
            )
        except NotFoundError:
            self._gone[event_type.id] = as_of + GONE_FOR
            self._memory.forget_event_type(event_type.id)
            self._change()
            raise
        return [Day(day, as_of, slots) for day, slots in by_date(times, window).items()]

    def _require_there(self, event_type: Addressed) -> None:
        until = self._gone.get(event_type.id)
        if until is None:
            return
        if self._clock() < until:
            raise NotFoundError
        del self._gone[event_type.id]

    async def _shelved(self, event_type: str, days: Collection[date]) -> Found:
        """What the store has of them; kept in memory too."""
        version = self._version
        shelf = await self._store.read(event_type, days)
        self._note(shelf.generation)
        found = {day: read for day, kept in shelf.days.items() if (read := _unshelved(day, kept))}
        if unreadable := shelf.days.keys() - found.keys():
            await self._store.discard(event_type, unreadable)
        if version == self._version:
            self._memory.keep(event_type, found.values())
        return found

    async def _ask_whether_untrue(self) -> None:
        if self._coherence.is_to_be_asked():
            self._note(await self._asking.run("generation", self._store.generation))

    def _note(self, generation: int) -> None:
        """A lost message heals here: a later generation means that there was one."""
        if generation > self._generation:
            self._generation = generation
            self.miss()

    def _spoil(self, days: Collection[date]) -> None:
        self._loads.spoil(days)
        self._memory.forget(days)
        self._change()

    def _change(self) -> None:
        self._version += 1
        self._coherence.changed()


def _read_at(found: Found) -> dict[date, datetime]:
    return {day: read.as_of for day, read in found.items()}


def _shelvable(days: Collection[Day]) -> dict[date, Kept]:
    return {day.date: (day.as_of, packed(day.date, day.slots)) for day in days}


def _unshelved(day: date, kept: Kept) -> Day | None:
    """None for what cannot be read: as if it were not there."""
    as_of, value = kept
    try:
        return Day(day, as_of, unpacked(day, value))
    except (ValueError, OverflowError):
        log.warning("cache.entry_unreadable")
        return None
