"""A hit while Redis is away, and while Calendly fails, beside the same hit in good health.

Three services: one in health; one whose Redis for the cache is killed once all has been
asked for; and one whose Calendly answers 500 from then on, and whose free times are older
than they should be by then, so that there is something to ask. Their answers differ
in the instant they were read at, so that only failures count as wrong.
"""

import time
from contextlib import ExitStack
from functools import partial

from benchmarks.asking import checked_answers, plain_answers
from benchmarks.browser import get
from benchmarks.contest import Contender, contest
from benchmarks.cores import OTHERS, started_on
from benchmarks.effort import Effort
from benchmarks.figures import figure, ratios
from benchmarks.findings import Findings, costs_of, told
from benchmarks.keys import Question, questions, zipf
from benchmarks.load import Requests
from benchmarks.stage import Server, Stage, first_date, staged
from tests.support.redis import running_redis

EVENT_TYPES = ("intro", "consultation")
KEYS = 200
FRESH = 20.0
"""Seconds, where Calendly is to be asked again: enough to ask for all keys before."""

FOR_EVER = 1_000_000


def run_outages(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(*EVENT_TYPES)
    asked = questions(KEYS, EVENT_TYPES, first_date())
    requests = Requests([get(question.path) for question in asked])
    with ExitStack() as stack:
        servers = {
            "in health": _healthy(stage, stack, asked),
            "Redis away": _without_redis(stage, stack, asked),
            "Calendly fails": _without_calendly(stage, stack, asked),
        }
        contenders = [Contender(name, server, requests) for name, server in servers.items()]
        contest(contenders, partial(zipf, KEYS), effort)
    healthy, no_redis, no_calendly = contenders
    findings = Findings(costs=costs_of("outage", contenders))
    for name, each in {"outage.redis": no_redis, "outage.calendly": no_calendly}.items():
        findings.figures[name] = ratios(healthy.costs, each.costs)
        findings.figures[f"{name}.wrong"] = figure([float(each.wrong.total())])
        if each.wrong:
            findings.problems[name] = told(each.wrong)
    return findings


def _healthy(stage: Stage, stack: ExitStack, asked: list[Question]) -> Server:
    server = stack.enter_context(stage.service())
    checked_answers(server, asked)
    return server


def _without_redis(stage: Stage, stack: ExitStack, asked: list[Question]) -> Server:
    folder = stage.folder / "cache"
    folder.mkdir()
    with started_on(OTHERS):
        cache = stack.enter_context(running_redis(folder))
    server = stack.enter_context(stage.service(BFF_REDIS_URL=cache.url()))
    checked_answers(server, asked)
    cache.kill()
    return server


def _without_calendly(stage: Stage, stack: ExitStack, asked: list[Question]) -> Server:
    folder = stage.folder / "failing"
    folder.mkdir()
    failing = stack.enter_context(staged(folder))
    failing.furnish(*EVENT_TYPES)
    server = stack.enter_context(failing.service(BFF_AVAILABILITY_FRESH=str(FRESH)))
    checked_answers(server, asked)
    failing.control("POST", "/faults", {"times": FOR_EVER, "fault": {"kind": "status", "status": 500}})
    time.sleep(FRESH)
    assert b'"state":"stale"' in plain_answers(server, asked[:1])[0], "Calendly was not asked again"
    return server
