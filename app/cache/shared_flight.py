"""One load for all replicas that ask for it meanwhile: what `SingleFlight` is within a process."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from redis.asyncio import Redis

from app.cache.leases import LEASE, LOOK_AGAIN, SIGN_OF_LIFE
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.errors import (
    AppError,
    InternalError,
    UpstreamFailedError,
    UpstreamRefusedUsError,
    UpstreamTimeoutError,
)
from app.store.script import RECORDS, Script

T = TypeVar("T")

REMEMBERED = timedelta(seconds=10)
"""For which it can be seen what came of it, unless another begins. Whoever waits looks far more often."""

MILLISECOND = timedelta(milliseconds=1)

DONE = "done"
"""What came of it: something was brought. A failure is told by its code."""

LEFT = ""
"""Nothing came of it, for its holder was ended: another begins in its place."""

_TOLD = {each.code: each for each in (UpstreamFailedError, UpstreamRefusedUsError, UpstreamTimeoutError)}
"""Failures that say something of Calendly, or of the access that all processes share. The others may be one process'
own, and the next one may do better. What is told is the code alone: a failure of a kind that says more than these do,
is raised as such only where it happened.
"""

_COMMON = (
    RECORDS
    + """
local claim, token, lease = sound('string', prefix .. 'flight:' .. ARGV[2]), ARGV[3], tonumber(ARGV[4])
local standing = redis.call('GET', claim)
"""
)

_CLAIM = Script(
    _COMMON
    + """
local left = redis.call('PTTL', claim)
local holder, outcome = string.match(standing or '', '^(%x+) ?([%l_]*)$')
local is_held = holder and outcome == '' and left >= 0 and left <= lease
local has_ended = holder and outcome ~= '' and holder == ARGV[5]
if is_held or has_ended then return {holder, outcome} end
redis.call('SET', claim, token, 'PX', lease)
return {token, ''}
"""
)
"""Whose it is, and what came of it where that is the one who was waited for. What lasts for longer than a lease is no
claim of ours.
"""

_EXTEND = Script(_COMMON + "if standing == token then redis.call('PEXPIRE', claim, lease) end")

_END = Script(
    _COMMON
    + """
if standing ~= token then return end
if ARGV[5] == '' then redis.call('DEL', claim)
else redis.call('SET', claim, token .. ' ' .. ARGV[5], 'PX', ARGV[6]) end
"""
)
"""Unless it was over, and is somebody else's by now. Where there is nothing to tell, whoever looks next may have it."""

_DROP = Script("redis.call('DEL', ARGV[2]) return 1")


@dataclass(frozen=True, slots=True)
class _Claim:
    """Nobody has it where Redis does not say."""

    holder: str = ""
    outcome: str = ""

    def is_with_others(self, token: str) -> bool:
        return bool(self.holder) and self.holder != token and not self.outcome


class SharedFlight:
    """`patience`: for what somebody else loads; no longer than a load of one's own may take.

    While Redis is away, everybody loads for himself.
    """

    def __init__(self, redis: Redis, reach: Reach, *, account: str, name: str, patience: timedelta) -> None:
        self._steps = Steps(redis, reach, account)
        self._name = name
        self._patience = patience.total_seconds()

    async def run(self, look: Callable[[], Awaitable[T | None]], load: Callable[[], Awaitable[T]]) -> T:
        """`look`: at what others may have brought since it was asked for; `load` leaves it where they look.

        Whoever has waited makes one try of his own at most, and none where Calendly has failed or refused the other.
        Where the other was ended, one of those who wait takes its place. Raises `UpstreamTimeoutError` where that took
        too long.
        """
        token, latest = secrets.token_hex(8), monotonic() + self._patience
        claim = await self._claimed(token)
        while claim.is_with_others(token):
            if monotonic() > latest:
                raise UpstreamTimeoutError
            await asyncio.sleep(LOOK_AGAIN)
            claim = await self._claimed(token, claim.holder)
        if claim.holder == token:
            return await self._under(token, look, load)
        found = await look()
        if found is None and claim.outcome in _TOLD:
            raise _TOLD[claim.outcome]
        return await load() if found is None else found

    async def drop(self, key: str) -> bool:
        """What a load has left where others look, under a name of this account. False where Redis does not say so."""
        return await self._steps.run(_DROP, key) is not None

    async def _under(
        self, token: str, look: Callable[[], Awaitable[T | None]], load: Callable[[], Awaitable[T]]
    ) -> T:
        outcome, ended = LEFT, asyncio.Event()
        living = asyncio.create_task(self._show_life(token, ended))
        try:
            # Somebody may have ended just before it became ours.
            found = await look()
            if found is None:
                found = await load()
            outcome = DONE
        except AppError as error:
            outcome = error.code
            raise
        except Exception:
            # It would go wrong for the next one as well: not one after the other, while all wait.
            outcome = InternalError.code
            raise
        finally:
            ended.set()
            living.cancel()
            await self._run(_END, token, outcome, REMEMBERED // MILLISECOND)
        return found

    async def _show_life(self, token: str, ended: asyncio.Event) -> None:
        # Cancelled as well, but the Redis library may swallow a cancellation that comes as a reply does.
        while not ended.is_set():
            await asyncio.sleep(SIGN_OF_LIFE)
            await self._run(_EXTEND, token)

    async def _claimed(self, token: str, awaited: str = "") -> _Claim:
        found = await self._run(_CLAIM, token, awaited)
        return _Claim(*(each.decode() for each in found)) if found else _Claim()

    async def _run(self, script: Script, token: str, *args: str | int) -> list[bytes] | None:
        reply: list[bytes] | None = await self._steps.run(
            script, self._name, token, LEASE // MILLISECOND, *args
        )
        return reply
