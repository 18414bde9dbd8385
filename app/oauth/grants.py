"""Keeps grants in the state store. Every method raises `StoreAwayError` when the store does not do its part."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import structlog

from app.oauth import names, scripts
from app.oauth.grant import DeadReason, Grant
from app.sealing import Sealer
from app.store.script import Script
from app.store.state import Reply, StateStore

PURPOSE = "grant"
"""That the sealer is to be made for."""

MINUTE = timedelta(minutes=1)
"""In which Calendly counts tokens."""

_RECORD = re.compile(r"([0-9]{1,15}) (alive|removed|revoked|reply_lost) ([A-Za-z0-9_-]*)")

log = structlog.get_logger()


class GrantUnreadableError(Exception):
    """There is a record, and not one that we sealed for this account: another key, or another's record."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Every grant, the dead ones too; the accounts whose records cannot be read; and the changes that led there."""

    grants: tuple[Grant, ...]
    unreadable: tuple[str, ...]
    changes: int


class Grants:
    """`sealer` is made for `PURPOSE`."""

    def __init__(self, state: StateStore, sealer: Sealer) -> None:
        self._state = state
        self._sealer = sealer

    async def list(self) -> Listing:
        """A record that cannot be read is logged, and takes no other along."""
        changes, flat = await self._state.run(scripts.LIST, [names.RECORDS, names.CHANGES])
        grants, unreadable = [], []
        for account, record in _records(flat):
            try:
                grant = self._read(account, record)
            except GrantUnreadableError:
                unreadable.append(account)
            else:
                grants += [grant] if grant else []
        return Listing(tuple(grants), tuple(unreadable), int(changes))

    async def changed_since(self, changes: int) -> bool:
        """Whether it is worth listing them again: one small read. `changes` as in the last `Listing`."""
        return int(await self._state.get(names.CHANGES) or 0) != changes

    async def get(self, account: str) -> Grant | None:
        """None where the account is not connected. Raises `GrantUnreadableError`."""
        record = await self._run(scripts.FIND, account)
        return None if record is None else self._read(account, record)

    async def put_new(self, grant: Grant) -> Grant:
        """As it is stored: in the place of whatever this account had, with the next generation."""
        while True:
            generation = int(await self._run(scripts.GENERATION, grant.account))
            new = _following(grant, generation)
            counts_for = _length(MINUTE)
            if await self._run(scripts.PUT_NEW, grant.account, generation, self._seal(new), counts_for):
                log.info("grants.connected", account=grant.account, generation=new.generation)
                return new

    async def replace(
        self, old_generation: int, fence: int, grant: Grant, *, rest: timedelta = timedelta(0)
    ) -> bool:
        """Its next pair, in the place of that generation's; for the `rest` nobody begins another renewal.

        `fence`: of whoever began to renew that generation and has this pair for it; others may have begun after.

        False where another pair is there by now, or the account was disconnected. A grant that was given up because
        this very pair seemed lost lives again.
        """
        sealed = self._seal(_following(grant, old_generation))
        replaced = await self._run(
            scripts.REPLACE, grant.account, old_generation, fence, sealed, _length(rest)
        )
        return bool(replaced)

    async def kill(
        self, account: str, generation: int, reason: DeadReason, *, fence: int | None = None
    ) -> bool:
        """False where that generation is no longer the one, or is dead. With a fence, only for whoever holds it."""
        killed = await self._run(scripts.KILL, account, generation, "" if fence is None else fence, reason)
        if killed:
            log.error("grants.died", account=account, generation=generation, reason=reason.value)
        return bool(killed)

    async def remove(self, account: str) -> Grant | None:
        """What was connected until this moment; None where nothing was. Calendly is told nothing.

        Raises `GrantUnreadableError` for what is removed all the same.
        """
        record = await self._run(scripts.REMOVE, account)
        return None if record is None else self._read(account, record)

    async def reseal(self) -> int:
        """Seal every record anew, under the first key: how many were. Those that cannot be read stay as they are."""
        _, flat = await self._state.run(scripts.LIST, [names.RECORDS, names.CHANGES])
        return sum([await self._resealed(account, record) for account, record in _records(flat)])

    async def _resealed(self, account: str, record: bytes) -> bool:
        head, _, sealed = _text(record).rpartition(" ")
        plain = self._sealer.open(sealed, account.encode())
        if plain is None:
            return False
        again = f"{head} {self._sealer.seal(plain, account.encode())}"
        return bool(await self._run(scripts.RESEAL, account, record, again))

    async def _run(self, script: Script, account: str, *args: str | int | bytes) -> Reply:
        reply: Reply = await self._state.run(script, names.keys_of(account), [account, *args])
        return reply

    def _seal(self, grant: Grant) -> str:
        return self._sealer.seal(msgspec.json.encode(grant), grant.account.encode())

    def _read(self, account: str, record: bytes) -> Grant | None:
        found = _RECORD.fullmatch(_text(record))
        if found and found[2] == "removed":
            return None
        plain = self._sealer.open(found[3], account.encode()) if found else None
        grant = None if plain is None else _decoded(plain)
        # Only what is sealed says which generation it is: a pair may have been put under another's number.
        if found is None or grant is None or (grant.account, grant.generation) != (account, int(found[1])):
            log.error("grants.unreadable", account=account)
            raise GrantUnreadableError
        dead = None if found[2] == "alive" else DeadReason(found[2])
        return msgspec.structs.replace(grant, dead_reason=dead)


def _following(grant: Grant, generation: int) -> Grant:
    return msgspec.structs.replace(grant, generation=generation + 1, dead_reason=None)


def _decoded(plain: bytes) -> Grant | None:
    """None for a shape that we do not know, such as that of a later version."""
    try:
        return msgspec.json.decode(plain, type=Grant)
    except msgspec.MsgspecError:
        return None


def _records(flat: Sequence[bytes]) -> list[tuple[str, bytes]]:
    return [(_text(account), record) for account, record in zip(flat[::2], flat[1::2], strict=True)]


def _length(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _text(part: bytes) -> str:
    return part.decode(errors="replace")
