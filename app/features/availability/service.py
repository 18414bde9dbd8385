"""Decides which days answer a question about free times."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import TypeAlias
from zoneinfo import ZoneInfo

import structlog

from app.catalogue.catalogue import Catalogue
from app.catalogue.model import EventType
from app.concurrency import together
from app.errors import UpstreamError
from app.features.availability.answers import FAILING_FOR, MARKED_FOR, Answer, Told, holds_until
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
from app.slots.planning import ONE_DAY
from app.slots.popularity import Popularity
from app.time_zones import zone

Searched: TypeAlias = tuple[LocalRange, list[Bucket]]
"""A step of a search, and what was read for it."""

Read: TypeAlias = tuple[EventType, list[Bucket]]
"""What an answer is made of."""

log = structlog.get_logger()


class AvailabilityService:
    """`waits_since`: since when whoever asks has waited for somebody else who asked the same (`time.monotonic()`)."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        buckets: DayBuckets,
        popularity: Popularity,
        clock: Callable[[], datetime],
        waits_since: float | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._buckets = buckets
        self._popularity = popularity
        self._clock = clock
        self._waits_since = waits_since

    async def get_availability(self, event_type_id: str, asked: Asked, view: View) -> Told:
        event_type = await self._catalogue.find(event_type_id)
        shown = range_asked(asked, event_type.time_zone, self._clock())
        buckets = await self._read(event_type, shown)
        now = self._clock()
        days_of = counted_days if view == "days" else local_days
        answer = Availability(
            event_type_id=event_type.id,
            time_zone=shown.zone.key,
            from_=shown.first,
            to=shown.last,
            duration_minutes=event_type.duration_minutes,
            as_of=_as_of(buckets),
            state=self._state(buckets, now),
            days=days_of(buckets, shown.dates, shown.zone, now),
        )
        return self._told(answer, [(event_type, buckets)], shown.zone, now)

    async def list_next_slots(self, event_type_id: str, time_zone: str | None, limit: int) -> Told:
        event_type = await self._catalogue.find(event_type_id)
        shown_in = zone(time_zone or event_type.time_zone)
        today = self._clock().astimezone(shown_in).date()
        steps = search_steps(today, shown_in)
        found = await self._buckets.coherent(lambda: self._search(event_type, steps, limit))
        buckets = list(chain.from_iterable(read for _, read in found))
        now = self._clock()
        answer = NextSlots(
            event_type_id=event_type.id,
            time_zone=shown_in.key,
            duration_minutes=event_type.duration_minutes,
            as_of=_as_of(buckets),
            state=self._state(buckets, now),
            searched_until=found[-1][0].last,
            slots=_slots(found, now)[:limit],
        )
        return self._told(answer, [(event_type, buckets)], shown_in, now)

    async def get_merged_availability(self, event_type_ids: str, asked: Asked) -> Told:
        event_types = await self._catalogue.find_all(listed(event_type_ids))
        refuse_repeated([each.id for each in event_types])
        shown = range_asked(asked, event_types[0].time_zone, self._clock())
        read = await self._buckets.coherent(
            lambda: together(*(self._read(each, shown) for each in event_types))
        )
        offered = {each.id: buckets for each, buckets in zip(event_types, read, strict=True)}
        buckets = list(chain.from_iterable(read))
        now = self._clock()
        answer = MergedAvailability(
            event_types=[merged_event_type_from(each) for each in event_types],
            time_zone=shown.zone.key,
            from_=shown.first,
            to=shown.last,
            as_of=_as_of(buckets),
            state=self._state(buckets, now),
            days=merged_days(offered, shown.dates, shown.zone, now),
        )
        return self._told(answer, list(zip(event_types, read, strict=True)), shown.zone, now)

    async def _search(self, event_type: EventType, steps: Iterable[LocalRange], limit: int) -> list[Searched]:
        """Until there are as many slots as asked for, or Calendly fails.

        Raises `UpstreamError` where there is nothing yet to show.
        """
        found: list[Searched] = []
        for step in steps:
            try:
                found.append((step, await self._read(event_type, step)))
            except UpstreamError as error:
                if not _slots(found, self._clock()):
                    raise
                log.warning("slots.search_cut_short", error=error.code)
                break
            if len(_slots(found, self._clock())) >= limit:
                break
        return found

    async def _read(self, event_type: EventType, shown: LocalRange) -> list[Bucket]:
        """Raises `UpstreamError`, which names Calendly's own page of the event type."""
        wanted = utc_dates(shown.first, shown.last, shown.zone)
        self._popularity.note(event_type, wanted, self._clock())
        try:
            return await self._buckets.read(event_type, wanted, waits_since=self._waits_since)
        except UpstreamError as failure:
            failure.hosted_url = event_type.hosted_url
            raise

    def _told(self, answer: Answer, reads: Collection[Read], shown_in: ZoneInfo, now: datetime) -> Told:
        buckets = list(chain.from_iterable(read for _, read in reads))
        turns = self._buckets.lives.turns(_as_of(buckets), now)
        known_until = self._catalogue.fresh_until
        is_marked = answer.state == "stale" or known_until < now
        marked_for = FAILING_FOR if self._buckets.is_failing else MARKED_FOR
        turns.append(now + marked_for if is_marked else known_until)
        until = holds_until(buckets, turns, shown_in, now)
        if not is_marked:
            return Told(answer, until)
        # Of the days no more than their dates: their slots would be kept for as long as the answer.
        spans = [(event_type, read[0].date, read[-1].date) for event_type, read in reads]
        return Told(answer, until, partial(self._look_again, spans))

    def _look_again(self, spans: Iterable[tuple[EventType, date, date]]) -> None:
        for event_type, first, last in spans:
            days = [first + ONE_DAY * number for number in range((last - first).days + 1)]
            self._buckets.look_again(event_type, days)

    def _state(self, buckets: Collection[Bucket], now: datetime) -> State:
        return "fresh" if all(self._buckets.is_fresh(bucket, now) for bucket in buckets) else "stale"


def _as_of(buckets: Iterable[Bucket]) -> datetime:
    return min(bucket.as_of for bucket in buckets)


def _slots(searched: Iterable[Searched], now: datetime) -> list[Slot]:
    return [slot for step, read in searched for slot in local_slots(read, step.dates, step.zone, now)]
