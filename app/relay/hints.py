"""What may be to be told: written down before it is certain, so that no crash comes between a fact and its notice.

Every method raises `StoreAwayError` when the store does not do its part.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import structlog

from app.relay import hint_scripts, names
from app.sealing import Sealer
from app.store.script import Script
from app.store.state import Reply, StateStore

KEPT = timedelta(days=7)
"""For which it is tried to find out."""

AT_ONCE = 4
"""Hints that a process looks into at a time: the calls they cost are those of the visitors."""

NONE = timedelta(0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hint:
    """`id` is that of the notice it may lead to; what it is `about`, JSON, only whoever wrote it down knows.

    Not `certain`: it was about to happen, and nobody has said that it did.
    `tries` counts from 1, this one included; `age` is since it was first written down.
    """

    id: str
    account: str
    about: str
    certain: bool
    tries: int = 0
    age: timedelta = NONE


Expect = Callable[[Hint, timedelta], Awaitable[None]]
"""Writes a hint down, due after so long. Raises `StoreAwayError`."""


class _Sealed(msgspec.Struct, frozen=True):
    id: str
    account: str
    about: str


class Hints:
    def __init__(
        self,
        state: StateStore,
        sealer: Sealer,
        *,
        first: timedelta = timedelta(seconds=15),
        longest: timedelta = timedelta(minutes=5),
    ) -> None:
        """`first`: for which whoever claims one has it; each time that nothing comes of it, twice as long, to the
        `longest`.
        """
        self._state = state
        self._sealer = sealer
        self._first = first
        self._longest = longest

    async def expect(self, hint: Hint, due_in: timedelta = NONE) -> bool:
        """False where it was told already, or is certain by now."""
        sealed = self._sealer.seal(msgspec.json.encode(_Sealed(hint.id, hint.account, hint.about)))
        return bool(
            await self._run(
                hint_scripts.EXPECT,
                hint.id,
                names.account(hint.account),
                sealed,
                int(hint.certain),
                _length(due_in),
                _length(KEPT),
            )
        )

    async def claim(self, account: str) -> list[Hint]:
        """Those of this account that are due, and that nobody else looks into."""
        found = await self._run(
            hint_scripts.CLAIM, names.account(account), AT_ONCE, _length(self._first), _length(self._longest)
        )
        hints = (self._hint(account, each) for each in found)
        return [hint for hint in hints if hint is not None]

    async def stands(self, hint: Hint) -> bool:
        """False where it is done with by now, or certain, which it was not when it was claimed."""
        return bool(await self._run(hint_scripts.STANDS, hint.id, int(hint.certain)))

    async def forget(self, hint: Hint) -> None:
        """There is nothing to tell."""
        await self._run(hint_scripts.FORGET, names.account(hint.account), hint.id)

    def _hint(self, account: str, claimed: Sequence[bytes | int]) -> Hint | None:
        id_, sealed, certain, tries, age = map(_text, claimed)
        plain = self._sealer.open(sealed)
        try:
            said = None if plain is None else msgspec.json.decode(plain, type=_Sealed)
        except msgspec.MsgspecError:
            said = None
        if said is None or (said.id, said.account) != (id_, account):
            # A replica that has the key will look into it.
            log.warning("relay.hint_unreadable", notice=id_)
            return None
        past = timedelta(milliseconds=int(age))
        return Hint(said.id, account, said.about, certain == "1", int(tries), past)

    async def _run(self, script: Script, *args: str | float) -> Reply:
        return await self._state.run(script, [names.WAITING], [names.PREFIX, *args])


def _length(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _text(part: bytes | str | int) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else str(part)
