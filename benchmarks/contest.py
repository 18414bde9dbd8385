"""Contenders in turn, forwards and backwards, with the CPU time of each."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from benchmarks.effort import Effort
from benchmarks.figures import percentile
from benchmarks.load import Outcome, Requests, drive
from benchmarks.proc import cpu_seconds
from benchmarks.stage import Server

MICROSECONDS = 1e6

TURNS = 3
"""In each round. The machine is not as fast from one second to the next: the shorter the turns, the more alike is it to
all who are compared.
"""


@dataclass(frozen=True, slots=True)
class Round:
    """`cost`: CPU microseconds of the whole process tree for each answer. `busy`: share of one core it had."""

    cost: float
    busy: float
    outcome: Outcome

    @property
    def p99(self) -> float:
        """Seconds."""
        return percentile(self.outcome.latencies, 0.99)


@dataclass(slots=True)
class Contender:
    name: str
    server: Server
    requests: Requests
    most: int = 1_000_000
    """Requests in one load."""
    before: Callable[[], None] = lambda: None
    """Done before each load, and not counted."""
    rounds: list[Round] = field(default_factory=list)

    @property
    def costs(self) -> list[float]:
        return [each.cost for each in self.rounds]

    @property
    def wrong(self) -> Counter[str]:
        return sum((each.outcome.wrong for each in self.rounds), Counter[str]())


def pooled(contenders: Sequence[Contender]) -> Contender:
    """Several that are alike as one: the turns of the first, of the next, and so on."""
    first = contenders[0]
    rounds = [round_ for each in contenders for round_ in each.rounds]
    return Contender(first.name, first.server, first.requests, rounds=rounds)


class Order(Protocol):
    """Which request is sent each of so many times, in this round."""

    def __call__(self, times: int, seed: int) -> Sequence[int]: ...


def measured(server: Server, load: Callable[[], Outcome]) -> Round:
    """Raises `RuntimeError` where nothing at all was answered."""
    before = cpu_seconds(server.pid)
    outcome = load()
    used = cpu_seconds(server.pid) - before
    if not outcome.answered:
        raise RuntimeError(f"the server on port {server.port} answered nothing")
    return Round(used / outcome.answered * MICROSECONDS, used / outcome.seconds, outcome)


def contest(contenders: Sequence[Contender], order: Order, effort: Effort) -> None:
    """Each warms up first, which also tells how many requests fill its turns."""
    times = {each.server.port: _warm(each, order, effort) // TURNS for each in contenders}
    for number in range(effort.rounds * TURNS):
        for each in contenders if number % 2 == 0 else reversed(contenders):
            load = partial(_load, each, order(times[each.server.port], number))
            each.rounds.append(measured(each.server, load))


def _warm(contender: Contender, order: Order, effort: Effort) -> int:
    """By its fastest load: whatever was in the way of the others, a turn is none the shorter for that."""
    times, most = effort.least, 0
    for seed in (-3, -2, -1):
        outcome = _load(contender, order(times, seed))
        times = effort.requests(outcome.seconds / max(1, outcome.answered))
        most = max(most, times)
    return min(contender.most, most)


def _load(contender: Contender, sequence: Sequence[int]) -> Outcome:
    contender.before()
    return drive([contender.server.port], contender.requests, sequence)
