"""A day's slots as few bytes, for there are many days. Pure functions."""

from datetime import UTC, date, datetime, timedelta
from math import gcd

import msgspec

from app.slots.model import Slot
from app.slots.planning import midnight

START = "{start}"
"""Where in a page's address the start of its slot stands."""

Patterns = str | list[str | None] | None
"""Addresses of pages, with `START` where they differ: one for all, or each."""


class _Packed(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """`gaps`: from midnight to the first start, and from each to the next, each so many times `unit` microseconds.
    `spots`: one number for all, or each.
    """

    unit: int
    gaps: list[int]
    spots: int | list[int]
    patterns: Patterns = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def packed(day: date, slots: list[Slot]) -> bytes:
    """Slots in order, each on that UTC date."""
    starts = [(slot.start - midnight(day)) // timedelta.resolution for slot in slots]
    gaps = [start - before for before, start in zip([0, *starts], starts, strict=False)]
    # Mostly a quarter of an hour or more, so that each takes one byte.
    unit = gcd(*gaps) or 1
    spots = [slot.spots_left for slot in slots]
    patterns = [_pattern(slot) for slot in slots]
    return _encode(
        _Packed(
            unit,
            [gap // unit for gap in gaps],
            spots[0] if len(set(spots)) == 1 else spots,
            patterns[0] if len(set(patterns)) == 1 else patterns or None,
        )
    )


def unpacked(day: date, value: bytes) -> list[Slot]:
    """Raises `ValueError` for what nobody has packed."""
    stored = _decode(value)
    count, moment, slots = len(stored.gaps), midnight(day), []
    spots = stored.spots if isinstance(stored.spots, list) else [stored.spots] * count
    patterns = stored.patterns if isinstance(stored.patterns, list) else [stored.patterns] * count
    for gap, left, pattern in zip(stored.gaps, spots, patterns, strict=True):
        moment += timedelta(microseconds=gap * stored.unit)
        slots.append(Slot(moment, left, _page(pattern, moment)))
    return slots


def _pattern(slot: Slot) -> str | None:
    """What its page has in common with those of other slots. A page that cannot be told from one is left out."""
    pattern = slot.page and slot.page.replace(_spelt(slot.start), START)
    return pattern if _page(pattern, slot.start) == slot.page else None


def _page(pattern: str | None, start: datetime) -> str | None:
    return pattern and pattern.replace(START, _spelt(start))


def _spelt(start: datetime) -> str:
    """As Calendly's pages spell it."""
    return start.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
