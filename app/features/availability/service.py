"""Decides which days answer a question about free times."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from itertools import chain
from zoneinfo import ZoneInfo

import structlog

from app.catalogue.catalogue import Catalogue
from app.catalogue.model import EventType
from app.concurrency import together
from app.errors import UpstreamError
from app.features.availability.answers import Answer, Told, holds_until
from app.features.availability.listed import listed, refuse_repeated
from app.features.availability.mapping import (
    counted_days,
    local_days,
    local_slots,
    merged_days,
    merged_event_type_from,
    utc_dates,
)
from app.features.availability.ranges import Asked, LocalRange, range_asked, search_steps
from app.features.availability.schemas import (
    Availability,
    MergedAvailability,
    NextSlots,
    Slot,
    State,
    View,
)
from app.slots.buckets import DayBuckets
from app.slots.model import Day as Bucket
from app.time_zones import zone

log = structlog.get_logger()


class AvailabilityService:
    """`waits_since`: since when whoever asks has waited for somebody else who asked the same (`time.monotonic()`)."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        buckets: DayBuckets,
        clock: Callable[[], datetime],
        waits_since: float | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._buckets = buckets
        self._clock = clock
        self._waits_since = waits_since

    async def get_availability(self, event_type_id: str, asked: Asked, view: View) -> Told:
        event_type = await self._catalogue.find(event_type_id)
        shown = range_asked(asked, event_type.time_zone, self._clock())
        buckets = await self._read(event_type, shown)
        days_of = counted_days if view == "days" else local_days
        answer = Availability(
            event_type_id=event_type.id,
            time_zone=shown.zone.key,
            from_=shown.first,
            to=shown.last,
            duration_minutes=event_type.duration_minutes,
            as_of=_as_of(buckets),
            state=self._state(buckets),
            days=days_of(buckets, shown.dates, shown.zone, self._clock()),
        )
        return self._told(answer, buckets, shown.zone)

    async def list_next_slots(self, event_type_id: str, time_zone: str | None, limit: int) -> Told:
        event_type = await self._catalogue.find(event_type_id)
        shown_in = zone(time_zone or event_type.time_zone)
        today = self._clock().astimezone(shown_in).date()
        steps = search_steps(today, shown_in)
        until, buckets, slots = await self._buckets.coherent(lambda: self._search(event_type, steps, limit))
        answer = NextSlots(
            event_type_id=event_type.id,
            time_zone=shown_in.key,
            duration_minutes=event_type.duration_minutes,
            as_of=_as_of(buckets),
            state=self._state(buckets),
            searched_until=until,
            slots=slots[:limit],
        )
        return self._told(answer, buckets, shown_in)

    async def get_merged_availability(self, event_type_ids: str, asked: Asked) -> Told:
        event_types = await self._catalogue.find_all(listed(event_type_ids))
        refuse_repeated([each.id for each in event_types])
        shown = range_asked(asked, event_types[0].time_zone, self._clock())
        read = await self._buckets.coherent(
            lambda: together(*(self._read(each, shown) for each in event_types))
        )
        offered = {each.id: buckets for each, buckets in zip(event_types, read, strict=True)}
        buckets = list(chain.from_iterable(read))
        answer = MergedAvailability(
            event_types=[merged_event_type_from(each) for each in event_types],
            time_zone=shown.zone.key,
            from_=shown.first,
            to=shown.last,
            as_of=_as_of(buckets),
            state=self._state(buckets),
            days=merged_days(offered, shown.dates, shown.zone, self._clock()),
        )
        return self._told(answer, buckets, shown.zone)

    async def _search(
        self, event_type: EventType, steps: Iterable[LocalRange], limit: int
    ) -> tuple[date, list[Bucket], list[Slot]]:
        """Until which date it was looked, at what, and what was found: perhaps more than `limit`.

        Raises `UpstreamError` where there is nothing yet to show.
        """
        buckets: list[Bucket] = []
        slots: list[Slot] = []
        until = date.min
        for step in steps:
            try:
                read = await self._read(event_type, step)
            except UpstreamError as error:
                if not slots:
                    raise
                log.warning("slots.search_cut_short", error=error.code)
                break
            until = step.last
            buckets += read
            slots += local_slots(read, step.dates, step.zone, self._clock())
            if len(slots) >= limit:
                break
        return until, buckets, slots

    async def _read(self, event_type: EventType, shown: LocalRange) -> list[Bucket]:
        wanted = utc_dates(shown.first, shown.last, shown.zone)
        return await self._buckets.read(event_type, wanted, waits_since=self._waits_since)

    def _told(self, answer: Answer, buckets: Collection[Bucket], shown_in: ZoneInfo) -> Told:
        fresh_until = min(_as_of(buckets) + self._buckets.lives.fresh, self._catalogue.fresh_until)
        return Told(answer, holds_until(buckets, fresh_until, shown_in, self._clock()))

    def _state(self, buckets: Collection[Bucket]) -> State:
        return "fresh" if all(self._buckets.is_fresh(bucket) for bucket in buckets) else "stale"


def _as_of(buckets: Iterable[Bucket]) -> datetime:
    return min(bucket.as_of for bucket in buckets)
