"""From a booking's 201 until no process shows the slot any more.

Somebody asks each of four processes for the day, as fast as it answers, before
the booking, during and after it. The slot is gone when the last answer with it has come, counted
from when the 201 came; a reading that takes its time and comes without the slot is no part of that. A
read is stale when it was even sent after the 201 had come.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from time import perf_counter, sleep

from benchmarks.effort import Effort
from benchmarks.figures import Figure, figure, percentile
from benchmarks.findings import Findings
from benchmarks.stage import Server, Stage, first_date
from benchmarks.visitor import Answered, Visitor, booking, days_of, starts_in

PROCESSES = 4
SLUG = "popular"
PAUSE = 0.002
"""Seconds between two reads of one process: faster ones would measure how it bears the load."""

ENOUGH = 5.0
"""Seconds after which a slot that is still shown counts as never gone."""

A_WINDOW = 10
"""Bookings, before Calendly is to forget what it counted: each is followed by many readings."""

CREATED = 201
MILLISECONDS = 1000


def run_gone(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(SLUG)
    gone: list[float] = []
    stale = 0
    with ExitStack() as stack:
        replicas = stage.replicas(stack, PROCESSES)
        for trial in range(effort.trials):
            seconds, reads = _trial(stage, replicas, trial)
            gone.append(seconds * MILLISECONDS)
            stale += reads
    p99 = percentile(gone, 0.99)
    return Findings(
        figures={"gone.p99": Figure(p99, min(gone), max(gone)), "gone.stale": figure([float(stale)])},
        notes=[f"gone: {effort.trials} bookings, median {figure(gone).median:.1f} ms"],
    )


def _trial(stage: Stage, replicas: list[Server], trial: int) -> tuple[float, int]:
    """Seconds until the slot was gone everywhere, and stale reads."""
    day = first_date() + timedelta(days=7 + trial % 50)
    request = days_of(SLUG, day, day)
    if trial % A_WINDOW == 0:
        stage.open_windows()
    with Visitor(replicas[trial % PROCESSES].port) as booker:
        slot = starts_in(booker.ask(request).answer)[0]
        over = threading.Event()
        seen: list[list[Answered]] = [[] for _ in replicas]
        readers = [
            threading.Thread(target=_read, args=(replica, request, over, found))
            for replica, found in zip(replicas, seen, strict=True)
        ]
        for reader in readers:
            reader.start()
        try:
            _await(lambda: all(seen))
            booked = booker.ask(booking(SLUG, slot))
            assert booked.answer.status == CREATED, booked.answer.body
            _await(partial(_is_gone, seen, slot, booked.came_at))
        finally:
            over.set()
            for reader in readers:
                reader.join()
    shown = [read for reads in seen for read in reads if slot in starts_in(read.answer)]
    assert shown, "it was never on offer"
    stale = sum(read.sent_at > booked.came_at for read in shown)
    return max(0.0, *(read.came_at - booked.came_at for read in shown)), stale


def _read(replica: Server, request: bytes, over: threading.Event, found: list[Answered]) -> None:
    with Visitor(replica.port) as reader:
        while not over.is_set():
            found.append(reader.ask(request))
            sleep(PAUSE)


def _is_gone(seen: list[list[Answered]], slot: str, since: float) -> bool:
    latest = [reads[-1] for reads in seen]
    return all(read.sent_at > since and slot not in starts_in(read.answer) for read in latest)


def _await(condition: Callable[[], bool]) -> None:
    deadline = perf_counter() + ENOUGH
    while not condition() and perf_counter() < deadline:
        sleep(PAUSE)
