"""What a scene found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.contest import Contender
from benchmarks.figures import Figure, figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one contender needed: CPU microseconds for an answer, p99 in milliseconds, share of its core."""

    scene: str
    name: str
    cost: Figure
    p99: Figure
    busy: Figure
    wrong: str


@dataclass(slots=True)
class Findings:
    """`figures` and `problems` by the name of the target: a figure with a problem counts as missed."""

    figures: dict[str, Figure] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        self.figures |= other.figures
        self.problems |= other.problems
        self.costs += other.costs
        self.notes += other.notes


def costs_of(scene: str, contenders: Iterable[Contender]) -> list[Cost]:
    return [
        Cost(
            scene=scene,
            name=each.name,
            cost=figure(each.costs),
            p99=figure(round_.p99 * 1000 for round_ in each.rounds),
            busy=figure(round_.busy for round_ in each.rounds),
            wrong=told(each.wrong),
        )
        for each in contenders
    ]


def told(wrong: "dict[str, int]") -> str:
    """What went wrong, and how often; empty where nothing did."""
    return ", ".join(f"{count:,} of {what}" for what, count in sorted(wrong.items()))
