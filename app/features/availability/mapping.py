"""Day buckets (UTC) -> local days. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.catalogue.model import EventType
from app.features.availability.schemas import (
    Day,
    MergedDay,
    MergedEventType,
    MergedSlot,
    Slot,
    SlotOffer,
)
from app.slots.model import Day as Bucket
from app.slots.model import Slot as Kept
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
    found = _by_local_date(buckets, wanted, zone, now)
    return [
        Day(date=day, slot_count=len(kept), slots=[_slot_from(each, zone) for each in kept])
        for day, kept in found.items()
    ]


def counted_days(
    buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> list[Day]:
    """As `local_days`, without the slots."""
    found = _by_local_date(buckets, wanted, zone, now)
    return [Day(date=day, slot_count=len(kept)) for day, kept in found.items()]


def local_slots(
    buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> list[Slot]:
    """Those of `local_days`, one after the other."""
    found = _by_local_date(buckets, wanted, zone, now)
    return [_slot_from(each, zone) for kept in found.values() for each in kept]


def merged_days(
    offered: Mapping[str, Iterable[Bucket]], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> list[MergedDay]:
    """What `local_days` has for any of them. `offered` is by event type id, in the order asked."""
    found = {id_: _by_local_date(buckets, wanted, zone, now) for id_, buckets in offered.items()}
    return [
        MergedDay(date=day, slots=_merged({id_: kept[day] for id_, kept in found.items()}, zone))
        for day in wanted
    ]


def merged_event_type_from(published: EventType) -> MergedEventType:
    return MergedEventType(
        event_type_id=published.id, name=published.name, duration_minutes=published.duration_minutes
    )


def _merged(offered: Mapping[str, Iterable[Kept]], zone: ZoneInfo) -> list[MergedSlot]:
    offers: dict[datetime, list[SlotOffer]] = {}
    for id_, kept in offered.items():
        for each in kept:
            offer = SlotOffer(event_type_id=id_, spots_left=each.spots_left)
            offers.setdefault(each.start, []).append(offer)
    return [MergedSlot(start=_spelt(start, zone), offers=offers[start]) for start in sorted(offers)]


def _by_local_date(
    buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> dict[date, list[Kept]]:
    found: dict[date, list[Kept]] = {day: [] for day in wanted}
    for each in (each for bucket in buckets for each in bucket.slots):
        day = each.start.astimezone(zone).date()
        if each.start > now and day in found:
            found[day].append(each)
    return found


def _slot_from(kept: Kept, zone: ZoneInfo) -> Slot:
    return Slot(start=_spelt(kept.start, zone), spots_left=kept.spots_left)


def _spelt(start: datetime, zone: ZoneInfo) -> str:
    return start.astimezone(zone).isoformat(timespec="seconds")
