"""Bytes from Calendly to our structs, as forgiving as is safe."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from app.calendly.envelopes import Collection, Pagination

T = TypeVar("T")


class MalformedBodyError(Exception):
    """The bytes are not JSON: perhaps cut off on the way, so that asking again may help."""


class UnknownShapeError(Exception):
    """The bytes are JSON, but not what Calendly documents: asking again would not help."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """How a list is decoded: `whole` first, because it is fast, `item` by item where that fails."""

    whole: type[Collection[T]]
    item: type[T]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`dropped` counts the items that were there and could not be read."""

    items: list[T]
    dropped: int
    next_page: str | None


class _RawCollection(msgspec.Struct, frozen=True):
    collection: list[msgspec.Raw]
    pagination: Pagination | None = None


def decode(body: bytes | msgspec.Raw, shape: type[T]) -> T:
    """Strictly first, and then once more taking 30.0 for 30, which a JSON `number` may be.

    Raises `MalformedBodyError` or `UnknownShapeError`, and nothing else whatever the bytes are.
    """
    try:
        return _decode(body, shape, strict=True)
    except UnknownShapeError:
        return _decode(body, shape, strict=False)


def decode_page(body: bytes, listing: Listing[T]) -> Page[T]:
    """Leaves out and counts the items that do not decode. Raises as `decode` does, also when none decodes."""
    try:
        whole = _decode(body, listing.whole, strict=True)
    except UnknownShapeError:
        return _decode_one_by_one(body, listing.item)
    return Page(whole.collection, 0, _next_page(whole.pagination))


def _decode(body: bytes | msgspec.Raw, shape: type[T], *, strict: bool) -> T:
    try:
        return msgspec.json.decode(body, type=shape, strict=strict)
    except msgspec.ValidationError as error:
        raise UnknownShapeError from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBodyError from error


def _decode_one_by_one(body: bytes, item: type[T]) -> Page[T]:
    raw = decode(body, _RawCollection)
    items: list[T] = []
    for one in raw.collection:
        try:
            items.append(decode(one, item))
        except (MalformedBodyError, UnknownShapeError):
            continue
    if not items:
        raise UnknownShapeError
    return Page(items, len(raw.collection) - len(items), _next_page(raw.pagination))


def _next_page(pagination: Pagination | None) -> str | None:
    return pagination.next_page if pagination else None
