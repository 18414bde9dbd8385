"""Decides which days answer a question about free times."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from app.catalogue.catalogue import Catalogue
from app.catalogue.model import EventType
from app.features.availability.mapping import counted_days, local_days, utc_dates
from app.features.availability.ranges import Asked, LocalRange, range_asked
from app.features.availability.schemas import Availability, State, View
from app.slots.buckets import DayBuckets
from app.slots.model import Day as Bucket


class AvailabilityService:
    def __init__(self, *, catalogue: Catalogue, buckets: DayBuckets, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._buckets = buckets
        self._clock = clock

    async def get_availability(self, event_type_id: str, asked: Asked, view: View) -> Availability:
        event_type = await self._catalogue.find(event_type_id)
        shown = range_asked(asked, event_type.time_zone, self._clock())
        buckets = await self._read(event_type, shown)
        days_of = counted_days if view == "days" else local_days
        return Availability(
            event_type_id=event_type.id,
            time_zone=shown.zone.key,
            from_=shown.first,
            to=shown.last,
            duration_minutes=event_type.duration_minutes,
            as_of=_as_of(buckets),
            state=self._state(buckets),
            days=days_of(buckets, shown.dates, shown.zone, self._clock()),
        )

    async def _read(self, event_type: EventType, shown: LocalRange) -> list[Bucket]:
        return await self._buckets.read(event_type, utc_dates(shown.first, shown.last, shown.zone))

    def _state(self, buckets: Collection[Bucket]) -> State:
        return "fresh" if all(self._buckets.is_fresh(bucket) for bucket in buckets) else "stale"


def _as_of(buckets: Iterable[Bucket]) -> datetime:
    return min(bucket.as_of for bucket in buckets)
