"""A hit, and a 304, beside everybody else who could give the same answer."""

from contextlib import ExitStack
from functools import partial

from benchmarks.answers import parsed
from benchmarks.asking import (
    WrongAnswerError,
    answers,
    checked_answers,
    conditional,
    expecting,
    plain_answers,
)
from benchmarks.browser import get
from benchmarks.contest import Contender, contest
from benchmarks.effort import Effort
from benchmarks.figures import ratios
from benchmarks.findings import Findings, costs_of, told
from benchmarks.keys import Question, questions, zipf
from benchmarks.load import Requests
from benchmarks.peers import roster
from benchmarks.stage import ALLOWED, Server, Stage, first_date

SERVICE = "this service"
EVENT_TYPES = ("intro", "consultation", "interview", "review")
FASTER_PEERS = {"hit.map": roster.FASTIFY_MAP, "hit.ioredis": roster.FASTIFY_IOREDIS}


def run_hits(stage: Stage, effort: Effort) -> Findings:
    """10,000 questions of the same week-long kind, asked as unevenly as visitors do."""
    stage.furnish(*EVENT_TYPES)
    asked = questions(effort.keys, EVENT_TYPES, first_date())
    with ExitStack() as stack:
        ours = stack.enter_context(stage.service())
        contenders = _contenders(stage, stack, ours, asked)
        contest(list(contenders.values()), partial(zipf, len(asked)), effort)
    service = contenders[SERVICE]
    pairs = {"hit.bare": roster.BARE, **FASTER_PEERS, "hit.fastapi": roster.MODEL_ROUTE}
    findings = Findings(costs=costs_of("hit", contenders.values()))
    for target, peer in pairs.items():
        findings.figures[target] = ratios(contenders[peer].costs, service.costs)
        wrong = contenders[peer].wrong + service.wrong
        if wrong:
            findings.problems[target] = told(wrong)
    return findings


def _contenders(stage: Stage, stack: ExitStack, ours: Server, asked: list[Question]) -> dict[str, Contender]:
    requests = [get(question.path) for question in asked]
    ids = stage.event_type_ids()
    raw = checked_answers(ours, asked)
    redis = stack.enter_context(roster.larder(stage.folder / "larder"))
    roster.stock(redis, asked, raw, plain_answers(ours, asked))
    like = parsed(raw[0])
    servers = {
        roster.BARE: stack.enter_context(roster.bare(stage, raw[0])),
        roster.NGINX: stack.enter_context(roster.nginx(stage, ours)),
        roster.FASTIFY_MAP: stack.enter_context(roster.fastify(stage, "map", redis, like)),
        roster.FASTIFY_IOREDIS: stack.enter_context(roster.fastify(stage, "ioredis", redis, like)),
        roster.MODEL_ROUTE: stack.enter_context(roster.model_route(stage, redis)),
    }
    found = {SERVICE: Contender(SERVICE, [ours], expecting(requests, raw))}
    for name, server in servers.items():
        # A peer's own answers, learnt once and looked at, are what it is held to.
        found[name] = Contender(name, [server], expecting(requests, _learnt(name, server, asked)))
    uncached = stack.enter_context(roster.uncached(stage))
    found[roster.UNCACHED] = Contender(
        roster.UNCACHED,
        [uncached],
        Requests(
            [get(question.path.replace(question.event_type, ids[question.event_type])) for question in asked]
        ),
        most=ALLOWED // 2,
        before=stage.open_windows,
    )
    return found


def _learnt(name: str, server: Server, asked: list[Question]) -> list[bytes]:
    try:
        raw = checked_answers(server, asked if name != roster.BARE else [asked[0]] * len(asked))
    except WrongAnswerError as error:
        raise WrongAnswerError(f"{name}: {error}") from error
    return raw


def run_not_modified(stage: Stage, effort: Effort) -> Findings:
    """Browsers that have the answer already and ask whether it still holds."""
    stage.furnish(*EVENT_TYPES)
    asked = questions(effort.keys, EVENT_TYPES, first_date())
    with ExitStack() as stack:
        ours = stack.enter_context(stage.service())
        requests = conditional(asked, checked_answers(ours, asked))
        raw = answers(ours, requests)
        bare = stack.enter_context(roster.bare(stage, _as_304(raw[0])))
        contenders = [
            Contender(SERVICE, [ours], expecting(requests, raw)),
            Contender(roster.BARE, [bare], expecting(requests, answers(bare, requests))),
        ]
        contest(contenders, partial(zipf, len(asked)), effort)
    service, peer = contenders
    findings = Findings(costs=costs_of("304", contenders))
    findings.figures["304.bare"] = ratios(peer.costs, service.costs)
    wrong = service.wrong + peer.wrong
    statuses = {parsed(each).status for each in raw}
    if statuses != {304}:
        findings.problems["304.bare"] = f"answered with {', '.join(map(str, sorted(statuses)))}"
    elif wrong:
        findings.problems["304.bare"] = told(wrong)
    return findings


def _as_304(raw: bytes) -> bytes:
    """The same headers, as a 304 has them: none about a body."""
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    kept = [line for line in head if not line.lower().startswith((b"content-", b"transfer-"))]
    return b"\r\n".join([b"HTTP/1.1 304 Not Modified", *kept]) + b"\r\n\r\n"
