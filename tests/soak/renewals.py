"""Processes that are killed while they renew an account's tokens: is it lost for nothing, or asked about for ever?"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import SystemRandom
from statistics import median

from pydantic import SecretStr

from app.oauth.grant import DeadReason, Grant
from app.oauth.options import RenewalOptions
from tests.oauth.examples import accepts
from tests.soak.findings import Findings
from tests.soak.holders import QUICK, Holders, running_office
from tests.soak.token_holder import DEAD, Word
from tests.soak.waiting import Stopwatch
from tests.support.service import plan_fault

RIVALS = 2
"""Processes that need the token when another is killed."""

INSISTS = 15.0
"""Seconds for which they try: several leases."""

SLOW = {"delay": 0.05, "drip": 0.0001}
"""How Calendly takes its time: before it acts, or with the answer, byte by byte (seconds)."""

MEASURED = 5
"""Renewals of each kind that nobody disturbs, to learn how long they take."""

OVERLAP = 0.3
"""Seconds that Calendly takes, so that all who begin have begun before one is done."""

TOKEN = "^/oauth/token$"

random = SystemRandom()


@dataclass(slots=True)
class Seen:
    wrong: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    """How the account stood after a kill."""
    slowest: float = 0.0


async def run_kills(folder: Path, times: int) -> Findings:
    """`kill -9` at any moment from the writing down that it begins to the writing down of what came of it."""
    watch, seen = Stopwatch(), Seen()
    async with running_office(folder) as holders:
        lengths = {kind: await _length(holders, kind) for kind in SLOW}
        for number in range(times):
            kind = [*SLOW][number % len(SLOW)]
            await _killed(holders, kind, lengths[kind] * random.random(), seen)
    wrong = {name: seen.wrong[name] for name in WRONG}
    return Findings(
        name="kill -9 while renewing",
        trials=times,
        wrong=wrong
        | {"never alive": int(not seen.after["alive"]), "never dead": int(not seen.after["dead"])},
        told={
            **seen.after,
            "lengths (s)": {kind: round(length, 3) for kind, length in lengths.items()},
            "slowest recovery (s)": round(seen.slowest, 1),
        },
        seconds=watch.seconds,
    )


WRONG = (
    "two pairs",
    "asked again after a refusal",
    "dead though nothing was lost",
    "dead for another reason",
    "alive with a token that is refused",
    "told otherwise",
    "not mended",
)


async def _length(holders: Holders, kind: str) -> float:
    """Seconds from the beginning of a renewal to its end."""
    measured = []
    for _ in range(MEASURED):
        before = await holders.stored()
        await _slow_down(holders, kind)
        pid = await holders.start()
        await holders.begun()
        watch = Stopwatch()
        await holders.past(before.generation)
        measured.append(watch.seconds)
        await holders.said([pid])
    return median(measured)


async def _slow_down(holders: Holders, kind: str) -> None:
    await holders.expire()
    await holders.calendly.http.delete("/_simulator/faults")
    await plan_fault(holders.calendly, kind, path=TOKEN, seconds=SLOW[kind])


async def _killed(holders: Holders, kind: str, after: float, seen: Seen) -> None:
    pairs = await holders.pairs()
    await _slow_down(holders, kind)
    victim = await holders.start()
    await holders.begun()
    await asyncio.sleep(after)
    holders.kill(victim)
    watch = Stopwatch()
    await holders.bury(victim)
    words = await holders.said([await holders.start(insists=INSISTS) for _ in range(RIVALS)])
    seen.slowest = max(seen.slowest, watch.seconds)
    stored = await holders.stored()
    seen.after["dead" if stored.dead_reason else "alive"] += 1
    seen.wrong.update(await _wrong(holders, stored, words, await holders.pairs() - pairs))
    if stored.dead_reason:
        seen.wrong["not mended"] += not await _is_mended(holders)


async def _wrong(holders: Holders, stored: Grant, words: Sequence[Word], pairs: int) -> list[str]:
    """`pairs`: that Calendly issued from the beginning of the renewal that was cut short."""
    refused = (await holders.refreshes()).count(400)
    told = {answer for word in words for answer in word.told or ()}
    reason = stored.dead_reason
    is_good = await accepts(holders.calendly, SecretStr(stored.access_token))
    found = {
        "two pairs": pairs > 1,
        "asked again after a refusal": refused > 1,
        "dead though nothing was lost": reason is not None and pairs == 0,
        "dead for another reason": reason not in {None, DeadReason.REPLY_LOST},
        "alive with a token that is refused": reason is None and not is_good,
        "told otherwise": told != {f"{DEAD}{reason}" if reason else stored.access_token},
    }
    return [name for name, is_so in found.items() if is_so]


async def _is_mended(holders: Holders) -> bool:
    again = await holders.connect()
    [word] = await holders.said([await holders.start(insists=INSISTS)])
    return word.told == {again.access_token: 1}


async def run_without_leases(folder: Path, times: int) -> Findings:
    """That the trials would see harm: where nobody heeds that another is at it, one renewal costs several calls of the
    few there are in a minute. No account is lost by it all the same: whoever has the pair can store it.
    """
    watch, harm = Stopwatch(), Counter[str]()
    options = RenewalOptions(
        send_within=QUICK.send_within, rest=QUICK.rest, look_again=QUICK.look_again, leases=False
    )
    async with running_office(folder, options) as holders:
        for _ in range(times):
            pairs = await holders.pairs()
            await holders.expire()
            await plan_fault(holders.calendly, "delay", path=TOKEN, times=RIVALS + 1, seconds=OVERLAP)
            await holders.said([await holders.start(insists=1.0) for _ in range(RIVALS + 1)])
            stored = await holders.stored()
            harm["dead though nothing was lost"] += stored.dead_reason is not None
            harm["more than one call"] += len(await holders.refreshes()) > 1
            harm["more than one pair"] += await holders.pairs() - pairs > 1
            if stored.dead_reason:
                await holders.connect()
            await holders.calendly.http.delete("/_simulator/faults")
    return Findings(
        name="several renew at once, without leases",
        trials=times,
        wrong={
            "no harm seen": int(not harm["more than one call"]),
            "dead though nothing was lost": harm["dead though nothing was lost"],
        },
        told=dict(harm),
        seconds=watch.seconds,
    )
