"""The tables: for people at a terminal and for the documents."""

from collections.abc import Iterable, Sequence
from math import floor, log10

from benchmarks.findings import Cost, Findings
from benchmarks.peers.roster import LACKS
from benchmarks.targets import TARGETS, Target, Verdict

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
"""Between them stands what was measured, in a document that says more."""

COSTS = ("scene", "contender", "µs CPU an answer", "spread", "p99, ms", "busy", "wrong")
PEERS = ("contender", "what it has and has not")
FIGURES = ("target", "figure", "compared with", "to reach", "measured", "from, to", "verdict")


def placed(text: str, document: str) -> str:
    """The document with `text` between its marks; where it has none, the text alone."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{text}{end}{after}" if end else text


def verdict(target: Target, findings: Findings) -> Verdict:
    """A figure that was got from wrong answers proves nothing."""
    found = findings.figures.get(target.name)
    if found is None or target.name in findings.problems:
        return Verdict.MISSED
    return target.verdict(found)


def missed(findings: Findings, targets: Iterable[Target]) -> list[str]:
    return [target.name for target in targets if verdict(target, findings) is Verdict.MISSED]


def tables(findings: Findings, scenes: Sequence[str], *, markdown: bool) -> str:
    draw = _markdown if markdown else _plain
    parts = [draw(FIGURES, [_row(target, findings) for target in of(scenes)])]
    if findings.costs:
        parts.append(draw(COSTS, [_cost(cost) for cost in findings.costs]))
    peers = [name for name in LACKS if any(cost.name == name for cost in findings.costs)]
    if peers:
        parts.append(draw(PEERS, [[name, LACKS[name]] for name in peers]))
    if findings.notes:
        parts.append("\n".join(f"- {note}" for note in findings.notes))
    return "\n\n".join(parts) + "\n"


def of(scenes: Sequence[str]) -> list[Target]:
    """The part of a target's name before the first point is its scene."""
    return [target for target in TARGETS if target.name.partition(".")[0] in scenes]


def claim(target: Target) -> list[str]:
    """The part of its row that no run changes."""
    bound = f"{target.wanted} {_value(target.bound)} {target.unit}"
    return [target.name, target.figure, target.against, bound]


def _row(target: Target, findings: Findings) -> list[str]:
    found = findings.figures.get(target.name)
    problem = findings.problems.get(target.name)
    words = verdict(target, findings).value + (f": {problem}" if problem else "")
    measured = (
        [_value(found.median), f"{_value(found.least)} to {_value(found.most)}"] if found else ["-", "-"]
    )
    return [*claim(target), *measured, words]


def _cost(cost: Cost) -> list[str]:
    return [
        cost.scene,
        cost.name,
        _value(cost.cost.median),
        _share(cost.cost.spread),
        _value(cost.p99.median),
        _share(cost.busy.median),
        cost.wrong or "-",
    ]


def _share(value: float) -> str:
    return f"{value:.0%}"


def _value(value: float) -> str:
    """Three digits that mean something."""
    if value == 0:
        return "0"
    return f"{value:,.{max(0, 2 - floor(log10(abs(value))))}f}" if abs(value) >= 1 else f"{value:.2f}"


def _plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
