"""The command line of a set of trials: how often each is to be made, and the table of what they came to."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TypeAlias

from tests.soak.findings import Findings, table

Trials: TypeAlias = Callable[[Path, int], Coroutine[None, None, Findings]]

TrialsByName: TypeAlias = Mapping[str, tuple[int, Trials]]
"""By the name of the option that says how often; 0 leaves it out."""


def run(program: str, trials: TrialsByName, arguments: Sequence[str] | None = None) -> None:
    """Ends the process: with 1 where something was wrong."""
    parser = ArgumentParser(prog=f"python -m {program}")
    for name, (usual, _) in trials.items():
        parser.add_argument(f"--{name}", type=int, default=usual, dest=name, metavar="TIMES")
    asked = vars(parser.parse_args(arguments))
    rows: list[Findings] = []
    with TemporaryDirectory() as folder:
        for name, (_, make) in trials.items():
            if asked[name]:
                rows.append(asyncio.run(make(Path(mkdtemp(dir=folder)), asked[name])))
                sys.stderr.write(table(rows[-1:]) + "\n")
    sys.stdout.write(table(rows) + "\n")
    raise SystemExit(not all(row.kept for row in rows))
