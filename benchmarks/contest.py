"""Contenders in turn, forwards and backwards, with the CPU time of each."""

from collections import Counter, defaultdict
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
    """`used`: CPU seconds of the whole process tree. `outcome`: what was answered for that."""

    used: float
    outcome: Outcome

    @property
    def cost(self) -> float:
        """CPU microseconds for each answer."""
        return self.used / self.outcome.answered * MICROSECONDS

    @property
    def busy(self) -> float:
        """Share of one core."""
        return self.used / self.outcome.seconds

    @property
    def p99(self) -> float:
        """Seconds."""
        return percentile(self.outcome.latencies, 0.99)


@dataclass(slots=True)
class Contender:
    """`servers`: more than one are alike, and share the turns of a round."""

    name: str
    servers: Sequence[Server]
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
    return Round(used, outcome)


def contest(contenders: Sequence[Contender], order: Order, effort: Effort) -> None:
    """Each warms up first, which also tells how many requests fill its turns."""
    times = {each.name: _warm(each, order, effort) // TURNS for each in contenders}

    def take(contender: Contender, number: int) -> Round:
        server = contender.servers[number % len(contender.servers)]
        load = partial(_load, contender, server, order(times[contender.name], number))
        return measured(server, load)

    in_turns(contenders, effort.rounds, take)


def in_turns(contenders: Sequence[Contender], rounds: int, take: Callable[[Contender, int], Round]) -> None:
    """Forwards and backwards. `take`: the turn of a contender, with the number it has for all of them."""
    for number in range(rounds):
        turns = defaultdict[str, list[Round]](list)
        for turn in range(number * TURNS, (number + 1) * TURNS):
            for each in contenders if turn % 2 == 0 else reversed(contenders):
                turns[each.name].append(take(each, turn))
        for each in contenders:
            each.rounds.append(_whole(turns[each.name]))


def _whole(turns: Sequence[Round]) -> Round:
    """What they came to together."""
    return Round(
        used=sum(each.used for each in turns),
        outcome=Outcome(
            asked=sum(each.outcome.asked for each in turns),
            seconds=sum(each.outcome.seconds for each in turns),
            latencies=[latency for each in turns for latency in each.outcome.latencies],
            wrong=sum((each.outcome.wrong for each in turns), Counter[str]()),
        ),
    )


def _warm(contender: Contender, order: Order, effort: Effort) -> int:
    """By the fastest load: whatever was in the way of the others, a round is none the shorter for that."""
    found = 0
    for server in contender.servers:
        times = effort.least
        for seed in (-3, -2, -1):
            outcome = _load(contender, server, order(times, seed))
            times = min(contender.most, effort.requests(outcome.seconds / max(1, outcome.answered)))
            found = max(found, times)
    return found


def _load(contender: Contender, server: Server, sequence: Sequence[int]) -> Outcome:
    contender.before()
    return drive([server.port], contender.requests, sequence)
