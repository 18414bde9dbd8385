"""Brings days from Redis and from Calendly: claimed first, so that of all replicas one asks."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta

import structlog

from app.cache.day_store import Claim, DayStore, Kept
from app.cache.leases import LEASE, LOOK_AGAIN, SIGN_OF_LIFE
from app.calendly.client import CalendlyClient
from app.concurrency import together
from app.errors import (
    AppError,
    NotFoundError,
    UpstreamFailedError,
    UpstreamRefusedUsError,
    UpstreamTimeoutError,
)
from app.slots.knowledge import Knowledge
from app.slots.loads import Found, Load
from app.slots.model import Addressed, Day
from app.slots.packing import packed, unpacked
from app.slots.planning import FURTHEST, ONE_DAY, Window, bounds, by_date, dates, windows

NONE = timedelta(0)

GRACE = 1.0
"""Seconds for which it is waited for longer than a reading may take."""

TOLD = {
    error.code: error
    for error in (NotFoundError, UpstreamFailedError, UpstreamRefusedUsError, UpstreamTimeoutError)
}
"""Failures of whoever reads that are those of all who wait for it. Others have quotas of their own."""

ROUNDS = 3
"""Readings that a booking may make untrue one after the other; the last one is served all the same."""

log = structlog.get_logger()


class DayReader:
    """Whatever it brings, it keeps: in `knowledge`, and in Redis for the other replicas."""

    def __init__(
        self,
        *,
        client: CalendlyClient,
        store: DayStore,
        knowledge: Knowledge,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._store = store
        self._knowledge = knowledge
        self._clock = clock

    async def shelved(self, event_type: str, days: Collection[date]) -> Found:
        """What Redis has of them."""
        version = self._knowledge.version
        shelf = await self._store.read(event_type, days)
        self._knowledge.note(shelf.generation)
        if shelf.generation < self._knowledge.generation:
            # What has become untrue since, was there when Redis was asked.
            return {}
        found = {day: read for day, kept in shelf.days.items() if (read := _unshelved(day, kept))}
        if unreadable := shelf.days.keys() - found.keys():
            await self._store.discard(event_type, unreadable)
        if version == self._knowledge.version:
            self._knowledge.memory.keep(event_type, found.values())
        return found

    async def load(self, event_type: Addressed, older: Mapping[date, datetime], load: Load) -> Found:
        """Claim, read and keep; where others are at it, wait for what they bring.

        `older`: what was known when it was decided to read these days, by when it was
        read. What anybody has read since is taken over.
        """
        remembered = self._knowledge.memory.read(event_type.id, load.days)
        found = {day: read for day, read in remembered.items() if day not in older or read.as_of > older[day]}
        missing, latest = load.days - found.keys(), time.monotonic() + self._client.longest_read + GRACE
        rounds, since = 0, ""
        while missing:
            known = {day: older.get(day) for day in missing}
            claim = await self._store.claim(event_type.id, known, LEASE, since=since)
            since = since or claim.fence
            if claim.failed:
                await self._store.release(event_type.id, claim)
                raise TOLD.get(claim.failed, UpstreamFailedError)
            if claim.newer:
                found |= await self.shelved(event_type.id, claim.newer)
            if claim.granted:
                rounds += 1
                found |= await self._read_under(event_type, claim, load, last=rounds >= ROUNDS)
            missing -= found.keys()
            if missing and not claim.granted:
                if time.monotonic() > latest:
                    raise UpstreamTimeoutError
                await asyncio.sleep(LOOK_AGAIN)
        return found

    async def reread(self, event_type: Addressed, window: Window) -> list[Day]:
        """Ask Calendly, whatever is known; at most 31 days."""
        version = self._knowledge.version
        self._knowledge.rereadings += 1
        try:
            # Whoever else reads these days is not disturbed: their claim stands, and the later reading wins.
            claim = await self._store.claim(event_type.id, {}, LEASE)
            days = await self._asked(event_type, window)
        finally:
            self._knowledge.rereadings -= 1
        await self._store.keep(event_type.id, claim, _shelvable(days))
        if version == self._knowledge.version:
            self._knowledge.memory.keep(event_type.id, days)
        return days

    async def _read_under(self, event_type: Addressed, claim: Claim, load: Load, *, last: bool) -> Found:
        """The days that are ours to read, without those that became untrue meanwhile, unless it is the `last` try."""
        load.untrue -= claim.granted
        load.has_asked = True
        ended = asyncio.Event()
        living = asyncio.create_task(self._show_life(event_type.id, claim, ended))
        try:
            asked = await together(*(self._asked(event_type, window) for window in windows(claim.granted)))
        except BaseException as failure:
            why = failure.code if isinstance(failure, AppError) and failure.code in TOLD else ""
            await self._store.release(event_type.id, claim, why)
            raise
        finally:
            ended.set()
            living.cancel()
        days = [day for each in asked for day in each if day.date in claim.granted]
        untrue = await self._store.keep(event_type.id, claim, _shelvable(days)) | load.untrue
        true = [day for day in days if day.date not in untrue]
        self._knowledge.memory.keep(event_type.id, true)
        return {day.date: day for day in (days if last else true)}

    async def _show_life(self, event_type: str, claim: Claim, ended: asyncio.Event) -> None:
        # Cancelled as well, but the Redis library may swallow a cancellation that comes as a reply does.
        while not ended.is_set():
            await asyncio.sleep(SIGN_OF_LIFE)
            await self._store.extend(event_type, claim, LEASE)

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
            await self._lose(event_type.id, as_of)
            raise
        return [Day(day, as_of, slots) for day, slots in by_date(times, window).items()]

    async def _lose(self, event_type: str, now: datetime) -> None:
        """Here at once, and then wherever something is known of it."""
        self._knowledge.lose(event_type)
        told = await self._store.lose(
            event_type, dates((now.date() - ONE_DAY, (now + FURTHEST).date() + ONE_DAY))
        )
        if told is not None:
            self._knowledge.hear(told)


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
