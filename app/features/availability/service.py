"""Decides which days answer a question about free times."""

from collections.abc import Callable
from datetime import date, datetime

from app.catalogue.catalogue import Catalogue
from app.features.availability.mapping import local_days, utc_dates
from app.features.availability.ranges import dates_asked
from app.features.availability.schemas import Availability
from app.slots.buckets import DayBuckets
from app.slots.planning import dates
from app.time_zones import zone


class AvailabilityService:
    def __init__(self, *, catalogue: Catalogue, buckets: DayBuckets, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._buckets = buckets
        self._clock = clock

    async def get_availability(
        self, event_type_id: str, time_zone: str | None, first: date | None, last: date | None
    ) -> Availability:
        event_type = await self._catalogue.find(event_type_id)
        shown_in = zone(time_zone or event_type.time_zone)
        begins, ends = dates_asked(first, last, shown_in, self._clock())
        buckets = await self._buckets.read(event_type, utc_dates(begins, ends, shown_in))
        fresh = all(self._buckets.is_fresh(bucket) for bucket in buckets)
        return Availability(
            event_type_id=event_type.id,
            time_zone=shown_in.key,
            from_=begins,
            to=ends,
            duration_minutes=event_type.duration_minutes,
            as_of=min(bucket.as_of for bucket in buckets),
            state="fresh" if fresh else "stale",
            days=local_days(buckets, dates((begins, ends)), shown_in, self._clock()),
        )
