"""The key under which persons, slots and attempts are named in the store: drawn once, and kept there, sealed.

All replicas have to name things alike, or two of them would not notice that they
book for the same person. Their secret keys need not be alike, for a rotation
reaches one replica after the other. So the key of the names is a secret of its
own: the store has a copy of it under every secret key that any replica has.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from app.intents import names, scripts
from app.sealing import KeyedHash, Sealer, key_id
from app.store.state import StateStore

NAMING_KEY_BYTES = 32
PURPOSE = "naming"

KEPT_MS = 30 * 86_400_000
"""From its last use: long after all that was named with it is gone."""

log = structlog.get_logger()


class NamesUnknownError(Exception):
    """The store has names under a secret key that this process does not have."""


@dataclass(frozen=True, slots=True)
class Names:
    """`generation` names the key that they are made with: after the store has lost its data, it may be another."""

    generation: str
    hashes: KeyedHash

    def of(self, kind: str, *parts: str) -> str:
        return self.hashes.of(kind, *parts)


@dataclass(frozen=True, slots=True)
class _Naming:
    names: Names
    copies: Mapping[str, str]
    """The key, sealed, by the id of the secret key that it is sealed under."""


class Naming:
    def __init__(self, state: StateStore, keys: Sequence[bytes]) -> None:
        self._state = state
        self._sealers = {key_id(key, PURPOSE): Sealer([key], PURPOSE) for key in keys}
        self._known: _Naming | None = None

    async def names(self) -> Names:
        """As every replica has them now; a store that lost them is told again.

        Raises `StoreAwayError` and `NamesUnknownError`.
        """
        offered = self._known or self._naming(secrets.token_bytes(NAMING_KEY_BYTES))
        generation, copies = await self._agreed(offered)
        if generation != offered.names.generation:
            offered = self._naming(self._opened(copies))
            # Whoever has only the newer secret keys is to find a copy, too.
            generation, _ = await self._agreed(offered)
        if generation != offered.names.generation:
            raise NamesUnknownError
        self._known = offered
        return offered.names

    async def are_readable(self) -> bool:
        """Whether `names` could be had; writes nothing. Raises `StoreAwayError`."""
        copies = await self._state.fields(names.NAMING)
        return "generation" not in copies or self._key_from(copies) is not None

    async def _agreed(self, offered: _Naming) -> tuple[str, dict[str, bytes]]:
        """What stands in the store: the offer, where nothing stood there."""
        copies = [part for copy in offered.copies.items() for part in copy]
        flat = await self._state.run(
            scripts.NAME, [names.NAMING], [names.PREFIX, offered.names.generation, KEPT_MS, *copies]
        )
        pairs = zip(flat[::2], flat[1::2], strict=True)
        fields = {bytes(name).decode(errors="replace"): value for name, value in pairs}
        return fields.pop("generation").decode(errors="replace"), fields

    def _naming(self, key: bytes) -> _Naming:
        hashes = KeyedHash(key, "bookings")
        copies = {id_: sealer.seal(key) for id_, sealer in self._sealers.items()}
        return _Naming(Names(hashes.of("generation"), hashes), copies)

    def _opened(self, copies: Mapping[str, bytes]) -> bytes:
        key = self._key_from(copies)
        if key is None:
            log.error("intents.names_sealed_with_unknown_key")
            raise NamesUnknownError
        return key

    def _key_from(self, copies: Mapping[str, bytes]) -> bytes | None:
        for id_, sealer in self._sealers.items():
            key = sealer.open(copies.get(id_, b"").decode(errors="replace"))
            if key is not None:
                return key
        return None
