"""Settings that are wrong by themselves: each is named, what was given is never repeated."""

import pytest

from app.environment import settings_from_environment
from app.settings import ConfigurationError
from tests.settings.examples import MARKER
from tests.support.keys import SECRET_KEY

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


def test_all_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDLY_TOKEN", "x")
    monkeypatch.setenv("BFF_PORT", "-1")

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment()

    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["CALENDLY_TOKEN", "BFF_PORT"]
