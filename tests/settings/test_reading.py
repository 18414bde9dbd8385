"""Where settings are read from, and what is kept of how they were written."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.environment import settings_from_environment
from app.setting_values import is_loopback
from app.settings import BffSettings, Settings
from tests.settings.examples import TOKEN


def test_without_settings_there_are_defaults() -> None:
    assert settings_from_environment() == Settings()


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"CALENDLY_TOKEN={TOKEN}\nBFF_PORT=8123\nOTHER=1\n")

    settings = settings_from_environment()

    assert (settings.calendly.token, settings.bff.port) == (SecretStr(TOKEN), 8123)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BFF_PORT=8123\n")
    monkeypatch.setenv("BFF_PORT", "8124")

    assert settings_from_environment().bff.port == 8124


def test_scopes_may_be_spread_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_OAUTH_SCOPES", " users:read  event_types:read ")

    assert settings_from_environment().calendly.oauth_scopes == "users:read event_types:read"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("", (), id="none"),
        pytest.param(" , ", (), id="only commas"),
        pytest.param("https://a.example.test", ("https://a.example.test",), id="one"),
        pytest.param("https://A.example.test/", ("https://a.example.test",), id="capitals and slash"),
        pytest.param("https://a.example.test:443", ("https://a.example.test",), id="its usual port"),
        pytest.param("http://localhost:5173", ("http://localhost:5173",), id="another port"),
        pytest.param("http://[::1]:80", ("http://[::1]",), id="IPv6"),
        pytest.param(
            "https://a.example.test , http://b.example.test",
            ("https://a.example.test", "http://b.example.test"),
            id="several",
        ),
    ],
)
def test_origins_are_kept_as_browsers_send_them(
    monkeypatch: pytest.MonkeyPatch, given: str, kept: tuple[str, ...]
) -> None:
    monkeypatch.setenv("BFF_ALLOWED_ORIGINS", given)

    assert settings_from_environment().bff.allowed_origins == kept


def test_lifetimes_are_given_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_AVAILABILITY_FRESH", "1.5")

    assert settings_from_environment().bff.availability_fresh == timedelta(seconds=1.5)


def test_lifetimes_in_code_are_durations() -> None:
    assert BffSettings(availability_fresh=timedelta(minutes=1)).availability_fresh == timedelta(minutes=1)


def test_a_store_may_be_written_with_blanks_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_REDIS_URL", " redis://a.test/0 ")

    assert settings_from_environment().bff.redis_url == "redis://a.test/0"


def test_an_embedded_store_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_REDIS_URL", "memory://")

    assert settings_from_environment() == Settings()


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "::1", "port": 81}, "http://[::1]:81"),
        ({"host": "0.0.0.0"}, None),  # noqa: S104 - nothing listens
        ({"host": "0.0.0.0", "public_url": "https://b.example.test/"}, "https://b.example.test"),  # noqa: S104
        ({"public_url": "http://localhost:9000"}, "http://localhost:9000"),
    ],
)
def test_where_browsers_reach_us_is_said_or_on_this_machine(
    settings: dict[str, Any], origin: str | None
) -> None:
    assert BffSettings(**settings).origin() == origin


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("calendly.com", False),
        ("localhost.example.test", False),
        ("10.0.0.1", False),
        (None, False),
    ],
)
def test_only_this_machine_is_loopback(host: str | None, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback
