"""What a run of trials came to: one row of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`wrong` counts, by what it is, what must not happen; `told` is for the reader."""

    name: str
    trials: int
    wrong: Mapping[str, int]
    told: Mapping[str, object] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def kept(self) -> bool:
        return not any(self.wrong.values())


def table(rows: Sequence[Findings]) -> str:
    """For people, as Markdown."""
    cells = [("trial", "times", "must be 0", "seen", "seconds")]
    cells += [
        (row.name, str(row.trials), _listed(row.wrong), _listed(row.told), f"{row.seconds:.0f}")
        for row in rows
    ]
    widths = [max(len(cell[column]) for cell in cells) for column in range(5)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(cell, widths, strict=True)) + " |"
        for cell in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
