"""Day buckets (UTC) -> local days. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

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

Local: TypeAlias = tuple[datetime, Kept]
"""A slot, and its start in the visitor's zone."""

_texts = msgspec.json.Decoder(list[str]).decode


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
    return [Day(date=day, slot_count=len(local), slots=_slots_from(local)) for day, local in found.items()]


def counted_days(
    buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> list[Day]:
    """As `local_days`, without the slots."""
    found = _by_local_date(buckets, wanted, zone, now)
    return [Day(date=day, slot_count=len(local)) for day, local in found.items()]


def local_slots(
    buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> list[Slot]:
    """Those of `local_days`, one after the other."""
    found = _by_local_date(buckets, wanted, zone, now)
    return _slots_from(list(chain.from_iterable(found.values())))


def merged_days(
    offered: Mapping[str, Iterable[Bucket]], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> list[MergedDay]:
    """What `local_days` has for any of them. `offered` is by event type id, in the order asked."""
    found = {id_: _by_local_date(buckets, wanted, zone, now) for id_, buckets in offered.items()}
    return [
        MergedDay(date=day, slots=_merged({id_: local[day] for id_, local in found.items()}))
        for day in wanted
    ]


def merged_event_type_from(published: EventType) -> MergedEventType:
    return MergedEventType(
        event_type_id=published.id, name=published.name, duration_minutes=published.duration_minutes
    )


def _merged(offered: Mapping[str, Iterable[Local]]) -> list[MergedSlot]:
    # By instants: what clocks show comes twice where they are set back.
    shown: dict[datetime, datetime] = {}
    offers: dict[datetime, list[SlotOffer]] = {}
    for id_, local in offered.items():
        for start, kept in local:
            shown[kept.start] = start
            offers.setdefault(kept.start, []).append(SlotOffer(event_type_id=id_, spots_left=kept.spots_left))
    instants = sorted(offers)
    texts = _spelt([shown[instant] for instant in instants])
    return [
        MergedSlot(start=text, offers=offers[instant]) for text, instant in zip(texts, instants, strict=True)
    ]


def _by_local_date(
    buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> dict[date, list[Local]]:
    found: dict[date, list[Local]] = {day: [] for day in wanted}
    for each in chain.from_iterable(bucket.slots for bucket in buckets):
        if each.start > now:
            local = each.start.astimezone(zone)
            day = found.get(local.date())
            if day is not None:
                day.append((local, each))
    return found


def _slots_from(local: Sequence[Local]) -> list[Slot]:
    texts = _spelt([start for start, _ in local])
    return [
        Slot(start=text, spots_left=kept.spots_left) for text, (_, kept) in zip(texts, local, strict=True)
    ]


def _spelt(starts: Sequence[datetime]) -> list[str]:
    """All at once, for `isoformat` takes ten times as long. With the offset, also where it is none."""
    return _texts(msgspec.json.encode(starts).replace(b'Z"', b'+00:00"'))
