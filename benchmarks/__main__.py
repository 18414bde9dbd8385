"""`make bench`: measure what is claimed about speed, and fail where a claim does not hold."""

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Annotated

import typer
from httpx import HTTPError

from benchmarks.asking import WrongAnswerError
from benchmarks.cores import OTHERS
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.findings import Findings
from benchmarks.machine import described
from benchmarks.report import missed, of, placed, tables
from benchmarks.scenes import SCENES
from benchmarks.stage import staged

BROKEN = (WrongAnswerError, AssertionError, HTTPError, KeyError, OSError, RuntimeError)
"""How a scene fails where the service, or a peer, does not do what it is there for."""


def main(
    rows: Annotated[str, typer.Option(help=f"Some of {','.join(SCENES)}; all unless given.")] = "",
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Shorter rounds, fewer keys: to see that it works.")
    ] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the tables there, too; between its marks, where it has some.")
    ] = None,
) -> None:
    """Measure what is claimed about speed. Exits with 1 where a figure is missed by more than its noise."""
    chosen = [name.strip() for name in rows.split(",") if name.strip()] or list(SCENES)
    if strangers := set(chosen) - set(SCENES):
        raise typer.BadParameter(f"no such rows: {', '.join(sorted(strangers))}")
    findings = measure(chosen, QUICK if quick else FULL)
    where = described() + (" Short rounds, 1,000 keys: `--quick`." if quick else "")
    print(f"{where}\n\n{tables(findings, chosen, markdown=False)}")
    if markdown is not None:
        before = markdown.read_text() if markdown.exists() else ""
        markdown.write_text(placed(f"{where}\n\n{tables(findings, chosen, markdown=True)}", before))
    if names := missed(findings, of(chosen)):
        print(f"missed: {', '.join(names)}")
        raise typer.Exit(1)


def measure(chosen: list[str], effort: Effort) -> Findings:
    """Each scene on a stage of its own: what one leaves behind is nothing to the next."""
    os.sched_setaffinity(0, OTHERS)
    findings = Findings()
    for name in chosen:
        begun = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder, staged(Path(folder)) as stage:
                findings.add(SCENES[name](stage, effort))
        except BROKEN as error:
            # The others are worth knowing all the same.
            traceback.print_exc()
            findings.problems |= {
                target.name: f"not measured, {type(error).__name__}" for target in of([name])
            }
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return findings


if __name__ == "__main__":
    typer.run(main)
