"""`docs/performance.md` tells of every target and every peer there is."""

from pathlib import Path

import pytest

from benchmarks.peers.roster import LACKS
from benchmarks.report import BEGIN, END
from benchmarks.targets import TARGETS

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "performance.md").read_text()
MEASURED = DOCUMENT.partition(BEGIN)[2].partition(END)[0]


@pytest.mark.parametrize("name", [target.name for target in TARGETS])
def test_every_target_has_a_measured_figure(name: str) -> None:
    assert f"| {name} |" in MEASURED


@pytest.mark.parametrize("peer", LACKS)
def test_what_every_peer_lacks_is_said(peer: str) -> None:
    assert f"| {peer} | {LACKS[peer]} |" in MEASURED


def test_figures_name_the_commit_that_they_are_of() -> None:
    assert MEASURED.lstrip().startswith("Commit ")
