"""A TypeScript front end gets types that fit from the API document."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.repository import ROOT

NODE = Path(sys.executable).with_name("node")
TOOLS = ROOT / "node_modules"
SAMPLE = (ROOT / "tests" / "project" / "front_end.ts").read_text()


def run_node(script: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NODE), str(TOOLS / script), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def compiled(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "front_end.ts").write_text(source)
    options = ("--noEmit", "--skipLibCheck", "--strict", "--target", "es2022", "--module", "esnext")
    return run_node(
        "typescript/bin/tsc", *options, "--moduleResolution", "bundler", "front_end.ts", folder=folder
    )


@pytest.fixture(scope="module")
def front_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated types, where packages are found."""
    folder = tmp_path_factory.mktemp("front-end")
    (folder / "node_modules").symlink_to(TOOLS)
    document = str(ROOT / "openapi" / "bff.json")
    generated = run_node("openapi-typescript/bin/cli.js", document, "--output", "bff.d.ts", folder=folder)
    assert generated.returncode == 0, generated.stderr
    return folder


def test_a_front_end_compiles_against_the_generated_types(front_end: Path) -> None:
    outcome = compiled(front_end, SAMPLE)

    assert outcome.stdout == ""
    assert outcome.returncode == 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("email:", "mail:", id="an unknown field"),
        pytest.param("      start,\n", "", id="a missing field"),
        pytest.param("/api/v1/bookings", "/api/v1/booking", id="an unknown path"),
        pytest.param(".slots?.[0]?.start", ".slots?.[0]?.begin", id="a field no answer has"),
    ],
)
def test_a_slip_does_not_compile(front_end: Path, right: str, wrong: str) -> None:
    outcome = compiled(front_end, SAMPLE.replace(right, wrong))

    assert outcome.returncode != 0
    assert "front_end.ts" in outcome.stdout
