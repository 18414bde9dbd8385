"""Keeps deliveries in the state store until they are done with. Every method raises `StoreAwayError` when the store
does not do its part.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TypeVar, cast

import msgspec
import structlog

from app.sealing import Sealer
from app.store.script import Script
from app.store.state import Reply, StateStore
from app.webhooks import names, scripts
from app.webhooks.deliveries import Delivery
from app.webhooks.effects import Record, Records

T = TypeVar("T")

SEEN_FOR = timedelta(hours=48)
"""Twice as long as Calendly tries to deliver."""

MOST = 10_000
"""Deliveries of one account that are not done with; to those beyond, Calendly is told to come again."""

KEPT = timedelta(days=7)
"""For which what nobody looks after is kept, for its account may be served no longer."""

MOST_TRIES = 10
MOST_ASIDE = 1_000
KEPT_ASIDE = timedelta(days=30)

log = structlog.get_logger()


class Put(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    FULL = "full"


class Done(StrEnum):
    DONE = "done"
    CHANGED = "changed"
    """A record is another by now: it has to be decided anew."""
    GONE = "gone"
    """Somebody else has done it."""


class Failed(StrEnum):
    LATER = "later"
    ASIDE = "aside"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Claimed:
    """Ours for as long as it was claimed for. `delivery` is None where it cannot be opened, or not be read."""

    account: str
    identity: str
    tries: int
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Read:
    """What is known of some invitees. `raw` is what stands in the store, to tell whether it still does."""

    records: Records
    raw: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, and for how long it is kept."""

    record: Record
    lifetime: timedelta


class Inbox:
    """Of all accounts. `keys`: those that everything of ours is sealed under."""

    def __init__(self, state: StateStore, keys: Sequence[bytes]) -> None:
        self._state = state
        self._deliveries = Sealer(keys, "delivery")
        self._invitees = Sealer(keys, "invitee")
        self._turn = 0

    async def put(self, account: str, identity: str, delivery: Delivery) -> Put:
        sealed = self._deliveries.seal(msgspec.json.encode(delivery))
        lengths = (_length(SEEN_FOR), _length(KEPT))
        return Put(_text(await self._run(scripts.PUT, account, identity, sealed, MOST, *lengths)))

    async def has_seen(self, account: str, identity: str) -> bool:
        return bool(await self._run(scripts.SEEN, account, identity))

    async def claim(self, accounts: Collection[str], limit: int, hold: timedelta) -> list[Claimed]:
        """The oldest that nobody looks after, of each of these accounts in turn. Where they are more than the limit,
        others come first each time.
        """
        flat = await self._run(scripts.CLAIM, limit, _length(hold), *self._in_turn(list(accounts), limit))
        parts = [flat[first : first + 4] for first in range(0, len(flat), 4)]
        return [
            Claimed(_text(account), _text(identity), int(tries), self._delivery(sealed))
            for account, identity, tries, sealed in parts
        ]

    async def read(self, account: str, invitees: Sequence[str]) -> Read:
        """What cannot be read counts as nothing known."""
        if not invitees:
            return Read({}, {})
        found = await self._run(scripts.READ, account, *map(_hashed, invitees))
        raw = dict(zip(invitees, found, strict=True))
        opened = {id_: _opened(self._invitees, sealed, Record) for id_, sealed in raw.items() if sealed}
        return Read({id_: record for id_, record in opened.items() if record is not None}, raw)

    async def finish(self, claimed: Claimed, read: Read, kept: Mapping[str, Kept]) -> Done:
        """In one step with the records that follow from it."""
        parts = [
            part
            for id_, each in kept.items()
            for part in (
                _hashed(id_),
                read.raw[id_],
                self._invitees.seal(msgspec.json.encode(each.record)),
                _length(each.lifetime),
            )
        ]
        return Done(_text(await self._run(scripts.COMMIT, claimed.account, claimed.identity, *parts)))

    async def fail(self, claimed: Claimed, wait: timedelta) -> Failed:
        """To be tried again after this time, unless it has failed too often."""
        bounds = (MOST_TRIES, MOST_ASIDE, _length(KEPT_ASIDE))
        answer = await self._run(scripts.FAIL, claimed.account, claimed.identity, _length(wait), *bounds)
        return Failed(_text(answer))

    async def postpone(self, claimed: Claimed, first: timedelta, longest: timedelta) -> None:
        """It is held up by somebody else: to be tried again, each time after twice as long, and that however often."""
        waits = (_length(first), _length(longest), _length(KEPT))
        await self._run(scripts.POSTPONE, claimed.account, claimed.identity, *waits)

    async def replay(self, account: str) -> int:
        """Have what was set aside tried again, as if it had just come. How many there were."""
        return int(await self._run(scripts.REPLAY, account, _length(KEPT)))

    async def counts(self, accounts: Collection[str]) -> tuple[int, int]:
        """How many deliveries are not done with, and how many were set aside."""
        waiting, aside = await self._run(scripts.COUNT, *accounts)
        return int(waiting), int(aside)

    def _in_turn(self, accounts: list[str], limit: int) -> list[str]:
        first = self._turn % max(len(accounts), 1)
        self._turn = first + limit
        return accounts[first:] + accounts[:first]

    def _delivery(self, sealed: bytes) -> Delivery | None:
        # A union is no type to mypy.
        return _opened(self._deliveries, sealed, cast("type[Delivery]", Delivery))

    async def _run(self, script: Script, *args: str | float | bytes) -> Reply:
        return await self._state.run(script, [names.INBOX], [names.PREFIX, *args])


def _opened(sealer: Sealer, sealed: bytes, shape: type[T]) -> T | None:
    plain = sealer.open(sealed.decode(errors="replace"))
    if plain is None:
        log.warning("webhooks.sealed_with_unknown_key")
        return None
    try:
        return msgspec.json.decode(plain, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        log.warning("webhooks.record_unreadable")
        return None


def _hashed(id_: str) -> str:
    return sha256(id_.encode()).hexdigest()[:32]


def _length(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _text(part: bytes | str) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else part
