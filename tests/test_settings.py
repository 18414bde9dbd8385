"""Settings: what is wrong is named, what was given is never repeated."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.environment import settings_from_environment
from app.intents.options import MARGIN, ProtocolOptions
from app.serving import GRACE
from app.setting_values import is_loopback
from app.settings import BffSettings, CalendlySettings, ConfigurationError, Settings
from tests.support.keys import SECRET_KEY

MARKER = "marker"
TOKEN = "a-token-of-ours"

BROKEN = [
    pytest.param("CALENDLY_TOKEN", "marker", id="short token"),
    pytest.param("CALENDLY_TOKEN", "marker with blanks", id="token with blanks"),
    pytest.param("CALENDLY_TOKEN", "marker\nmarker", id="token of two lines"),
    pytest.param("CALENDLY_TOKEN", "märker-märker", id="token with umlauts"),
    pytest.param("CALENDLY_TOKEN", "marker" * 2000, id="endless token"),
    pytest.param("CALENDLY_API_URL", "http://marker.example.test", id="token without TLS"),
    pytest.param("CALENDLY_API_URL", "ftp://marker.example.test", id="FTP"),
    pytest.param("CALENDLY_API_URL", "marker.example.test", id="no scheme"),
    pytest.param("CALENDLY_API_URL", "https://", id="no host"),
    pytest.param("CALENDLY_API_URL", "", id="empty"),
    pytest.param("CALENDLY_API_URL", "https://marker.example.test/v2", id="a path"),
    pytest.param("CALENDLY_API_URL", "https://user:marker@example.test", id="a password"),
    pytest.param("CALENDLY_API_URL", "https://marker.example.test?x=1", id="a query"),
    pytest.param("CALENDLY_API_URL", "https://marker.example.test:99999", id="no such port"),
    pytest.param("CALENDLY_API_URL", "https://[marker", id="half an address"),
    pytest.param("CALENDLY_API_URL", "https://example.test:marker", id="a word for a port"),
    pytest.param("CALENDLY_API_URL", "https://marker\u2100.test", id="a letter that hides slashes"),
    pytest.param("BFF_REDIS_URL", "redis://example.test:marker/0", id="Redis on no port"),
    pytest.param("CALENDLY_TOKENS", "marker-marker", id="misspelt, of Calendly's"),
    pytest.param("BFF_REDIS_URL", "http://marker:6379", id="no Redis"),
    pytest.param("BFF_REDIS_URL", "redis://", id="Redis nowhere"),
    pytest.param("BFF_REDIS_URL", "memory", id="half an embedded store"),
    pytest.param("BFF_STATE_URL", "marker", id="state nowhere"),
    pytest.param("BFF_STATE_URL", "unix:///marker.sock", id="state on a file"),
    pytest.param("BFF_REDIS_URL", "redis://marker/0?db=1", id="a database by query"),
    pytest.param("BFF_STATE_URL", "rediss://marker/0?ssl_cert_reqs=none", id="TLS by query"),
    pytest.param("BFF_REDIS_URL", "redis://marker/0#1", id="a database by fragment"),
    pytest.param("BFF_REDIS_URL", "redis://marker/marker", id="a word for a database"),
    pytest.param("BFF_REDIS_URL", "redis://marker/-1", id="a database below zero"),
    pytest.param("BFF_REDIS_URL", "redis://marker/0/1", id="two databases"),
    pytest.param("BFF_REDIS_URL", "redis://marker/\u0661", id="a database in other digits"),
    pytest.param("BFF_REDIS_URL", "redis://marker:0/0", id="Redis on port 0"),
    pytest.param("BFF_SECRET_KEYS", "marker", id="no base64"),
    pytest.param("BFF_SECRET_KEYS", "bWFya2Vy", id="a short key"),
    pytest.param("BFF_SECRET_KEYS", f"{SECRET_KEY},marker", id="one of two keys"),
    pytest.param("CALENDLY_WEBHOOK_KEYS", "marker", id="a short signing key"),
    pytest.param("CALENDLY_WEBHOOK_KEYS", f"{SECRET_KEY},marker", id="one of two signing keys"),
    pytest.param("CALENDLY_WEBHOOK_KEYS", "marker with some blanks", id="a signing key with blanks"),
    pytest.param("BFF_PUBLIC_URL", "http://marker.example.test", id="deliveries without TLS"),
    pytest.param("BFF_PUBLIC_URL", "https://marker.example.test/hooks", id="deliveries to a path"),
    pytest.param("BFF_PUBLIC_URL", "marker.example.test", id="deliveries without scheme"),
    pytest.param("CALENDLY_TIER", "marker", id="no such plan"),
    pytest.param("CALENDLY_READ_TIMEOUT", "9", id="no visitor reads that slowly"),
    pytest.param("CALENDLY_BOOKING_TIMEOUT", "19", id="a visitor waits no longer"),
    pytest.param("CALENDLY_OAUTH_CLIENT_ID", "marker marker", id="client with blanks"),
    pytest.param("CALENDLY_OAUTH_CLIENT_ID", "marker:marker", id="client with its secret"),
    pytest.param("CALENDLY_OAUTH_CLIENT_SECRET", "marker", id="short secret"),
    pytest.param("CALENDLY_OAUTH_URL", "http://marker.example.test", id="secret without TLS"),
    pytest.param("CALENDLY_OAUTH_URL", "https://marker.example.test/oauth", id="OAuth on a path"),
    pytest.param("CALENDLY_OAUTH_SCOPES", "users:read,marker:read", id="scopes with commas"),
    pytest.param("CALENDLY_OAUTH_SCOPES", "users:marker", id="neither read nor write"),
    pytest.param("CALENDLY_OAUTH_SCOPES", "", id="no scopes"),
    pytest.param("BFF_PUBLIC_URL", "http://marker.example.test", id="codes without TLS"),
    pytest.param("BFF_PUBLIC_URL", "https://marker.example.test/booking", id="an address on a path"),
    pytest.param("BFF_OPERATOR_KEY", "marker" * 5, id="a short operator's key"),
    pytest.param("BFF_OPERATOR_KEY", "marker " * 8, id="an operator's key with blanks"),
    pytest.param("BFF_WARM_UP", "51", id="more than can be kept warm"),
    pytest.param("BFF_WARM_UP", "-1", id="less than none"),
    pytest.param("BFF_READ_SHARE", "0.81", id="nothing left for bookings"),
    pytest.param("BFF_READ_SHARE", "0.09", id="hardly anything to read with"),
    pytest.param("BFF_READ_SHARE", "nan", id="no share at all"),
    pytest.param("BFF_READ_SHARE", "marker", id="a word for a share"),
    pytest.param("BFF_QUIET_PERIOD", "0.5", id="hardly quiet"),
    pytest.param("BFF_ALLOWED_ORIGINS", "*", id="every origin"),
    pytest.param("BFF_ALLOWED_ORIGINS", "https://*.marker.example.test", id="a wildcard"),
    pytest.param("BFF_ALLOWED_ORIGINS", "null", id="null"),
    pytest.param("BFF_ALLOWED_ORIGINS", "marker.example.test", id="origin without scheme"),
    pytest.param("BFF_ALLOWED_ORIGINS", "https://a.example.test,https://marker.test/page", id="a page"),
    pytest.param("BFF_EVENT_TYPES", "intro call marker", id="a name for a slug"),
    pytest.param("BFF_EVENT_TYPES", "https://calendly.com/ada/marker", id="a link for a slug"),
    pytest.param("BFF_PRODUCTION", "marker", id="neither true nor false"),
    pytest.param("BFF_DEMO_PAGE", "2", id="a number for a switch"),
    pytest.param("BFF_AVAILABILITY_FRESH", "marker", id="no number"),
    pytest.param("BFF_AVAILABILITY_FRESH", "0", id="no time at all"),
    pytest.param("BFF_AVAILABILITY_FRESH", "-5", id="negative time"),
    pytest.param("BFF_AVAILABILITY_FRESH", "nan", id="not a number"),
    pytest.param("BFF_AVAILABILITY_FRESH", "inf", id="for ever"),
    pytest.param("BFF_EVENT_TYPES_FRESH", "86401", id="more than a day"),
    pytest.param("BFF_EVENT_TYPES_FRESH", "PT1M", id="a duration in letters"),
    pytest.param("BFF_STALE_IF_ERROR", "1e400", id="beyond doubles"),
    pytest.param("BFF_PORT", "marker", id="no port"),
    pytest.param("BFF_PORT", "65536", id="a port too high"),
    pytest.param("BFF_WORKERS", "0", id="no workers"),
    pytest.param("BFF_WORKERS", "65", id="too many workers"),
    pytest.param("BFF_LOG_LEVEL", "marker", id="no level"),
    pytest.param("BFF_MARKER", "marker", id="misspelt, of ours"),
]

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


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine that runs the tests, and no `.env` of a developer."""
    monkeypatch.chdir(tmp_path)
    for name in ("CALENDLY_TOKEN", "CALENDLY_API_URL", "BFF_REDIS_URL", "BFF_STATE_URL", "BFF_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.fault("P08")
@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_a_wrong_setting_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment()

    assert str(caught.value).startswith(f"{name}: ")
    assert MARKER not in str(caught.value)


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


def test_scopes_may_be_spread_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_OAUTH_SCOPES", " users:read  event_types:read ")

    assert settings_from_environment().calendly.oauth_scopes == "users:read event_types:read"


RELAY_SECRET = "whsec_" + SECRET_KEY


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


def test_all_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_TOKEN", "x")
    monkeypatch.setenv("BFF_PORT", "-1")

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment()

    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["CALENDLY_TOKEN", "BFF_PORT"]


def test_without_settings_there_are_defaults() -> None:
    assert settings_from_environment() == Settings()


def test_without_a_token_nothing_can_be_served() -> None:
    with pytest.raises(ConfigurationError, match="CALENDLY_TOKEN is not set"):
        Settings().require_access()


def test_without_a_token_accounts_of_others_can_be_served() -> None:
    Settings(calendly=CalendlySettings(oauth_client_id="simulator-native-client")).require_access()


def test_an_empty_token_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_TOKEN", "")

    assert settings_from_environment().calendly.token is None


def test_a_token_is_not_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_TOKEN", TOKEN)

    settings = settings_from_environment()

    assert settings.calendly.token == SecretStr(TOKEN)
    assert TOKEN not in repr(settings)


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"CALENDLY_TOKEN={TOKEN}\nBFF_PORT=8123\nOTHER=1\n")

    settings = settings_from_environment()

    assert (settings.calendly.token, settings.bff.port) == (SecretStr(TOKEN), 8123)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BFF_PORT=8123\n")
    monkeypatch.setenv("BFF_PORT", "8124")

    assert settings_from_environment().bff.port == 8124


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


def test_lifetimes_are_given_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_AVAILABILITY_FRESH", "1.5")

    assert settings_from_environment().bff.availability_fresh == timedelta(seconds=1.5)


def test_lifetimes_in_code_are_durations() -> None:
    assert BffSettings(availability_fresh=timedelta(minutes=1)).availability_fresh == timedelta(minutes=1)


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


def test_a_store_may_be_written_with_blanks_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_REDIS_URL", " redis://a.test/0 ")

    assert settings_from_environment().bff.redis_url == "redis://a.test/0"


def test_an_embedded_store_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_REDIS_URL", "memory://")

    assert settings_from_environment() == Settings()


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
