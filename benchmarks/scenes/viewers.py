"""Calendly's calls for 1,000 viewers, as few event types are popular and they live in four zones.

Counted from the moment at which the first lifetime is over: before, each key is
read once because nobody knows it. A key is an event type's days; what all of
them need, if nothing is ever read in vain, is one call a lifetime for each
that is asked for.

Then the same viewers come to an account on the free plan, which may make fewer
calls than they would like: those that Calendly refused are counted from the first on.
"""

import random
import time
from dataclasses import dataclass
from itertools import accumulate

from benchmarks.browser import get
from benchmarks.cores import OTHERS
from benchmarks.effort import Effort
from benchmarks.figures import figure
from benchmarks.findings import Findings
from benchmarks.keys import Question
from benchmarks.stage import Json, Stage, first_date
from benchmarks.visitor import Visitor

VIEWERS = 1000
KINDS = tuple(f"kind-{number}" for number in range(8))
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
LIFETIME = 1.0
"""Seconds: the least that the service may be told."""

TIMES = "/event_type_available_times"
OK, TOO_MANY = 200, 429

FEW = 50
"""Calls that the free plan allows in a minute, of whatever kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`calls`: all that Calendly was asked, `later`: those after the first lifetime, in so many `seconds`. `failed`:
    viewers who were answered anything but free times.
    """

    calls: list[Json]
    later: list[Json]
    seconds: float
    failed: int


def run_viewers(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(*KINDS)
    wanted = _watched(stage, effort, tier="enterprise")
    calls = [call for call in wanted.later if call["path"] == TIMES]
    needed = len({call["query"]["event_type"] for call in calls}) * wanted.seconds / LIFETIME
    stage.furnish(*KINDS)
    stage.control("PATCH", "/settings", {"tier": "free"})
    allowed = _watched(stage, effort, tier="auto")
    refused = sum(call["status"] == TOO_MANY for call in allowed.calls)
    return Findings(
        figures={"viewers.calls": figure([len(calls) / needed]), "viewers.refused": figure([float(refused)])},
        notes=[
            f"viewers: {len(calls)} calls in {wanted.seconds:.0f} s, {needed:.0f} would be one a lifetime and key",
            f"viewers: on the free plan {len(allowed.calls)} calls in all, which may make {FEW} a minute",
        ],
        problems=_problems(wanted, allowed),
    )


def _problems(wanted: Seen, allowed: Seen) -> dict[str, str]:
    """What makes a figure worth nothing."""
    found = {}
    if wanted.failed:
        found["viewers.calls"] = f"{wanted.failed} failures"
    if len(wanted.calls) <= FEW:
        found["viewers.refused"] = f"no more than {FEW} calls were wanted"
    if allowed.failed:
        found["viewers.refused"] = f"{allowed.failed} failures"
    return found


def _watched(stage: Stage, effort: Effort, *, tier: str) -> Seen:
    """The viewers come, and go. `tier`: the plan that the service is told."""
    seconds = effort.minutes * 60
    chance = random.Random("viewers")
    known, since, failed = 0, 0.0, 0
    with (
        stage.service(cores=OTHERS, BFF_AVAILABILITY_FRESH=str(LIFETIME), CALENDLY_TIER=tier) as server,
        Visitor(server.port) as visitor,
    ):
        begun = time.monotonic()
        for number in range(VIEWERS):
            due = begun + number * seconds / VIEWERS
            time.sleep(max(0.0, due - time.monotonic()))
            if not since and time.monotonic() - begun > LIFETIME:
                known, since = len(_calls(stage)), time.monotonic()
            failed += visitor.ask(get(_question(chance).path)).answer.status != OK
        passed, calls = time.monotonic() - since, _calls(stage)
    return Seen(calls=calls, later=calls[known:], seconds=passed, failed=failed)


def _question(chance: random.Random) -> Question:
    weights = list(accumulate(1 / rank for rank in range(1, len(KINDS) + 1)))
    kind = chance.choices(KINDS, cum_weights=weights)[0]
    return Question(kind, first_date(), chance.choice(ZONES))


def _calls(stage: Stage) -> list[Json]:
    """What Calendly was asked since it was furnished."""
    items: list[Json] = stage.control("GET", "/calls")["items"]
    return items
