"""Every knob: typed, frozen, read from the environment and `.env`, one model per neighbour.

`CALENDLY_…` is what concerns Calendly, `BFF_…` what concerns this service. A
setting that is wrong or unknown stops the start; the message names the
variable and never repeats its value.
"""

import base64
import binascii
import ipaddress
import re
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.store_url import EMBEDDED_STORE, StoreUrl, same_database

KEY_BYTES = 32
"""Of a secret key: as many as AES-256 takes."""

_EVENT_TYPE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,8192}")


class ConfigurationError(Exception):
    """The service cannot start like this. The text names settings, never their values."""


def is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return host is not None and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        given = parts.port
    except ValueError:
        # The library's own complaint would repeat the value.
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("must be an http(s) origin such as https://booking.example.test")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("must be an origin without path or query")
    if "*" in parts.netloc:
        raise ValueError("must name one exact origin; wildcards are not offered")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if given in {None, default} else f":{given}"
    return f"{parts.scheme}://{host}{port}"


def _api_url(value: str) -> str:
    origin = _origin(value)
    if origin.startswith("http://") and not is_loopback(urlsplit(origin).hostname):
        raise ValueError("must use https: the token travels with every call")
    return origin


def _token(value: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("does not look like a token: 8 or more visible characters without spaces")
    return value


def _secret_key(value: SecretStr) -> SecretStr:
    if len(key_bytes(value)) < KEY_BYTES:
        raise ValueError(f"must be base64 of {KEY_BYTES} random bytes each: openssl rand -base64 {KEY_BYTES}")
    return value


def key_bytes(value: SecretStr) -> bytes:
    """The bytes of a secret key; none where it is not base64."""
    try:
        return base64.b64decode(value.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _event_type(value: str) -> str:
    if not _EVENT_TYPE.fullmatch(value):
        raise ValueError("must be slugs or ids of event types, separated by commas")
    return value


def _split(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        raise ValueError("must be a number of seconds") from None


def _blank_is_unset(value: object) -> object:
    return None if value == "" else value


CommaSeparated = (NoDecode, BeforeValidator(_split))
Origin = Annotated[str, AfterValidator(_origin)]
Lifetime = Annotated[
    timedelta, BeforeValidator(_seconds), Field(ge=timedelta(seconds=1), le=timedelta(days=1))
]
"""Given in seconds."""


class CalendlySettings(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """`CALENDLY_…`"""

    token: Annotated[
        Annotated[SecretStr, AfterValidator(_token)] | None,
        BeforeValidator(_blank_is_unset),
        Field(
            description="Personal access token of the account whose calendar is offered. Required to serve."
        ),
    ] = None
    api_url: Annotated[
        str,
        AfterValidator(_api_url),
        Field(description="Origin of Calendly's API. Anything but https is refused, except on loopback."),
    ] = "https://api.calendly.com"
    tier: Annotated[
        Literal["auto", "free", "trial", "paid", "enterprise"],
        Field(
            description="Plan of the account, which decides its quotas; auto learns it from Calendly's headers."
        ),
    ] = "auto"
    read_timeout: Annotated[
        timedelta,
        BeforeValidator(_seconds),
        Field(
            ge=timedelta(seconds=1),
            le=timedelta(seconds=8),
            description="Seconds that whoever reads waits for Calendly, second try included.",
        ),
    ] = timedelta(seconds=3)
    booking_timeout: Annotated[
        timedelta,
        BeforeValidator(_seconds),
        Field(
            ge=timedelta(seconds=2),
            le=timedelta(seconds=18),
            description="Seconds that a booking waits for Calendly before its outcome counts as unknown.",
        ),
    ] = timedelta(seconds=18)


class BffSettings(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """`BFF_…`"""

    redis_url: Annotated[
        StoreUrl,
        Field(description="The cache, which may be evicted: Redis, Cluster or Sentinel, or memory://."),
    ] = EMBEDDED_STORE
    state_url: Annotated[
        StoreUrl, Field(description="What must not be lost: likewise, of its own and with noeviction.")
    ] = EMBEDDED_STORE
    secret_keys: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_secret_key)], ...],
        *CommaSeparated,
        Field(
            description="Keys for manage tokens and stored bookings, base64 of 32 bytes each, separated by commas:"
            " the first seals, all open. Required with a Redis for state."
        ),
    ] = ()
    quiet_period: Annotated[
        timedelta,
        BeforeValidator(_seconds),
        Field(
            ge=timedelta(seconds=1),
            le=timedelta(minutes=10),
            description="Seconds after which a booking that Calendly neither confirmed nor shows counts as not made.",
        ),
    ] = timedelta(seconds=30)
    allowed_origins: Annotated[
        tuple[Origin, ...],
        *CommaSeparated,
        Field(description="Origins of front ends that may call from a browser, separated by commas."),
    ] = ()
    event_types: Annotated[
        tuple[Annotated[str, AfterValidator(_event_type)], ...],
        *CommaSeparated,
        Field(description="Slugs or ids of the event types to publish, separated by commas. Empty: all."),
    ] = ()
    production: Annotated[bool, Field(description="Refuse to start on the embedded store.")] = False
    demo_page: Annotated[bool, Field(description="Serve a small booking page at `/`.")] = False
    availability_fresh: Annotated[
        Lifetime,
        Field(description="Seconds for which free times are answered without asking Calendly again."),
    ] = timedelta(seconds=30)
    availability_stale: Annotated[
        Lifetime,
        Field(
            description="Seconds for which older free times are answered, marked, while they are read again."
        ),
    ] = timedelta(minutes=10)
    event_types_fresh: Annotated[
        Lifetime,
        Field(description="Seconds for which event types and forms are answered without asking again."),
    ] = timedelta(seconds=60)
    stale_if_error: Annotated[
        Lifetime,
        Field(description="Seconds for which an older answer is still given, marked, while Calendly fails."),
    ] = timedelta(minutes=60)
    read_share: Annotated[
        float,
        Field(
            ge=0.1,
            le=0.8,
            description="Share of the calls that Calendly allows in a minute, up to which free times and event"
            " types are read; the rest is for bookings.",
        ),
    ] = 0.8
    host: Annotated[str, Field(description="Address that `calendly-bff serve` listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port of `calendly-bff serve`.")] = 8000
    workers: Annotated[int, Field(ge=1, le=64, description="Processes of `calendly-bff serve`.")] = 1
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least severity that is logged.")
    ] = "info"

    @model_validator(mode="after")
    def _ages_in_order(self) -> Self:
        if not self.availability_fresh <= self.availability_stale <= self.stale_if_error:
            raise ValueError(
                "BFF_AVAILABILITY_FRESH, BFF_AVAILABILITY_STALE and BFF_STALE_IF_ERROR must not be shorter"
                " than the one before"
            )
        return self

    @model_validator(mode="after")
    def _needs_redis(self) -> Self:
        embedded = EMBEDDED_STORE in {self.redis_url, self.state_url}
        if embedded and (self.production or self.workers > 1):
            raise ValueError(
                "BFF_REDIS_URL and BFF_STATE_URL must name a Redis"
                " when BFF_PRODUCTION is set or BFF_WORKERS is above 1"
            )
        if not embedded and same_database(self.redis_url, self.state_url):
            raise ValueError(
                "BFF_REDIS_URL and BFF_STATE_URL must differ: a cache may be evicted, state may not"
            )
        if self.state_url != EMBEDDED_STORE and not self.secret_keys:
            raise ValueError(
                "BFF_SECRET_KEYS must be set where BFF_STATE_URL names a Redis:"
                f" openssl rand -base64 {KEY_BYTES}"
            )
        return self


class Settings(BaseModel, frozen=True):
    """What the whole service is told."""

    calendly: CalendlySettings = CalendlySettings()
    bff: BffSettings = BffSettings()

    def keys(self) -> tuple[bytes, ...]:
        """Those that are set; none on the embedded store, for which one that dies with it is enough."""
        return tuple(key_bytes(key) for key in self.bff.secret_keys)

    def required_token(self) -> SecretStr:
        if self.calendly.token is None:
            raise ConfigurationError("CALENDLY_TOKEN is not set: without it there is no calendar to offer")
        return self.calendly.token


class _Environment(BaseSettings):
    """Reads the variables: `BFF_REDIS_URL` becomes `bff.redis_url`."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="_", env_nested_max_split=1, extra="ignore", hide_input_in_errors=True
    )

    calendly: CalendlySettings = CalendlySettings()
    bff: BffSettings = BffSettings()


def settings_from_environment(env_file: str | None = ".env") -> Settings:
    """What the environment says; what it leaves unsaid, `env_file`.

    Raises `ConfigurationError` with one line for each variable that is wrong.
    """
    try:
        found = _Environment(_env_file=env_file)
    except ValidationError as error:
        raise ConfigurationError(_explained(error)) from None
    return Settings(calendly=found.calendly, bff=found.bff)


def _explained(error: ValidationError) -> str:
    return "\n".join(
        f"{_variable(fault['loc'])}{_reason(fault['type'], fault['msg'])}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _variable(location: tuple[int | str, ...]) -> str:
    of_one = len(location) > 1
    return "_".join(str(part) for part in location[:2]).upper() + ": " if of_one else ""


def _reason(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such setting"
    return message.removeprefix("Value error, ")
