"""Calendly's calls for 1,000 viewers, as few event types are popular and they live in four zones.

Counted from the moment at which the first lifetime is over: before, each key is
read once because nobody knows it. A key is an event type's days; what all of
them need, if nothing is ever read in vain, is one call a lifetime for each
that is asked for.
"""

import random
import time
from itertools import accumulate

from benchmarks.browser import get
from benchmarks.cores import OTHERS
from benchmarks.effort import Effort
from benchmarks.figures import figure
from benchmarks.findings import Findings
from benchmarks.keys import Question
from benchmarks.stage import Stage, first_date
from benchmarks.visitor import Visitor

VIEWERS = 1000
KINDS = tuple(f"kind-{number}" for number in range(8))
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
LIFETIME = 1.0
"""Seconds: the least that the service may be told."""

TIMES = "/event_type_available_times"
OK, TOO_MANY = 200, 429


def run_viewers(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(*KINDS)
    seconds = effort.minutes * 60
    weights = list(accumulate(1 / rank for rank in range(1, len(KINDS) + 1)))
    chance = random.Random("viewers")
    failed = 0
    with (
        stage.service(cores=OTHERS, BFF_AVAILABILITY_FRESH=str(LIFETIME)) as server,
        Visitor(server.port) as visitor,
    ):
        begun = time.monotonic()
        counted = False
        for number in range(VIEWERS):
            due = begun + number * seconds / VIEWERS
            time.sleep(max(0.0, due - time.monotonic()))
            if not counted and time.monotonic() - begun > LIFETIME:
                stage.control("DELETE", "/calls")
                counted, since = True, time.monotonic()
            kind = chance.choices(KINDS, cum_weights=weights)[0]
            question = Question(kind, first_date(), chance.choice(ZONES))
            failed += visitor.ask(get(question.path)).answer.status != OK
        passed = time.monotonic() - since
        calls = stage.calls(TIMES)
    needed = len({call["query"]["event_type"] for call in calls}) * passed / LIFETIME
    refused = sum(call["status"] == TOO_MANY for call in calls)
    findings = Findings(
        figures={"viewers.calls": figure([len(calls) / needed]), "viewers.refused": figure([float(refused)])},
        notes=[
            f"viewers: {len(calls)} calls in {passed:.0f} s, {needed:.0f} would be one a lifetime and key"
        ],
    )
    if failed:
        findings.problems["viewers.calls"] = f"{failed} failures"
    return findings
