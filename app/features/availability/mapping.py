"""Day buckets (UTC) -> local days. Pure functions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.features.availability.schemas import Day, Slot
from app.slots.model import Day as Bucket
from app.slots.planning import ONE_DAY, dates


def utc_dates(first: date, last: date, zone: ZoneInfo) -> list[date]:
    """The UTC dates that hold every instant of these local dates.

    A local midnight that the clocks skip reads as the instant they change;
    one that comes twice, as the first: so no instant of the range is left out.
    """
    begins = datetime.combine(first, time.min, zone).astimezone(UTC)
    ends = datetime.combine(last + ONE_DAY, time.min, zone).astimezone(UTC) - timedelta.resolution
    return dates((begins.date(), ends.date()))


def local_days(buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime) -> list[Day]:
    """Each wanted date with what starts on it; what is past by `now` is left out, even where a bucket holds it."""
    found: dict[date, list[Slot]] = {day: [] for day in wanted}
    for slot in (slot for bucket in buckets for slot in bucket.slots):
        local = slot.start.astimezone(zone)
        if slot.start > now and local.date() in found:
            start = local.isoformat(timespec="seconds")
            found[local.date()].append(Slot(start=start, spots_left=slot.spots_left))
    return [Day(date=day, slots=slots) for day, slots in found.items()]
