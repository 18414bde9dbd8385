"""Settings that are wrong only with others, or without them: they are named, what was given is never repeated."""

from datetime import timedelta

import pytest

from app.calendly_settings import CalendlySettings
from app.environment import settings_from_environment
from app.intents.options import MARGIN, ProtocolOptions
from app.serving import GRACE
from app.settings import ConfigurationError, Settings
from tests.settings.examples import MARKER, RELAY_SECRET
from tests.support.keys import SECRET_KEY

CONTRADICTIONS = [
    pytest.param({"BFF_PRODUCTION": "true"}, id="production without Redis"),
    pytest.param({"BFF_WORKERS": "2"}, id="workers without Redis"),
    pytest.param({"BFF_WORKERS": "2", "BFF_REDIS_URL": "redis://marker:6379/0"}, id="half on Redis"),
    pytest.param(
        {"BFF_REDIS_URL": "redis://marker:6379/0", "BFF_STATE_URL": "redis://marker:6379/0"},
        id="cache and state in one",
    ),
    *(
        pytest.param({"BFF_REDIS_URL": "redis://marker.test:6379/0", "BFF_STATE_URL": state}, id=name)
        for name, state in {
            "in one, by its usual port": "redis://marker.test/0",
            "in one, by its usual database": "redis://marker.test:6379",
            "in one, by a slash": "redis://marker.test:6379/",
            "in one, by zeros": "redis://marker.test:06379/00",
            "in one, in capitals": "redis://MARKER.test:6379/0",
            "in one, with a password": "redis://marker:marker@marker.test:6379/0",
            "in one, with TLS": "rediss://marker.test:6379/0",
            "in one, with blanks": " redis://marker.test:6379/0 ",
        }.items()
    ),
]


@pytest.mark.fault("P08")
@pytest.mark.parametrize("environment", CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment()

    assert "BFF_REDIS_URL and BFF_STATE_URL must" in str(caught.value)
    assert MARKER not in str(caught.value)


@pytest.mark.fault("P08")
def test_state_in_redis_needs_a_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_STATE_URL", "redis://marker.test:6379/1")

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment()

    assert "BFF_SECRET_KEYS must be set" in str(caught.value)
    assert MARKER not in str(caught.value)


@pytest.mark.fault("P08")
def test_a_secret_needs_to_be_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_OAUTH_CLIENT_SECRET", "marker-marker")

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment()

    assert str(caught.value).startswith("CALENDLY_OAUTH_CLIENT_ID must be set")
    assert MARKER not in str(caught.value)


def test_a_native_application_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_OAUTH_CLIENT_ID", "native")
    monkeypatch.setenv("CALENDLY_OAUTH_CLIENT_SECRET", "")

    calendly = settings_from_environment().calendly

    assert (calendly.oauth_client_id, calendly.oauth_client_secret) == ("native", None)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param(
            {"BFF_RELAY_URLS": "https://backend.test/marker"}, "BFF_RELAY_SECRETS must be set", id="unsigned"
        ),
        pytest.param(
            {"BFF_RELAY_URLS": "http://127.0.0.1/marker", "BFF_RELAY_SECRETS": RELAY_SECRET},
            "BFF_RELAY_URLS must not name this machine",
            id="to this machine",
        ),
    ],
)
def test_a_relay_that_cannot_be_is_explained(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment()

    assert said in str(caught.value)
    assert MARKER not in str(caught.value)


def test_without_a_token_nothing_can_be_served() -> None:
    with pytest.raises(ConfigurationError, match="CALENDLY_TOKEN is not set"):
        Settings().require_access()


def test_without_a_token_accounts_of_others_can_be_served() -> None:
    Settings(calendly=CalendlySettings(oauth_client_id="simulator-native-client")).require_access()


@pytest.mark.parametrize(
    ("cache", "state"),
    [
        pytest.param("redis://a.test/0", "redis://a.test/1", id="two databases"),
        pytest.param("redis://a.test:6379", "redis://a.test:6380", id="two ports"),
        pytest.param("redis://a.test", "redis://b.test", id="two hosts"),
    ],
)
def test_two_stores_may_look_alike(monkeypatch: pytest.MonkeyPatch, cache: str, state: str) -> None:
    monkeypatch.setenv("BFF_REDIS_URL", cache)
    monkeypatch.setenv("BFF_STATE_URL", state)
    monkeypatch.setenv("BFF_SECRET_KEYS", SECRET_KEY)

    assert settings_from_environment().bff.state_url == state


@pytest.mark.fault("P02")
def test_a_stop_waits_longer_than_any_booking_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an operator sets: what would take longer than a stop waits is refused at the start."""
    longest = timedelta(seconds=18)
    monkeypatch.setenv("CALENDLY_BOOKING_TIMEOUT", str(longest.total_seconds()))
    allowed = settings_from_environment().calendly.booking_timeout
    monkeypatch.setenv("CALENDLY_BOOKING_TIMEOUT", str(longest.total_seconds() + 0.1))
    with pytest.raises(ConfigurationError, match="CALENDLY_BOOKING_TIMEOUT"):
        settings_from_environment()

    options = ProtocolOptions.of(booking_timeout=allowed, quiet=timedelta(0))
    assert options.answer_within + MARGIN < timedelta(seconds=GRACE)
