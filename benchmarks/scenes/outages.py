"""A hit while Redis is away, and while Calendly fails, beside the same hit in good health.

Three kinds of services: in health; with a Redis for the cache that is killed once all has been asked for; and with a
Calendly that answers 500 from then on, and free times that are older than they should be by then, so that there is
something to ask. There are several of each, for two processes that are alike may differ by a tenth for as long as they
live. Their answers differ in the instant they were read at, so that only failures count as wrong.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from benchmarks.asking import checked_answers, plain_answers
from benchmarks.browser import get
from benchmarks.contest import Contender, contest, measured
from benchmarks.cores import OTHERS, started_on
from benchmarks.effort import Effort
from benchmarks.figures import figure, ratios
from benchmarks.findings import Findings, costs_of, told
from benchmarks.keys import Question, questions, zipf
from benchmarks.load import Requests, drive
from benchmarks.stage import Server, Stage, first_date, staged
from tests.support.redis import running_redis

EVENT_TYPES = ("intro", "consultation")
KEYS = 200
PROCESSES = 3
"""Of each kind."""

FRESH = 30.0
"""Seconds, where Calendly is to be asked again: enough to start all, and to ask for all keys, before."""

FOR_EVER = 1_000_000


def run_outages(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(*EVENT_TYPES)
    asked = questions(KEYS, EVENT_TYPES, first_date())
    requests = Requests([get(question.path) for question in asked])
    with ExitStack() as stack:
        servers = {
            "in health": _started(stack, asked, stage.service),
            "Redis away": _without_redis(stage, stack, asked),
            "Calendly fails": _without_calendly(stage, stack, asked),
        }
        anew = [_made_anew(each, requests) for each in servers["Calendly fails"]]
        contenders = [Contender(name, ones, requests) for name, ones in servers.items()]
        contest(contenders, partial(zipf, KEYS), effort)
    healthy, no_redis, no_calendly = contenders
    findings = Findings(costs=costs_of("outage", contenders))
    findings.notes.append(
        f"outage: while Calendly fails, an answer is made anew every two minutes; that takes"
        f" {figure(anew).median:.1f} ms CPU, and is in no row"
    )
    for name, each in {"outage.redis": no_redis, "outage.calendly": no_calendly}.items():
        findings.figures[name] = ratios(healthy.costs, each.costs)
        findings.figures[f"{name}.wrong"] = figure([float(each.wrong.total())])
        if each.wrong:
            findings.problems[name] = told(each.wrong)
    return findings


def _made_anew(server: Server, requests: Requests) -> float:
    """CPU milliseconds for each answer, once those that were ready are too old."""
    load = partial(drive, [server.port], requests, range(len(requests.sent)))
    return measured(server, load).cost / 1000


def _without_redis(stage: Stage, stack: ExitStack, asked: list[Question]) -> list[Server]:
    folder = stage.folder / "cache"
    folder.mkdir()
    with started_on(OTHERS):
        cache = stack.enter_context(running_redis(folder))
    servers = _started(stack, asked, partial(stage.service, BFF_REDIS_URL=cache.url()))
    cache.kill()
    return servers


def _without_calendly(stage: Stage, stack: ExitStack, asked: list[Question]) -> list[Server]:
    folder = stage.folder / "failing"
    folder.mkdir()
    failing = stack.enter_context(staged(folder))
    failing.furnish(*EVENT_TYPES)
    servers = _started(stack, asked, partial(failing.service, BFF_AVAILABILITY_FRESH=str(FRESH)))
    failing.control("POST", "/faults", {"times": FOR_EVER, "fault": {"kind": "status", "status": 500}})
    time.sleep(FRESH)
    for each in servers:
        assert b'"state":"stale"' in plain_answers(each, asked[:1])[0], "Calendly was not asked again"
    return servers


def _started(
    stack: ExitStack, asked: list[Question], start: Callable[[], AbstractContextManager[Server]]
) -> list[Server]:
    """Each of which has answered everything."""
    servers = [stack.enter_context(start()) for _ in range(PROCESSES)]
    for each in servers:
        checked_answers(each, asked)
    return servers
