"""Settings say what a test has them say."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine that runs the tests, and no `.env` of a developer."""
    monkeypatch.chdir(tmp_path)
    for name in ("CALENDLY_TOKEN", "CALENDLY_API_URL", "BFF_REDIS_URL", "BFF_STATE_URL", "BFF_PORT"):
        monkeypatch.delenv(name, raising=False)
