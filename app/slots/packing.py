"""A day's slots as few bytes, for there are many days. Pure functions."""

from datetime import UTC, date, datetime, timedelta
from math import gcd

import msgspec

from app.slots.model import Slot
from app.slots.planning import midnight

START = "{start}"
"""Where in a page's address the start of its slot stands."""

Pages = str | list[str | None] | None
"""One address for all, with `START` where they differ; or each."""


class _Packed(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """`gaps`: from midnight to the first start, and from each to the next, each so many times `unit` microseconds.
    `spots`: one number for all, or each.
    """

    unit: int
    gaps: list[int]
    spots: int | list[int]
    pages: Pages = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def packed(day: date, slots: list[Slot]) -> bytes:
    """Slots in order, each on that UTC date."""
    starts = [(slot.start - midnight(day)) // timedelta.resolution for slot in slots]
    gaps = [start - before for before, start in zip([0, *starts], starts, strict=False)]
    # Mostly a quarter of an hour or more, so that each takes one byte.
    unit = gcd(*gaps) or 1
    spots = [slot.spots_left for slot in slots]
    return _encode(
        _Packed(
            unit, [gap // unit for gap in gaps], spots[0] if len(set(spots)) == 1 else spots, _pages(slots)
        )
    )


def unpacked(day: date, value: bytes) -> list[Slot]:
    """Raises `ValueError` for what nobody has packed."""
    stored = _decode(value)
    count, moment, slots = len(stored.gaps), midnight(day), []
    spots = stored.spots if isinstance(stored.spots, list) else [stored.spots] * count
    for number, (gap, left) in enumerate(zip(stored.gaps, spots, strict=True)):
        moment += timedelta(microseconds=gap * stored.unit)
        slots.append(Slot(moment, left, _page(stored.pages, number, moment)))
    return slots


def _pages(slots: list[Slot]) -> Pages:
    pages = [slot.page for slot in slots]
    if not any(pages):
        return None
    if any(page and START in page for page in pages):
        return pages
    patterns = {_pattern(slot) for slot in slots}
    return patterns.pop() if len(patterns) == 1 else pages


def _pattern(slot: Slot) -> str | None:
    """What it has in common with the pages of other slots."""
    return slot.page and slot.page.replace(_spelt(slot.start), START)


def _page(pages: Pages, number: int, start: datetime) -> str | None:
    if isinstance(pages, list):
        return pages[number]
    return pages and pages.replace(START, _spelt(start))


def _spelt(start: datetime) -> str:
    """As Calendly's pages spell it."""
    return start.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
