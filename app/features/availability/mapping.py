"""Day buckets (UTC) -> local days. Pure functions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from app.slots.planning import ONE_DAY, dates, midnight

Local: TypeAlias = tuple[str, Kept]
"""A slot, and its start as the visitor sees it."""

NONE = timedelta(0)

Offset: TypeAlias = timedelta | None

DATE = len("2026-12-01")
"""Of an instant as it is spelt."""

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
    return _slots_from(chain.from_iterable(found.values()))


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
    texts: dict[datetime, str] = {}
    offers: dict[datetime, list[SlotOffer]] = {}
    for id_, local in offered.items():
        for text, kept in local:
            texts[kept.start] = text
            offers.setdefault(kept.start, []).append(SlotOffer(event_type_id=id_, spots_left=kept.spots_left))
    return [MergedSlot(start=texts[instant], offers=offers[instant]) for instant in sorted(offers)]


def _by_local_date(
    buckets: Iterable[Bucket], wanted: Sequence[date], zone: ZoneInfo, now: datetime
) -> dict[date, list[Local]]:
    found: dict[str, list[Local]] = {day.isoformat(): [] for day in wanted}
    for offset, coming in _runs(buckets, zone, now):
        for text, slot in zip(_shown(coming, zone, offset), coming, strict=True):
            day = found.get(text[:DATE])
            if day is not None:
                day.append((text, slot))
    return dict(zip(wanted, found.values(), strict=True))


def _runs(buckets: Iterable[Bucket], zone: ZoneInfo, now: datetime) -> Iterator[tuple[Offset, list[Kept]]]:
    """What is to come, in runs for which clocks are ahead of UTC by the same; None where they are changed meanwhile."""
    run: list[Kept] = []
    ahead: Offset = NONE
    for bucket in buckets:
        is_to_come = midnight(bucket.date) > now
        coming = bucket.slots if is_to_come else [slot for slot in bucket.slots if slot.start > now]
        if coming:
            offset = _offset(coming, zone)
            if offset != ahead:
                yield ahead, run
                run, ahead = [], offset
            run += coming
    yield ahead, run


def _offset(slots: Sequence[Kept], zone: ZoneInfo) -> Offset:
    """Of one day."""
    first, last = (slot.start.astimezone(zone).utcoffset() for slot in (slots[0], slots[-1]))
    return first if first == last else None


def _shown(slots: Sequence[Kept], zone: ZoneInfo, offset: Offset) -> list[str]:
    """What clocks show in the zone when they start."""
    if not slots:
        return []
    if offset is None:
        return [slot.start.astimezone(zone).isoformat(timespec="seconds") for slot in slots]
    # All at once where no clock is changed: to convert and spell each takes five times as long.
    walls = [slot.start + offset for slot in slots]
    named = slots[0].start.astimezone(zone).isoformat()[-len("+00:00") :].encode()
    return _texts(msgspec.json.encode(walls).replace(b'Z"', named + b'"'))


def _slots_from(local: Iterable[Local]) -> list[Slot]:
    return [Slot(start=text, spots_left=kept.spots_left) for text, kept in local]
