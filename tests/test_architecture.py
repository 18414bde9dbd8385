"""The import arrows of `pyproject.toml`: they hold here, and whoever breaks one is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = "Imports point downwards"
FEATURES = "A feature imports no feature"
APART = "The service and the simulator do not know each other"
FORM = "The form rules do no I/O"
HTTP = "Only the upstream client speaks HTTP"
REDIS = "Only cache and store know Redis"
FRAMEWORK = "The web framework stops at the features"


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=tree,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    without_caches = shutil.ignore_patterns("__pycache__")
    for package in ("app", "simulator"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=without_caches)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_every_contract() -> None:
    outcome = lint(ROOT)

    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        pytest.param("app/errors.py", "app.time_zones", LAYERS, id="the bottom imports its neighbour"),
        pytest.param(
            "app/cache/injected.py", "app.features.health", LAYERS, id="an adapter imports a feature"
        ),
        pytest.param("app/cache/injected.py", "app.calendly", LAYERS, id="an adapter imports an adapter"),
        pytest.param("app/injected.py", "app.errors", LAYERS, id="a module has no place"),
        pytest.param(
            "app/features/health/injected.py", "app.features.bookings", FEATURES, id="feature to feature"
        ),
        pytest.param("app/features/health/injected.py", "simulator", APART, id="service to simulator"),
        pytest.param("simulator/injected.py", "app.errors", APART, id="simulator to service"),
        pytest.param("app/form/injected.py", "httpx", FORM, id="the form rules speak HTTP"),
        pytest.param("app/form/injected.py", "asyncio", FORM, id="the form rules wait"),
        pytest.param("app/slots/injected.py", "httpx", HTTP, id="HTTP beside the upstream client"),
        pytest.param("app/oauth/tokens.py", "httpx", HTTP, id="HTTP beside the OAuth client"),
        pytest.param("app/oauth/injected.py", "redis.asyncio", REDIS, id="tokens know Redis"),
        pytest.param("app/oauth/injected.py", "starlette", FRAMEWORK, id="tokens know the framework"),
        pytest.param("app/oauth/injected.py", "app.budgets", LAYERS, id="tokens know budgets"),
        pytest.param("app/features/health/injected.py", "redis.asyncio", REDIS, id="a feature knows Redis"),
        pytest.param("app/calendly/injected.py", "fastapi", FRAMEWORK, id="an adapter knows the framework"),
    ],
)
def test_a_forbidden_import_is_noticed(copied_tree: Path, module: str, imported: str, contract: str) -> None:
    with (copied_tree / module).open("a") as source:
        source.write(f"\nimport {imported}\n")

    outcome = lint(copied_tree)

    assert outcome.returncode == 1, outcome.stdout
    assert f"{contract} BROKEN" in outcome.stdout
