"""The page about the simulator says what the code does: every option, call, fault and seeded event type."""

import ast
import json
import re
from pathlib import Path

import pytest
from msgspec import to_builtins

from simulator import assumptions
from simulator.assumptions import Assumptions
from simulator.control import CONTROL_CALLS, PREFIX
from simulator.oauth.clients import SEED_CLIENTS
from simulator.play import PLAYERS
from simulator.seed_event_types import SEED_EVENT_TYPES
from simulator.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table rows below a heading, without the table's own head."""
    section = re.split(r"^#+ ", page.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    return [row.split(" | ") for row in ROW.findall(section)][1:]


def test_every_assumption_is_listed_with_its_default(page: str) -> None:
    listed = {
        name.strip("`"): json.loads(default.strip("`")) for name, default, _ in rows(page, "Assumptions")
    }

    assert listed == to_builtins(Assumptions())


def test_every_assumption_has_its_reason_beside_it() -> None:
    source = Path(str(assumptions.__file__)).read_text(encoding="utf-8")
    (options,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    after_docstring = options.body[1:]

    for option, reason in zip(after_docstring[::2], after_docstring[1::2], strict=True):
        assert isinstance(option, ast.AnnAssign)
        assert isinstance(reason, ast.Expr)


def test_every_setting_is_listed_with_its_default(page: str) -> None:
    listed = {cells[0].strip("`") for cells in rows(page, "Settings")}

    assert listed == set(to_builtins(Settings()))


def test_every_registered_client_is_listed_with_its_secret_and_signing_key(page: str) -> None:
    listed = [[cell.strip("`") for cell in cells[:3]] for cells in rows(page, "Connecting accounts")]

    assert listed == [
        [each.client_id, each.client_secret or "none", each.webhook_signing_key] for each in SEED_CLIENTS
    ]


def test_every_control_call_is_listed(page: str) -> None:
    listed = [cells[0].strip("`") for cells in rows(page, "Control calls")]

    assert listed == [f"{method} {PREFIX}{path}" for method, path, _, _ in CONTROL_CALLS]


def test_every_fault_is_listed(page: str) -> None:
    listed = {cells[0].strip("`") for cells in rows(page, "Faults")}

    assert listed == set(PLAYERS)


def test_every_seeded_event_type_is_listed(page: str) -> None:
    listed = {slug for cells in rows(page, "What is in it") for slug in re.findall(r"`([\w-]+)`", cells[0])}

    assert listed == {fields["slug"] for fields in SEED_EVENT_TYPES}
