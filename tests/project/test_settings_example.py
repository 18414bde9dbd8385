"""`.env.example` lists every setting, commented out, with its default."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from app.calendly_settings import CalendlySettings
from app.environment import settings_from_environment
from app.settings import BffSettings
from tests.project.repository import ROOT

EXAMPLE = ROOT / ".env.example"
MODELS: dict[str, type[BaseModel]] = {"CALENDLY": CalendlySettings, "BFF": BffSettings}
VARIABLES = {f"{prefix}_{name.upper()}" for prefix, model in MODELS.items() for name in model.model_fields}


def listed() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def test_the_example_lists_every_setting_and_no_other() -> None:
    assert set(listed()) == VARIABLES


def test_the_example_sets_nothing_but_the_token_by_itself() -> None:
    assert re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE) == ["CALENDLY_TOKEN"]


def test_the_values_shown_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    shown = tmp_path / "shown.env"
    shown.write_text("".join(f"{name}={value}\n" for name, value in listed().items()))

    with_example = settings_from_environment(str(shown))

    assert with_example == settings_from_environment(None)
