"""Reads day buckets: from the cache where they are fresh, otherwise from Calendly, in as few calls as possible."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta

import structlog

from app.cache import keys
from app.cache.cache import Cache, Entry
from app.calendly.client import CalendlyClient
from app.concurrency import SingleFlight, together
from app.errors import UpstreamError
from app.slots.model import Addressed, Day, Slot
from app.slots.planning import Window, bounds, by_date, dates, windows

NONE = timedelta(0)

log = structlog.get_logger()


class DayBuckets:
    """Buckets at most `fresh` old; while Calendly fails, at most `stale`.

    What is kept are days, not answers: requests for other ranges and other
    time zones share them wherever they overlap.
    """

    def __init__(
        self,
        *,
        client: CalendlyClient,
        cache: Cache,
        lifetimes: tuple[timedelta, timedelta],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._cache = cache
        self._fresh, self._stale = lifetimes
        self._clock = clock
        self._flight = SingleFlight()
        self._generation = 0
        """Counts up with `forget`: what was asked of Calendly before is neither joined nor kept after."""

    async def read(self, event_type: Addressed, wanted: Collection[date]) -> list[Day]:
        """One bucket for each wanted date, in order.

        Raises `UpstreamError` where a date is unknown and Calendly does not
        answer: a day that could not be read is never shown as an empty one.
        """
        known = await self._known(event_type, wanted)
        aged = [day for day in wanted if day not in known or not self.is_fresh(known[day])]
        try:
            fetched = await together(*(self._shared(event_type, window) for window in windows(aged)))
        except UpstreamError as error:
            if any(day not in known for day in aged):
                raise
            log.warning("slots.served_stale", error=error.code, days=len(aged))
            fetched = []
        latest = {**known, **{day.date: day for days in fetched for day in days}}
        return [latest[day] for day in sorted(wanted)]

    async def reread(self, event_type: Addressed, window: Window) -> list[Day]:
        """Ask Calendly, whatever is known; at most 31 days. Who asks at the same time shares the call."""
        return await self._shared(event_type, window)

    async def forget(self, event_types: Iterable[Addressed], days: Collection[date]) -> None:
        """These days are no longer true."""
        self._generation += 1
        await self._cache.forget(
            keys.day_bucket(event_type.id, day) for event_type in event_types for day in days
        )

    def is_fresh(self, day: Day) -> bool:
        return self._clock() - day.as_of <= self._fresh

    async def _known(self, event_type: Addressed, wanted: Collection[date]) -> dict[date, Day]:
        by_key = {keys.day_bucket(event_type.id, day): day for day in wanted}
        entries = await self._cache.read(list(by_key), list[Slot])
        return {
            by_key[key]: Day(by_key[key], entry.as_of, entry.value)
            for key, entry in entries.items()
            if entry.age(self._clock()) <= self._stale
        }

    async def _shared(self, event_type: Addressed, window: Window) -> list[Day]:
        key = (event_type.id, window, self._generation)
        return await self._flight.run(key, lambda: self._load(event_type, window))

    async def _load(self, event_type: Addressed, window: Window) -> list[Day]:
        as_of, generation = self._clock(), self._generation
        # By Calendly's clock where it is ahead of ours, for Calendly refuses what it finds past.
        asked = bounds(window, as_of + max(self._client.clock_skew or NONE, NONE))
        if asked is None:
            return [Day(day, as_of, []) for day in dates(window)]
        times = await self._client.list_event_type_available_times(
            event_type=event_type.uri, start_time=asked[0], end_time=asked[1]
        )
        days = [Day(day, as_of, slots) for day, slots in by_date(times, window).items()]
        if generation == self._generation:
            await self._cache.write(
                {keys.day_bucket(event_type.id, day.date): Entry(as_of, day.slots) for day in days}
            )
        return days
