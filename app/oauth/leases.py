"""Who may renew the tokens of an account: one at a time, over all replicas. Raises `StoreAwayError` like the store."""

from dataclasses import dataclass
from datetime import timedelta

from app.oauth import names, scripts
from app.oauth.grants import MINUTE
from app.store.script import Script
from app.store.state import Reply, StateStore

MOST_CALLS = 8
"""Tokens that Calendly issues to a user in a minute."""


@dataclass(frozen=True, slots=True)
class Begun:
    """It is ours to renew, and the store knows that the refresh token may be spent from now on.

    `fence` counts those who began. `unfinished`: somebody had begun with this very generation, and it is not known what
    came of it. `failures`: of those before us, in a row.
    """

    fence: int
    unfinished: bool
    failures: int


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else is at it."""


@dataclass(frozen=True, slots=True)
class Resting:
    """Nobody begins for so long: it was done or has failed a moment ago, or the calls of this minute are spent."""

    wait: timedelta


@dataclass(frozen=True, slots=True)
class Changed:
    """The account has no such generation any more, or it is dead."""


Step = Begun | Held | Resting | Changed


class Leases:
    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def begin(self, account: str, generation: int, lease: timedelta) -> Step:
        answer, *said = await self._run(
            scripts.BEGIN, account, generation, _length(lease), MOST_CALLS, _length(MINUTE)
        )
        match answer, said:
            case b"begun", [fence, unfinished, failures]:
                return Begun(fence, bool(unfinished), failures)
            case b"held", _:
                return Held()
            case b"rest", [wait]:
                return Resting(timedelta(milliseconds=wait))
        return Changed()

    async def release(
        self, account: str, generation: int, fence: int, rest: timedelta, *, is_unspent: bool
    ) -> None:
        """It came to nothing. `is_unspent`: the refresh token is surely as good as before."""
        await self._run(scripts.RELEASE, account, generation, fence, _length(rest), int(is_unspent))

    async def _run(self, script: Script, account: str, *args: int) -> Reply:
        reply: Reply = await self._state.run(script, names.keys_of(account), [account, *args])
        return reply


def _length(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)
