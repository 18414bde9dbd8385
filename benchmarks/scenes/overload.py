"""Five times as many reads as can be worked out, and somebody who wants to book.

None of them is ready, for no two ask the same; what they are made of is in memory. How many can be worked out is
measured before each flood, with connections that wait for their answers; then visitors come at fixed
times, whether or not those before them have been answered. Every answer that is no refusal counts, however late: nobody
can be late by more than the two seconds after which reads are refused.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from time import sleep
from urllib.parse import quote

import msgspec

from app import API
from benchmarks.arrivals import Arrived, arrive
from benchmarks.browser import get, post
from benchmarks.effort import Effort
from benchmarks.figures import figure, percentile
from benchmarks.findings import Findings
from benchmarks.keys import PREFIX, ZONES
from benchmarks.load import Manner, Requests, drive
from benchmarks.stage import Server, Stage, first_date
from benchmarks.visitor import Visitor, days_of, starts_in

KINDS = ("one", "two", "three", "four")
DAYS = 200
"""On which a question may begin."""

LONGEST = 14
"""Dates in one question."""

CALENDLY_TAKES = 31
"""Dates in one call to it."""

TIMES = 5
SECONDS = 6.0
"""Of the flood."""

CAPACITY = 3000
"""Reads from which it is told, over some connections."""

SOME = Manner(connections=32)
PAUSE = 0.05
"""Seconds between two who want to book."""

OK, REFUSED = 200, 503
MILLISECONDS = 1000


@dataclass(slots=True)
class Bookers:
    """Who ask what would become of a booking, one after the other."""

    seconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


def run_overload(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(*KINDS)
    goodput: list[float] = []
    refusals: list[float] = []
    late: list[float] = []
    bookers = Bookers()
    lost = 0
    with stage.service(CALENDLY_READ_TIMEOUT="8") as server:
        _fill(server)
        asked = _questions()
        _worked_out(server, asked)
        for _ in range(effort.rounds):
            capacity = _worked_out(server, asked)
            with _booking(server, bookers):
                flood = list(islice(asked, round(TIMES * capacity * SECONDS)))
                arrived = arrive(server.port, flood, TIMES * capacity)
            goodput.append(len(arrived.seconds[OK]) / SECONDS / capacity)
            refusals.append(percentile(arrived.seconds[REFUSED], 0.5) * MILLISECONDS)
            late.append(percentile(arrived.seconds[REFUSED], 0.99) * MILLISECONDS)
            lost += _lost(arrived)
    p99 = percentile(bookers.seconds, 0.99) * MILLISECONDS
    findings = Findings(
        figures={
            "overload.goodput": figure(goodput),
            "overload.refusal": figure(refusals),
            "overload.bookings": figure([float(bookers.failures.total())]),
        },
        notes=[
            f"overload: {len(bookers.seconds)} bookings checked in the floods, p99 {p99:.0f} ms",
            f"overload: p99 of a refusal {figure(late).median:.0f} ms, those in line at the onset included",
        ],
    )
    if lost:
        findings.problems["overload.goodput"] = f"{lost} neither worked out nor refused"
    return findings


def _fill(server: Server) -> None:
    first = first_date()
    windows = [first + timedelta(days=day) for day in range(0, DAYS + LONGEST, CALENDLY_TAKES)]
    requests = [
        get(_path(kind, begin, begin + timedelta(days=CALENDLY_TAKES - 1), "UTC"))
        for kind in KINDS
        for begin in windows
    ]
    outcome = drive([server.port], Requests(requests), range(len(requests)), Manner(connections=1))
    assert not outcome.wrong, outcome.wrong


def _questions() -> Iterator[bytes]:
    """Each once, in no order."""
    lengths = range(1, LONGEST + 1)
    numbers = list(range(len(KINDS) * DAYS * len(lengths) * len(ZONES)))
    random.Random("overload").shuffle(numbers)
    for number in numbers:
        rest, zone = divmod(number, len(ZONES))
        rest, length = divmod(rest, len(lengths))
        kind, day = divmod(rest, DAYS)
        begin = first_date() + timedelta(days=1 + day)
        yield get(_path(KINDS[kind], begin, begin + timedelta(days=length), ZONES[zone]))


def _path(kind: str, begin: date, end: date, zone: str) -> str:
    return f"{PREFIX}/{kind}/availability?from={begin}&to={end}&timeZone={quote(zone)}"


def _worked_out(server: Server, asked: Iterator[bytes]) -> float:
    """How many a second."""
    requests = list(islice(asked, CAPACITY))
    outcome = drive([server.port], Requests(requests), range(len(requests)), SOME)
    assert not outcome.wrong, outcome.wrong
    return outcome.answered / outcome.seconds


def _lost(arrived: Arrived) -> int:
    answered = sum(len(seconds) for status, seconds in arrived.seconds.items() if status in {OK, REFUSED})
    return arrived.due - answered


@contextmanager
def _booking(server: Server, bookers: Bookers) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=_book, args=(server, bookers, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _book(server: Server, bookers: Bookers, over: threading.Event) -> None:
    day = first_date()
    with Visitor(server.port) as visitor:
        start = starts_in(visitor.ask(days_of(KINDS[0], day, day)).answer)[0]
        wanted = {
            "eventTypeId": KINDS[0],
            "start": start,
            "timeZone": "Europe/Berlin",
            "invitee": {"name": "Grace Example", "email": "grace@example.test"},
        }
        request = post(f"{API}/bookings/preflight", msgspec.json.encode(wanted))
        while not over.is_set():
            answered = visitor.ask(request)
            bookers.seconds.append(answered.seconds)
            if answered.answer.status != OK:
                bookers.failures[f"status {answered.answer.status}"] += 1
            sleep(PAUSE)
