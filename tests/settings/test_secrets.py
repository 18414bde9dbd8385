"""Settings that nobody is shown by accident."""

import pytest
from pydantic import SecretStr

from app.environment import settings_from_environment
from tests.settings.examples import MARKER, RELAY_SECRET, TOKEN
from tests.support.keys import SECRET_KEY


def test_a_token_is_not_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_TOKEN", TOKEN)

    settings = settings_from_environment()

    assert settings.calendly.token == SecretStr(TOKEN)
    assert TOKEN not in repr(settings)


def test_an_empty_token_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_TOKEN", "")

    assert settings_from_environment().calendly.token is None


def test_whoever_is_told_of_bookings_is_not_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_RELAY_URLS", "https://a.test/marker?key=1 , http://localhost:8080/marker")
    monkeypatch.setenv("BFF_RELAY_SECRETS", f"{RELAY_SECRET},{RELAY_SECRET}")
    monkeypatch.setenv("BFF_RELAY_ALLOW_PRIVATE", "true")

    settings = settings_from_environment()

    assert [url.get_secret_value() for url in settings.bff.relay_urls] == [
        "https://a.test/marker?key=1",
        "http://localhost:8080/marker",
    ]
    assert settings.bff.relay_keys() == (b"for tests alone".ljust(32, b"."),) * 2
    assert MARKER not in repr(settings)
    assert SECRET_KEY not in repr(settings)
