"""Keeps intents in the state store. Every method raises `StoreAwayError` when the store does not do its part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
import structlog

from app.intents import names, scripts
from app.intents.machine import Happened, State, transitions
from app.intents.model import KEPT, SCHEMA, Matter, NewIntent, Result, Standing
from app.sealing import Sealer
from app.store.script import Script
from app.store.state import StateStore

T = TypeVar("T")
Reply = Any
"""Of a script: what Redis has for Lua's values."""

NONE = timedelta(0)

TRUSTED = timedelta(minutes=2)
"""For which our own word that a person is booked stands without a look at Calendly."""

AT_ONCE = 100
"""Of one slot; more than can wait for it, unless it has hundreds of seats."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opened:
    """It is ours to carry out. `fence` counts its holders."""

    id: str
    fence: int


@dataclass(frozen=True, slots=True)
class Known:
    """Another try is or was at it. `owner`: it was made with this very key."""

    id: str
    owner: bool


@dataclass(frozen=True, slots=True)
class Reused:
    """The key belongs to another body."""


@dataclass(frozen=True, slots=True)
class Natural:
    """Whose body has this fingerprint."""

    id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """The store has lost its data since these names were made, or a moment ago: then there is a time to `wait`."""

    wait: timedelta = NONE


@dataclass(frozen=True, slots=True)
class Held:
    """Others of ours have every seat of the slot, or this person is already on the way to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to an intent. `fence`: only for whoever holds that number.

    `due_in`: when somebody else is to look after it; None where it is final.
    `booked_at`: when the slot's seat was taken, by the clock that slots are read by.
    """

    happened: Happened
    moves: bool = False
    fence: int | None = None
    due_in: timedelta | None = None
    result: Result | None = None
    booked_at: datetime | None = None
    overdue: bool = False
    """Only where nobody has it by now."""


Answer = Opened | Known | Reused | Renamed | Held


class _SealedElsewhereError(Exception):
    """With a key that this process does not have."""


class Ledger:
    def __init__(self, state: StateStore, sealer: Sealer) -> None:
        self._state = state
        self._sealer = sealer

    async def open(self, new: NewIntent, lease: timedelta, pause: timedelta = NONE) -> Answer:
        """Write it down, in one step with every reason not to; one is that everything was lost within the `pause`."""
        answer = await self._run(
            scripts.OPEN,
            new.id,
            new.key,
            new.natural,
            new.slot,
            new.fingerprint,
            new.seats,
            _milliseconds(new.as_of),
            _length(lease),
            _length(KEPT),
            _length(TRUSTED),
            SCHEMA,
            self._seal(new.matter),
            new.generation,
            _length(pause),
        )
        match [_text(part) for part in answer]:
            case ["opened", id_, fence]:
                return Opened(id_, int(fence))
            case ["known", id_, owner]:
                return Known(id_, owner == "1")
            case ["reused"]:
                return Reused()
            case ["renamed", wait]:
                return Renamed(timedelta(milliseconds=int(wait)))
        return Held()

    async def find(self, key: str, fingerprint: str) -> Known | Reused | None:
        """Whether the key has been used. Changes nothing."""
        known = _fields(await self._run(scripts.FIND, key))
        if not known:
            return None
        if known.get("fingerprint") != fingerprint.encode():
            return Reused()
        return Known(known.get("intent", b"").decode(errors="replace"), known.get("owner") == b"1")

    async def load(self, id_: str) -> Standing | None:
        """None where there is no such intent, or none that can be read. What is corrupt is deleted."""
        now, flat = await self._run(scripts.LOAD, id_)
        fields = _fields(flat)
        if not fields:
            return None
        try:
            return self._standing(id_, int(now), fields)
        except _SealedElsewhereError:
            # A replica that has the key goes on with it.
            log.warning("intents.sealed_with_unknown_key", intent=id_)
            return None
        except (KeyError, ValueError, msgspec.MsgspecError):
            # A look at Calendly guards what it guarded. What a newer version wrote is left to that.
            log.exception("intents.unreadable", intent=id_)
            await self._run(scripts.DISCARD, id_, SCHEMA)
            return None

    async def advance(self, id_: str, event: Event) -> bool:
        """Tell what happened. False where the intent is not, or no longer, in a state to which that can happen."""
        following = transitions(event.happened, moves=event.moves)
        answer = await self._run(
            scripts.ADVANCE,
            id_,
            ",".join(f"{state}={then}" for state, then in following.items()),
            "" if event.fence is None else event.fence,
            "" if event.due_in is None else _length(event.due_in),
            _length(KEPT),
            "" if event.booked_at is None else _milliseconds(event.booked_at),
            int(event.overdue),
            *(() if event.result is None else ("result", self._seal(event.result))),
        )
        return _text(answer[0]) == "done"

    async def postpone(
        self, id_: str, state: State, *, due_in: timedelta, looks: int = 0, absences: int = 0
    ) -> None:
        """It was looked after, and nothing has changed."""
        await self._run(
            scripts.ADVANCE,
            id_,
            f"{state}={state}",
            "",
            _length(due_in),
            _length(KEPT),
            "",
            0,
            "looks",
            looks,
            "absences",
            absences,
        )

    async def find_natural(self, natural: str) -> Natural | None:
        """The intent of this person and slot."""
        found = await self._run(scripts.FIND_NATURAL, natural)
        return Natural(*map(_text, found)) if found else None

    async def release(self, id_: str, key: str = "") -> None:
        """Its booking was canceled: person and slot may be booked again, also with a key that had joined it."""
        await self._run(scripts.RELEASE, id_, key)

    async def count_cancel(self, id_: str, tries: int) -> int:
        """So many more tries to cancel a booking: how many there were, these included."""
        return int(await self._run(scripts.COUNT_CANCEL, id_, tries, _length(KEPT)))

    async def claim_due(self, limit: int, hold: timedelta) -> list[str]:
        """Ids of intents that nobody looks after; for `hold`, no other caller gets them."""
        return [_text(id_) for id_ in await self._run(scripts.CLAIM_DUE, limit, _length(hold))]

    async def hurry(self, slot: str) -> int:
        """Those who do not know what became of their booking of this slot are to look now: how many there were."""
        return int(await self._run(scripts.HURRY, slot, AT_ONCE))

    async def is_underway(self, natural: str, slot: str) -> bool:
        """Whether an intent of this person, or one of this slot, was sent and is not final."""
        return bool(await self._run(scripts.UNDERWAY, natural, slot, AT_ONCE))

    async def keep_answer(self, id_: str, answer: str) -> str:
        """The answer that was kept first: this one, or somebody else's before."""
        kept = await self._run(scripts.KEEP_ANSWER, id_, self._sealer.seal(answer.encode()))
        return (self._sealer.open(_text(kept)) or answer.encode()).decode()

    async def unsettled(self) -> tuple[int, int]:
        """How many intents are not final, and how many of them nobody has looked after in time."""
        total, overdue = await self._run(scripts.UNSETTLED)
        return int(total), int(overdue)

    async def discarded(self) -> int:
        """How many records had to be deleted because nobody could read them, up to a month after the last one."""
        return int(await self._run(scripts.DISCARDED))

    async def _run(self, script: Script, *args: str | float) -> Reply:
        reply: Reply = await self._state.run(script, [names.DUE], [names.PREFIX, *args])
        return reply

    def _seal(self, value: msgspec.Struct) -> str:
        return self._sealer.seal(msgspec.json.encode(value))

    def _opened(self, sealed: bytes, shape: type[T]) -> T:
        plain = self._sealer.open(sealed.decode())
        if plain is None:
            raise _SealedElsewhereError
        return msgspec.json.decode(plain, type=shape)

    def _standing(self, id_: str, now: int, fields: dict[str, bytes]) -> Standing:
        result, answer = fields.get("result"), fields.get("answer")
        kept = self._sealer.open(answer.decode()) if answer else None
        return Standing(
            id=id_,
            state=State(fields["state"].decode()),
            fence=int(fields["fence"]),
            age=(now - int(fields["since"])) / 1000,
            absences=int(fields.get("absences", 0)),
            looks=int(fields.get("looks", 0)),
            overdue=now > int(fields["lease"]),
            matter=self._opened(fields["matter"], Matter),
            result=self._opened(result, Result) if result else None,
            answer=kept.decode() if kept else None,
        )


def _fields(flat: Sequence[bytes]) -> dict[str, bytes]:
    return {_text(name): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _length(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _text(part: bytes | str | int) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else str(part)
