"""Keeps notices until they are delivered. Every method raises `StoreAwayError` when the store does not do its part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import msgspec
import structlog

from app.relay import names, scripts
from app.relay.notices import Notice
from app.relay.targets import Target
from app.sealing import Sealer
from app.store.script import Script
from app.store.state import Reply, StateStore

SEEN_FOR = timedelta(days=7)
"""From when it came in, for which a repetition of a notice is none."""

MOST_WAITING = 10_000
"""Deliveries that wait, of all targets: the store is there for bookings."""

MOST_DEAD = 10_000
"""Dead letters, of all targets. Beyond it, each notice that comes in makes the oldest of them go."""

AT_A_TIME = 500
"""Dead letters that are replayed in one step: others need the store meanwhile."""

Shelf = Literal["waiting", "dead"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that is ours to try. `attempt` counts from 1; `body` is None where no key of ours opens it."""

    target: str
    id: str
    attempt: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Listed:
    """What may be shown of a delivery. `outcome`: of the last attempt."""

    id: str
    type: str
    host: str
    attempts: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Put:
    """`crowded`: how many older ones became dead letters to make room; `dropped`: how many dead letters went for it."""

    new: bool
    crowded: int = 0
    dropped: int = 0


class _Letter(msgspec.Struct, frozen=True):
    """What is sealed: a body is nobody else's, also not another notice's."""

    id: str
    body: str


class Outbox:
    def __init__(
        self, state: StateStore, sealer: Sealer, *, most: int = MOST_WAITING, most_dead: int = MOST_DEAD
    ) -> None:
        self._state = state
        self._sealer = sealer
        self._most = most
        self._most_dead = most_dead

    async def put(self, notice: Notice, body: bytes, targets: Sequence[Target]) -> Put:
        """Once for every id within seven days; whatever hinted at it is done with."""
        letter = msgspec.json.encode(_Letter(notice.id, body.decode()))
        new, crowded, dropped = await self._run(
            scripts.PUT,
            notice.id,
            notice.type,
            self._sealer.seal(letter),
            names.account(notice.account_id),
            _length(SEEN_FOR),
            self._most,
            self._most_dead,
            *(part for target in targets for part in (target.name, target.host)),
        )
        return Put(new=bool(new), crowded=int(crowded), dropped=int(dropped))

    async def claim(self, room: Mapping[str, int], lease: timedelta) -> list[Claimed]:
        """What is due, by the names of targets at most so many of each; for the lease, nobody else gets it."""
        wanted = [part for name, count in room.items() if count > 0 for part in (name, count)]
        if not wanted:
            return []
        return [self._claimed(*each) for each in await self._run(scripts.CLAIM, _length(lease), *wanted)]

    async def delivered(self, claimed: Claimed) -> bool:
        """False where that was known already."""
        return bool(await self._run(scripts.DELIVERED, claimed.target, claimed.id))

    async def failed(self, claimed: Claimed, outcome: str, wait: timedelta | None) -> bool:
        """Without a `wait` it becomes a dead letter. False where a later attempt has begun."""
        due_in = "" if wait is None else _length(wait)
        return bool(
            await self._run(scripts.FAILED, claimed.target, claimed.id, str(claimed.attempt), outcome, due_in)
        )

    async def listed(self, shelf: Shelf, limit: int) -> list[Listed]:
        """The oldest first."""
        found = await self._run(scripts.LIST, shelf, limit)
        rows = ([_text(part) for part in each] for each in found)
        return [Listed(id_, type_, host, int(attempts), said) for id_, type_, host, attempts, said in rows]

    async def replay(self, id_: str | None = None) -> int:
        """Have dead letters sent again, under the id that they had; all where none is named. How many there were."""
        replayed, before = 0, ""
        while True:
            count, before = await self._run(scripts.REPLAY, id_ or "", before, self._most, AT_A_TIME)
            replayed += int(count)
            if count < AT_A_TIME:
                return replayed

    async def counts(self) -> tuple[int, int]:
        """How many deliveries wait, and how many are dead letters."""
        waiting, dead = await self._run(scripts.COUNTS)
        return int(waiting), int(dead)

    def _claimed(self, target: bytes, id_: bytes, attempt: int, sealed: bytes) -> Claimed:
        return Claimed(_text(target), _text(id_), int(attempt), self._body(_text(id_), _text(sealed)))

    def _body(self, id_: str, sealed: str) -> bytes | None:
        plain = self._sealer.open(sealed)
        try:
            letter = None if plain is None else msgspec.json.decode(plain, type=_Letter)
        except msgspec.MsgspecError:
            letter = None
        if letter is None or letter.id != id_:
            log.warning("relay.unreadable", notice=id_)
            return None
        return letter.body.encode()

    async def _run(self, script: Script, *args: str | float | bytes) -> Reply:
        return await self._state.run(script, [names.WAITING], [names.PREFIX, *args])


def _length(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _text(part: bytes | str) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else part
