"""The README says what is so: its settings, its problem codes, its calls, its commands."""

import re
from datetime import timedelta

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.calendly_settings import CalendlySettings
from app.features.documentation.pages import problem_types
from app.main import create_app
from app.settings import BffSettings
from tests.project.repository import ROOT

README = (ROOT / "README.md").read_text()
MODELS: dict[str, type[BaseModel]] = {"CALENDLY": CalendlySettings, "BFF": BffSettings}


def shown(default: object) -> str:
    match default:
        case None | ():
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case timedelta():
            return f"`{default.total_seconds():.0f}`"
    return f"`{default}`"


def row(prefix: str, name: str, field: FieldInfo) -> str:
    return f"| `{prefix}_{name.upper()}` | {shown(field.default)} | {field.description} |"


def test_the_table_of_settings_is_what_the_settings_say() -> None:
    table = README.partition("<!-- settings -->\n")[2].partition("<!-- /settings -->")[0]

    rows = [
        row(prefix, name, field)
        for prefix, model in MODELS.items()
        for name, field in model.model_fields.items()
    ]

    assert table.splitlines()[2:] == rows


def test_every_problem_that_is_named_exists() -> None:
    named = set(re.findall(r"[0-9]{3}(?:, 503)? `([a-z_]+)`", README))

    assert named
    assert named <= problem_types().keys()


@pytest.mark.parametrize("call", re.findall(r"^\| `((?:GET|POST) /api/v1/\S+)` \|", README, re.MULTILINE))
def test_every_call_that_is_listed_is_in_the_contract(call: str) -> None:
    method, path = call.replace("{id}", "{eventTypeId}").split()

    assert method.lower() in create_app().openapi()["paths"][path]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)) <= targets


def test_every_file_that_is_linked_exists() -> None:
    linked = re.findall(r"\]\((?!http)([^)]+)\)", README)

    assert [link for link in linked if not (ROOT / link).exists()] == []
