"""Every bad day of the fault matrix has a test that causes it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.repository import ROOT

TESTS = ROOT / "tests"

FAMILIES = {
    "B": (range(1, 16), ("faults", "features", "life", "security")),
    "U": (range(1, 26), ("faults", "features")),
    "R": (range(1, 15), ("faults", "features")),
    "W": (range(1, 9), ("faults",)),
    "P": ((3, 5, 6, 7, 9, 10), ("faults",)),
}
"""By the letter: bookings, the upstream, Redis, webhooks, and what of processes concerns reads. The ids, and the
folders in which tests cause them through HTTP: tests of single parts carry such marks too, but do not close a row."""

IDS = [f"{letter}{number:02}" for letter, (numbers, _) in FAMILIES.items() for number in numbers]


def _marked(file: Path) -> Iterator[str]:
    """The ids of every `pytest.mark.fault("…")`, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="fault", value=ast.Attribute(attr="mark")),
                args=[ast.Constant(value=str(id_))],
            ):
                yield id_


@pytest.fixture(scope="module")
def places() -> dict[str, set[str]]:
    """The folders of `tests/` in which each id is caused; a file beside them has its own name."""
    found: dict[str, set[str]] = {}
    for file in TESTS.rglob("test_*.py"):
        for id_ in _marked(file):
            found.setdefault(id_, set()).add(file.relative_to(TESTS).parts[0])
    return found


@pytest.mark.parametrize("id_", IDS)
def test_a_bad_day_is_caused_where_its_family_lives(places: dict[str, set[str]], id_: str) -> None:
    _, folders = FAMILIES[id_[0]]

    assert places.get(id_, set()) & set(folders)


def test_a_marker_in_a_parameter_counts(tmp_path: Path) -> None:
    file = tmp_path / "test_example.py"
    file.write_text("import pytest\nALL = [pytest.param(1, marks=[pytest.mark.fault('X01')])]\n")

    assert list(_marked(file)) == ["X01"]
