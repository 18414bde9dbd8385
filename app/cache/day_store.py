"""Days in Redis, for all replicas of one account: what was read, who is reading, and what is no longer true."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import structlog
from redis.asyncio import Redis

from app.background import whatever_goes_wrong
from app.cache import keys, scripts
from app.cache.clocks import latest
from app.cache.heard import Heard
from app.cache.reach import Reach
from app.cache.steps import Steps, Word
from app.store.script import Script

Kept: TypeAlias = tuple[datetime, bytes]
"""When it was read, and what."""

DIGITS = 16
MOST = 2**53 - 1
"""To which a generation can count."""

TOLD_EVERY = 0.3
"""Seconds between two tries to tell what could not be told."""

GONE = "gone:"
FAILED = "failed "
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Untrue:
    """Days of all event types of the account that are no longer true, or one event type that is `gone`.

    `generation` counts such news; whoever has not heard of the one `before` has missed some.
    """

    generation: int
    before: int
    days: frozenset[date] = frozenset()
    gone: str = ""

    @classmethod
    def parsed(cls, message: bytes) -> "Untrue":
        """Raises `ValueError` for what is none."""
        generation, before, spelt = message.decode().split(" ")
        if int(generation) > MOST:
            raise ValueError("nobody has counted as far as that")
        if spelt.startswith(GONE) and spelt != GONE:
            return cls(int(generation), int(before), gone=spelt.removeprefix(GONE))
        return cls(int(generation), int(before), frozenset(map(date.fromisoformat, spelt.split(","))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What is kept of some days of one event type. `generation`: 0 where nobody knows, for Redis is away."""

    generation: int = 0
    days: Mapping[date, Kept] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Which of the days asked for are ours to read: `fence` says so when they are kept. `newer`: somebody has read them
    since. `failed`: the code of the failure of whoever was reading some of them. All others somebody is reading.
    """

    granted: frozenset[date]
    newer: frozenset[date] = frozenset()
    failed: str = ""
    fence: str = ""


class DayStore:
    """While Redis is away there is nothing on the shelf, everything may be read, and nothing is kept.

    A reading that lies ahead of the clock is as if it were not there, and gives way to any other.
    """

    def __init__(
        self,
        redis: Redis,
        reach: Reach,
        *,
        account: str,
        lifetime: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self.heard = Heard()
        self._steps = Steps(redis, reach, account)
        self._has_to_tell = asyncio.Event()
        self._making_up = asyncio.Lock()
        self._reach = reach
        self.channel = keys.news(account)
        self._lifetime = lifetime
        self._clock = clock

    async def read(self, event_type: str, days: Collection[date]) -> Shelf:
        wanted = sorted(days)
        found = await self._run(scripts.READ, event_type, *_spelt(wanted))
        if found is None:
            return Shelf()
        values = [*found[1:], *[None] * len(wanted)]
        kept = {day: _opened(value) for day, value in zip(wanted, values, strict=False)}
        believed = latest(self._clock())
        return Shelf(
            generation=int(found[0] or 0),
            days={
                day: each
                for day, each in kept.items()
                if each is not None and each[0] <= believed and self.heard.believes(day)
            },
        )

    async def generation(self) -> int:
        """A later one than before: some days have become untrue. 0 where nobody knows."""
        return int(await self._run(scripts.GENERATION) or 0)

    async def claim(
        self,
        event_type: str,
        known: Mapping[date, datetime | None],
        lease: timedelta,
        *,
        since: str = "",
    ) -> Claim:
        """`known`: the days to read, and the reading that each is to be newer than. `since`: the fence of the first
        claim of whoever has waited; what has failed from then on need not be tried again.
        """
        days, last = sorted(known), self._latest()
        # Of what Redis has wrong, nothing is newer.
        older = {day: _digits(known[day]) if self.heard.believes(day) else last for day in days}
        asked = [part for day in days for part in (day.isoformat(), older[day])]
        found = await self._run(scripts.CLAIM, event_type, _microseconds(lease), last, since, *asked)
        if found is None:
            return Claim(granted=frozenset(days))
        fence, *answers = map(_text, found)
        which = {
            answer: frozenset(day for day, each in zip(days, answers, strict=True) if each == answer)
            for answer in ("granted", "newer")
        }
        failures = [answer.removeprefix(FAILED) for answer in answers if answer.startswith(FAILED)]
        return Claim(
            granted=which["granted"],
            newer=which["newer"],
            failed=next(iter(failures), ""),
            fence=fence,
        )

    async def extend(self, event_type: str, claim: Claim, lease: timedelta) -> None:
        await self._run(scripts.EXTEND, event_type, claim.fence, _microseconds(lease), *_spelt(claim.granted))

    async def keep(self, event_type: str, claim: Claim, days: Mapping[date, Kept]) -> frozenset[date]:
        """Those of the days that became untrue while they were read: they are not kept."""
        if not claim.fence:
            return frozenset()
        values = [
            part for day, (as_of, value) in days.items() for part in (day.isoformat(), _shelved(as_of, value))
        ]
        lifetime = self._lifetime // timedelta(milliseconds=1)
        found = await self._run(scripts.KEEP, event_type, claim.fence, lifetime, self._latest(), *values)
        return frozenset(date.fromisoformat(_text(day)) for day in found or ())

    async def release(self, event_type: str, claim: Claim, why: str = "") -> None:
        """`why`: the code of the failure with which whoever waits is to fail, too."""
        if claim.fence:
            await self._run(scripts.RELEASE, event_type, claim.fence, why, *_spelt(claim.granted))

    async def discard(self, event_type: str, days: Collection[date]) -> None:
        """What is kept of them is nothing that anybody could read."""
        await self._run(scripts.DISCARD, event_type, *_spelt(days))

    async def forget(self, days: Collection[date]) -> Untrue | None:
        """Of all event types, whoever keeps some of them. Tried even while Redis is taken to be away.

        None where nobody was told: `tell` does.
        """
        self.heard.untold |= {*days}
        untold, found = frozenset(self.heard.untold), None
        spelt = _spelt(sorted(untold))
        try:
            found = await self._steps.attempt(
                scripts.FORGET, self.heard.generation, self.channel, ",".join(spelt), *spelt
            )
        finally:
            # Whoever leaves meanwhile does not take it along; and these days may have been told of another booking.
            if found is None:
                self.heard.untold |= untold
                self._has_to_tell.set()
        if found is None:
            return None
        self.heard.untold -= untold
        generation, before = map(int, found)
        return Untrue(generation, before, untold)

    def doubt(self) -> None:
        """Nothing that Redis has is to be trusted, from now on; `tell` has it begin anew."""
        self.heard.doubts += 1
        self._has_to_tell.set()

    async def make_up(self) -> None:
        """For what could not be told."""
        async with self._making_up:
            doubts = self.heard.doubts
            if doubts:
                found = await self._steps.attempt(scripts.ANEW, self.heard.generation)
                if found is not None:
                    self.heard.generation = max(self.heard.generation, int(found))
                    # What came into doubt meanwhile, still is.
                    self.heard.doubts -= doubts
            if self.heard.untold:
                await self.forget(())

    async def tell(self) -> None:
        """Until cancelled: what could not be told at once."""
        while True:
            await self._has_to_tell.wait()
            await asyncio.sleep(TOLD_EVERY)
            if not self._reach.is_away:
                with whatever_goes_wrong("cache.untold"):
                    await self.make_up()
            if self.heard.is_all_told:
                self._has_to_tell.clear()

    async def lose(self, event_type: str, days: Collection[date]) -> Untrue | None:
        """It is gone, with all that is kept of it: the days that anybody may have read. None where nobody was told."""
        found = await self._run(scripts.LOSE, event_type, self.channel, GONE + event_type, *_spelt(days))
        if not found:
            return None
        generation, before = map(int, found)
        return Untrue(generation, before, gone=event_type)

    async def _run(self, script: Script, *words: Word) -> Word:
        return await self._steps.run(script, self.heard.generation, *words)

    def _latest(self) -> str:
        return _digits(latest(self._clock()))


def _spelt(days: Collection[date]) -> Sequence[str]:
    return [day.isoformat() for day in days]


def _digits(instant: datetime | None) -> str:
    return "" if instant is None else f"{(instant - EPOCH) // timedelta(microseconds=1):0{DIGITS}}"


def _microseconds(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def _shelved(as_of: datetime, value: bytes) -> bytes:
    return _digits(as_of).encode() + value


def _opened(shelved: object) -> Kept | None:
    """None for what is not there, and for what nobody could have shelved."""
    if not isinstance(shelved, bytes) or not shelved:
        return None
    digits = shelved[:DIGITS]
    if len(digits) < DIGITS or not digits.isdigit():
        log.warning("cache.entry_unreadable")
        return None
    return EPOCH + timedelta(microseconds=int(digits)), shelved[DIGITS:]


def _text(part: bytes | str) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else part
