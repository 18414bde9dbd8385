"""The key under which persons, slots and attempts are named in the store: drawn once, and kept there, sealed.

All replicas have to name things alike, or two of them would not notice that they
book for the same person. Their secret keys need not be alike, for a rotation
reaches one replica after the other. So the key of the names is a secret of its
own: the store has a copy of it under every secret key that any replica has.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from app.intents import names, scripts
from app.intents.model import KEPT
from app.sealing import KeyedHash, Sealer, key_id
from app.store.state import Reply, StateStore, StoreAwayError

NAMING_KEY_BYTES = 32
PURPOSE = "naming"

LASTS = timedelta(days=30)
"""From its last use, give or take a half: long after all that was named with it is gone."""

log = structlog.get_logger()


class NamesUnknownError(Exception):
    """The store has names under a secret key that this process does not have."""


@dataclass(frozen=True, slots=True)
class Names:
    """`generation` names the key that they are made with: after the store has lost its data, it may be another.

    Not `settled`: the store knows of these names for so short a time that it may have
    known of bookings before that it has forgotten. `lost_ago` is since when it is known to have, if ever.
    """

    generation: str
    hashes: KeyedHash
    settled: bool = False
    lost_ago: timedelta | None = None

    def of(self, kind: str, *parts: str) -> str:
        return self.hashes.of(kind, *parts)

    def slot(self, event_type: str, start: datetime) -> str:
        return self.of("slot", event_type, start.astimezone(UTC).isoformat())


@dataclass(frozen=True, slots=True)
class _Kept:
    """What stands in the store. `age` and `left` are how long it has stood there and how long it will;
    `lost_ago` is how long ago it was found to be gone, if ever.
    """

    generation: str | None
    copies: Mapping[str, str]
    age: timedelta
    left: timedelta
    lost_ago: timedelta | None


class Naming:
    """One in every process; `keys` are its secret keys."""

    def __init__(self, state: StateStore, keys: Sequence[bytes]) -> None:
        self._state = state
        self._sealers = {key_id(key, PURPOSE): Sealer([key], PURPOSE) for key in keys}
        self._known: bytes | None = None

    async def names(self) -> Names:
        """As every replica has them now; a store that has lost them is told again.

        Raises `StoreAwayError` and `NamesUnknownError`. Writes only where something
        is missing, so that a store that takes no more can still be asked.
        """
        # Before it is asked: what others of this process tell it meanwhile, it cannot have lost.
        known = self._known
        kept = await self._kept()
        if kept.generation is None:
            key = self._known or secrets.token_bytes(NAMING_KEY_BYTES)
            kept = await self._put(key, self._sealers, lost=known is not None)
        key = self._key_in(kept)
        missing = [id_ for id_ in self._sealers if self._opened(kept, id_) is None]
        # Others have named anew what we had a name for: the store has lost it, and they cannot know.
        lost = known is not None and known != key
        if missing or lost or kept.left < LASTS / 2:
            with suppress(StoreAwayError):
                kept = await self._put(key, missing, lost=lost)
        self._known = key
        return replace(_names(key), settled=kept.age > KEPT, lost_ago=kept.lost_ago)

    async def look_after(self) -> None:
        """To be called often: a loss is noticed, and each of our secret keys has a copy, also while nobody books."""
        if self._known is not None or (await self._kept()).generation is not None:
            await self.names()

    async def are_readable(self) -> bool:
        """Whether `names` could be had; writes nothing. Raises `StoreAwayError`."""
        try:
            kept = await self._kept()
            return kept.generation is None or bool(self._key_in(kept))
        except NamesUnknownError:
            return False

    async def _kept(self) -> _Kept:
        return _kept_from(await self._state.run(scripts.NAMED, [names.NAMING], [names.PREFIX]))

    async def _put(self, key: bytes, ids: Iterable[str], *, lost: bool = False) -> _Kept:
        """What stands in the store then: the offer, where nothing stood there or the same."""
        copies = [part for id_ in ids for part in (id_, self._sealers[id_].seal(key))]
        lasts = LASTS // timedelta(milliseconds=1)
        offer: list[str | int] = [names.PREFIX, _names(key).generation, lasts, int(lost), *copies]
        return _kept_from(await self._state.run(scripts.NAME, [names.NAMING], offer))

    def _key_in(self, kept: _Kept) -> bytes:
        found = (self._known, *(self._opened(kept, id_) for id_ in self._sealers))
        for key in found:
            if key is not None and _names(key).generation == kept.generation:
                return key
        log.error("intents.names_sealed_with_unknown_key")
        raise NamesUnknownError

    def _opened(self, kept: _Kept, id_: str) -> bytes | None:
        return self._sealers[id_].open(kept.copies.get(id_, ""))


def _names(key: bytes) -> Names:
    hashes = KeyedHash(key, "bookings")
    return Names(hashes.of("generation"), hashes)


def _kept_from(reply: Reply) -> _Kept:
    age, left, flat = reply
    words = [word.decode(errors="replace") for word in flat]
    fields = dict(zip(words[::2], words[1::2], strict=True))
    return _Kept(
        generation=fields.pop("generation", None),
        copies=fields,
        age=timedelta(milliseconds=age),
        left=timedelta(milliseconds=left),
        lost_ago=_since(fields.get("lost"), fields.get("since"), age),
    )


def _since(lost: str | None, since: str | None, age: int) -> timedelta | None:
    """By the store's clock, of which the age of what it keeps tells; None for what is no time."""
    try:
        return timedelta(milliseconds=age + int(since or 0) - int(lost or ""))
    except (ValueError, OverflowError):
        return None
