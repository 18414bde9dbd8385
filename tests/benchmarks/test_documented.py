"""`docs/performance.md` tells of every target and every peer there is, and claims what is claimed today."""

from pathlib import Path

import pytest

from benchmarks.peers.roster import LACKS
from benchmarks.report import BEGIN, END, claim
from benchmarks.targets import TARGETS, Target

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "performance.md").read_text()
MEASURED = DOCUMENT.partition(BEGIN)[2].partition(END)[0]

FIGURES = MEASURED.split("\n\n")[1].splitlines()[2:]
"""The rows of the first table."""

CLAIMED = {row[0]: row[:4] for row in (line.strip("| ").split(" | ") for line in FIGURES)}
"""By the target, what its row says before it says what was measured."""


@pytest.mark.parametrize("target", [pytest.param(target, id=target.name) for target in TARGETS])
def test_every_figure_is_measured_against_what_is_claimed(target: Target) -> None:
    assert CLAIMED.get(target.name) == claim(target)


def test_no_figure_is_told_of_which_nothing_is_claimed() -> None:
    assert CLAIMED.keys() == {target.name for target in TARGETS}


@pytest.mark.parametrize("peer", LACKS)
def test_what_every_peer_lacks_is_said(peer: str) -> None:
    assert f"| {peer} | {LACKS[peer]} |" in MEASURED


def test_figures_name_the_commit_that_they_are_of() -> None:
    assert MEASURED.lstrip().startswith("Commit ")
