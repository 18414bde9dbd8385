"""1,000 visitors at once for free times that nobody has asked for yet, over four processes."""

import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta

import httpx

from benchmarks.asking import answers
from benchmarks.browser import get
from benchmarks.effort import Effort
from benchmarks.figures import figure
from benchmarks.findings import Findings, told
from benchmarks.keys import PREFIX
from benchmarks.load import Manner, Requests, drive
from benchmarks.stage import Json, Stage, first_date
from tests.support.simulation import ADA

VISITORS = 1000
PROCESSES = 4
LATENCY = 120
"""Milliseconds."""

TIMES = "/event_type_available_times"
SLUGS = tuple(f"cold-{number}" for number in range(8))
"""One for each trial: what has been asked for is cold no longer."""


def run_cold(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(*SLUGS)
    findings = Findings()
    calls, slowest, wrong = [], [], Counter[str]()
    with ExitStack() as stack:
        replicas = stage.replicas(stack, PROCESSES)
        for replica in replicas:
            # The event types are known everywhere, and the code is warm.
            answers(replica, [get(_month("intro-call"))] * 8)
        stage.control("PATCH", "/settings", {"latencyMs": LATENCY})
        alone = _upstream_seconds(stage)
        for slug in SLUGS[: effort.rounds]:
            stage.control("DELETE", "/calls")
            request = Requests([get(_month(slug))])
            ports = [replica.port for replica in replicas]
            outcome = drive(ports, request, [0] * VISITORS, Manner(connections=VISITORS))
            wrong += outcome.wrong
            calls.append(float(len(stage.calls(TIMES))))
            slowest.append(max(outcome.latencies) / alone)
    findings.figures = {"cold.calls": figure(calls), "cold.slowest": figure(slowest)}
    if wrong:
        findings.problems = dict.fromkeys(findings.figures, told(wrong))
    findings.notes.append(f"cold: one such call takes the simulator {alone * 1000:.0f} ms")
    return findings


def _month(slug: str) -> str:
    """31 dates, which is what one call may span."""
    first = first_date()
    return f"{PREFIX}/{slug}/availability?from={first}&to={first + timedelta(days=30)}&timeZone=UTC"


def _upstream_seconds(stage: Stage) -> float:
    """What the same call takes by itself."""
    first = first_date()
    params = {
        "event_type": f"{stage.calendly}/event_types/{stage.event_type_ids()[SLUGS[-1]]}",
        "start_time": f"{first}T00:00:00Z",
        "end_time": f"{first + timedelta(days=31)}T00:00:00Z",
    }
    seconds = []
    with httpx.Client(base_url=stage.calendly, headers={"Authorization": f"Bearer {ADA}"}) as client:
        for _ in range(5):
            begun = time.perf_counter()
            items: Json = client.get(TIMES, params=params).raise_for_status().json()
            seconds.append(time.perf_counter() - begun)
            assert items["collection"]
    return figure(seconds).median
