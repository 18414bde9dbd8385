"""What the whole service is told: typed, frozen. `CALENDLY_…` is what concerns Calendly, `BFF_…` this service."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.calendly_settings import CalendlySettings
from app.setting_values import (
    KEY_BYTES,
    BlankIsUnset,
    CommaSeparated,
    EventType,
    Lifetime,
    OperatorKey,
    Origin,
    PublicUrl,
    RelaySecret,
    RelayUrl,
    Seconds,
    SecretKey,
    is_loopback,
    is_loopback_url,
    key_bytes,
    relay_secret_bytes,
)
from app.store_url import EMBEDDED_STORE, StoreUrl, same_database


class ConfigurationError(Exception):
    """The service cannot start like this. The text names settings, never their values."""


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
        tuple[SecretKey, ...],
        *CommaSeparated,
        Field(
            description="Keys for manage tokens and stored bookings, base64 of 32 bytes each, separated by commas:"
            " the first seals, all open. Required with a Redis for state."
        ),
    ] = ()
    quiet_period: Annotated[
        Seconds,
        Field(
            ge=timedelta(seconds=1),
            le=timedelta(minutes=10),
            description="Seconds after which a booking that Calendly neither confirmed nor shows counts as not made.",
        ),
    ] = timedelta(seconds=30)
    relay_urls: Annotated[
        tuple[RelayUrl, ...],
        *CommaSeparated,
        Field(
            max_length=8,
            description="Where your own backend is told of bookings, separated by commas; https only, but for this"
            " machine where BFF_RELAY_ALLOW_PRIVATE is set.",
        ),
    ] = ()
    relay_secrets: Annotated[
        tuple[RelaySecret, ...],
        *CommaSeparated,
        Field(
            description="What these notices are signed with: `whsec_` and base64 of 24 to 64 bytes each, separated by"
            " commas; each signs. Required with BFF_RELAY_URLS."
        ),
    ] = ()
    relay_allow_private: Annotated[
        bool, Field(description="Let notices go to this machine and to private networks, too.")
    ] = False
    allowed_origins: Annotated[
        tuple[Origin, ...],
        *CommaSeparated,
        Field(description="Origins of front ends that may call from a browser, separated by commas."),
    ] = ()
    public_url: Annotated[
        PublicUrl | None,
        BlankIsUnset,
        Field(
            description="Origin at which browsers and Calendly reach this service. Anything but https is refused,"
            " except on loopback."
        ),
    ] = None
    event_types: Annotated[
        tuple[EventType, ...],
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
    warm_up: Annotated[
        int,
        Field(
            ge=0,
            le=50,
            description="How many of the most asked event types have their free times read again before they age."
            " 0: none.",
        ),
    ] = 0
    event_streams: Annotated[
        int,
        Field(
            ge=0,
            le=100_000,
            description="How many event streams one process keeps open, as far as there are connections for twice"
            " as many.",
        ),
    ] = 5000
    operator_key: Annotated[
        OperatorKey | None,
        BlankIsUnset,
        Field(
            description="Lets your own backend make links that connect accounts: 32 or more characters. Without it"
            " only `calendly-bff accounts link` does."
        ),
    ] = None
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
    def _needs_an_address(self) -> Self:
        if self.operator_key is not None and self.origin() is None:
            raise ValueError("BFF_PUBLIC_URL must be set where BFF_OPERATOR_KEY is")
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

    @model_validator(mode="after")
    def _relays_safely(self) -> Self:
        if self.relay_urls and not self.relay_secrets:
            raise ValueError(
                "BFF_RELAY_SECRETS must be set where BFF_RELAY_URLS is:"
                ' echo "whsec_$(openssl rand -base64 32)"'
            )
        if not self.relay_allow_private and any(map(is_loopback_url, self.relay_urls)):
            raise ValueError(
                "BFF_RELAY_URLS must not name this machine unless BFF_RELAY_ALLOW_PRIVATE is set"
            )
        return self

    def relay_keys(self) -> tuple[bytes, ...]:
        return tuple(map(relay_secret_bytes, self.relay_secrets))

    def origin(self) -> str | None:
        """Where browsers reach us, as far as that is known."""
        if self.public_url is not None:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}" if is_loopback(self.host) else None


class Settings(BaseModel, frozen=True):
    """What the whole service is told."""

    calendly: CalendlySettings = CalendlySettings()
    bff: BffSettings = BffSettings()

    def keys(self) -> tuple[bytes, ...]:
        """Those that are set; none on the embedded store, for which one that dies with it is enough."""
        return tuple(key_bytes(key) for key in self.bff.secret_keys)

    def webhook_keys(self) -> tuple[bytes, ...]:
        return tuple(key.get_secret_value().encode() for key in self.calendly.webhook_keys)

    def require_access(self) -> None:
        """Raises `ConfigurationError` where there is no calendar to offer, nor will be."""
        if self.calendly.token is None and self.calendly.oauth_client_id is None:
            raise ConfigurationError(
                "CALENDLY_TOKEN is not set: without it there is no calendar to offer."
                " (To offer only those that are connected, set CALENDLY_OAUTH_CLIENT_ID.)"
            )
