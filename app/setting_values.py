"""What a setting may say. What is wrong with it is told without its value, which may be a secret."""

import base64
import binascii
import ipaddress
import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

KEY_BYTES = 32
"""Of a secret key: as many as AES-256 takes."""

RELAY_PREFIX = "whsec_"
RELAY_FEWEST_BYTES, RELAY_MOST_BYTES = 24, 64
"""Of a secret that signs notices, by Standard Webhooks."""

_EVENT_TYPE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,8192}")
_OPERATOR_KEY = re.compile(r"[\x21-\x7e]{32,8192}")
_CLIENT_ID = re.compile(r"[\x21-\x39\x3b-\x7e]{1,256}")
_SCOPES = re.compile(r"[a-z_]+(?::(?:read|write))?(?: [a-z_]+(?::(?:read|write))?)*", re.ASCII)
_SIGNING_KEY = re.compile(r"[\x21-\x7e]{16,512}")


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


def _public_url(value: str) -> str:
    origin = _origin(value)
    if origin.startswith("http://") and not is_loopback(urlsplit(origin).hostname):
        raise ValueError("must use https, except on loopback: codes and deliveries arrive there")
    return origin


def _operator_key(value: SecretStr) -> SecretStr:
    if not _OPERATOR_KEY.fullmatch(value.get_secret_value()):
        raise ValueError("must be 32 or more visible characters without spaces: openssl rand -hex 32")
    return value


def _signing_key(value: SecretStr) -> SecretStr:
    if not _SIGNING_KEY.fullmatch(value.get_secret_value()):
        raise ValueError("must be 16 or more visible characters each, without spaces: openssl rand -hex 32")
    return value


def _token(value: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("does not look like a token: 8 or more visible characters without spaces")
    return value


def _client_id(value: str) -> str:
    if not _CLIENT_ID.fullmatch(value):
        raise ValueError("must be the id that Calendly gave the application: no blanks, no colon")
    return value


def _scopes(value: str) -> str:
    scopes = " ".join(value.split())
    if not _SCOPES.fullmatch(scopes):
        raise ValueError("must be names of scopes such as users:read, separated by blanks")
    return scopes


def _secret_key(value: SecretStr) -> SecretStr:
    if len(key_bytes(value)) < KEY_BYTES:
        raise ValueError(f"must be base64 of {KEY_BYTES} random bytes each: openssl rand -base64 {KEY_BYTES}")
    return value


def _relay_url(value: SecretStr) -> SecretStr:
    try:
        parts = httpx.URL(value.get_secret_value())
    except (httpx.InvalidURL, ValueError):
        # The library's own complaint would repeat the value.
        raise ValueError("must be URLs, separated by commas") from None
    if parts.scheme not in {"http", "https"} or not parts.host or parts.userinfo or parts.fragment:
        raise ValueError("must be URLs such as https://backend.example.test/bookings")
    if parts.scheme == "http" and not is_loopback(parts.host):
        raise ValueError("must use https: names and addresses of visitors travel with every notice")
    return value


def is_loopback_url(value: SecretStr) -> bool:
    return is_loopback(httpx.URL(value.get_secret_value()).host)


def _relay_secret(value: SecretStr) -> SecretStr:
    relay_secret_bytes(value)
    return value


def relay_secret_bytes(value: SecretStr) -> bytes:
    """The key in `whsec_<base64>`. Raises `ValueError`, which does not repeat it."""
    prefix, text = (
        value.get_secret_value()[: len(RELAY_PREFIX)],
        value.get_secret_value()[len(RELAY_PREFIX) :],
    )
    key = key_bytes(SecretStr(text))
    if prefix != RELAY_PREFIX or not RELAY_FEWEST_BYTES <= len(key) <= RELAY_MOST_BYTES:
        raise ValueError(
            f"must be {RELAY_PREFIX} and base64 of {RELAY_FEWEST_BYTES} to {RELAY_MOST_BYTES} random bytes each"
        )
    return key


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
BlankIsUnset = BeforeValidator(_blank_is_unset)
Token = Annotated[SecretStr, AfterValidator(_token)]
ClientId = Annotated[str, AfterValidator(_client_id)]
Scopes = Annotated[str, AfterValidator(_scopes)]
SecretKey = Annotated[SecretStr, AfterValidator(_secret_key)]
RelayUrl = Annotated[SecretStr, AfterValidator(_relay_url)]
RelaySecret = Annotated[SecretStr, AfterValidator(_relay_secret)]
Origin = Annotated[str, AfterValidator(_origin)]
ApiUrl = Annotated[str, AfterValidator(_api_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
SigningKey = Annotated[SecretStr, AfterValidator(_signing_key)]
OperatorKey = Annotated[SecretStr, AfterValidator(_operator_key)]
EventType = Annotated[str, AfterValidator(_event_type)]
Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
Lifetime = Annotated[Seconds, Field(ge=timedelta(seconds=1), le=timedelta(days=1))]
