"""What Redis has and the process has not: each week is asked for once, by a process that has just started.

However the service keeps things in memory, it cannot have these: no two
questions share a day, and Redis was filled by a process that is gone. What is warm is the
code, and what a process knows of browsers: before each turn it answers the same kind of questions about
event types of their own, of every browser that will ask.
"""

import random
import sys
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path

from benchmarks.answers import parsed
from benchmarks.asking import answers, checked_answers, expecting, plain_answers
from benchmarks.browser import BROWSERS, agent, get
from benchmarks.contest import Contender, Round, in_turns, measured
from benchmarks.effort import Effort
from benchmarks.figures import figure, ratios
from benchmarks.findings import Findings, costs_of, told
from benchmarks.keys import PREFIX, Question
from benchmarks.load import Requests, drive
from benchmarks.peers import default_gc, roster
from benchmarks.stage import LAUNCHER, Server, Stage, first_date

SERVICE = "this service"
DEFAULT_GC = "this service, default gc"
KINDS = tuple(f"kind-{number}" for number in range(48))
WARM = ("warm-0", "warm-1")
WEEKS = 40
"""Disjoint ones, of each kind: 1,920 questions, so that what a new connection costs is a small part of it all."""

PORTION = 16
LONGEST = 62
"""Dates in one question."""

AGAIN = 4

WARM_UP = 20
"""Times that a peer has answered all before it is measured: what compiles itself as it runs is to have done so."""

DEFAULT_GC_LAUNCHER = (sys.executable, str(Path(default_gc.__file__)))


def run_slow_path(stage: Stage, effort: Effort) -> Findings:
    asked, warm = filled_weeks(stage)
    requests = [get(question.path) for question in asked]
    with stage.service() as first:
        raw = checked_answers(first, asked)
        plain = plain_answers(first, asked)
        # What is asked for again and again is what other processes are told of.
        for _ in range(AGAIN):
            answers(first, requests)
        answers(first, [get(question.path) for question in warm])
    with ExitStack() as stack:
        redis = stack.enter_context(roster.larder(stage.folder / "larder"))
        roster.stock(redis, asked, raw, plain)
        peer = stack.enter_context(roster.fastify(stage, "ioredis", redis, parsed(raw[0])))
        known = expecting(requests, answers(peer, requests))
        for _ in range(WARM_UP):
            drive([peer.port], known, range(len(requests)))
        fastify = Contender(roster.FASTIFY_IOREDIS, [peer], known)
        services = {name: Contender(name, [peer], expecting(requests, raw)) for name in (SERVICE, DEFAULT_GC)}
        in_turns([fastify, *services.values()], effort.rounds, partial(_turn, stage, warm))
    ours, default = services.values()
    findings = Findings(costs=costs_of("slow", [ours, default, fastify]))
    p99 = [round_.p99 * 1000 for round_ in ours.rounds]
    findings.figures = {
        "slow.ioredis": ratios(fastify.costs, ours.costs),
        "slow.p99": figure(p99),
        "slow.gc": ratios([round_.p99 * 1000 for round_ in default.rounds], p99),
    }
    if wrong := ours.wrong + default.wrong + fastify.wrong:
        findings.problems = dict.fromkeys(findings.figures, told(wrong))
    return findings


def filled_weeks(stage: Stage) -> tuple[list[Question], list[Question]]:
    """Weeks of which Redis knows every day: those to measure, and those to warm up with."""
    stage.furnish(*KINDS, *WARM)
    # In long ranges, which cost the fewest calls, and with patience: the simulator works all of their slots out.
    with stage.service(CALENDLY_READ_TIMEOUT="8") as first:
        for kinds in (*_portions(KINDS), WARM):
            answers(first, [get(path) for path in _ranges(kinds)])
            stage.open_windows()
    return _weeks(KINDS), _weeks(WARM)


def _turn(stage: Stage, warm: list[Question], contender: Contender, number: int) -> Round:
    order = list(range(len(contender.requests.sent)))
    random.Random(number).shuffle(order)
    if contender.name == roster.FASTIFY_IOREDIS:
        return _measured(contender, contender.servers[0], order)
    launcher = DEFAULT_GC_LAUNCHER if contender.name == DEFAULT_GC else LAUNCHER
    with stage.service(launcher=launcher) as fresh:
        requests = Requests(
            [get(warm[browser % len(warm)].path, User_Agent=agent(browser)) for browser in range(BROWSERS)]
        )
        drive([fresh.port], requests, range(BROWSERS))
        return _measured(contender, fresh, order)


def _measured(contender: Contender, server: Server, order: list[int]) -> Round:
    return measured(server, partial(drive, [server.port], contender.requests, order))


def _weeks(kinds: tuple[str, ...]) -> list[Question]:
    first = first_date()
    return [
        Question(kind, first + timedelta(weeks=week), "UTC") for kind, week in product(kinds, range(WEEKS))
    ]


def _portions(kinds: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Of as many as Calendly can be asked about in a minute."""
    return [kinds[at : at + PORTION] for at in range(0, len(kinds), PORTION)]


def _ranges(kinds: tuple[str, ...]) -> list[str]:
    """Paths that cover the weeks of these."""
    last = timedelta(days=LONGEST - 1)
    begins = [first_date() + timedelta(days=day) for day in range(0, WEEKS * 7, LONGEST)]
    return [
        f"{PREFIX}/{kind}/availability?from={begin}&to={begin + last}&timeZone=UTC"
        for kind, begin in product(kinds, begins)
    ]
