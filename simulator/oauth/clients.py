"""Applications that users may connect: what Calendly's developer portal would keep of them."""

from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct, field

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
CALLBACK_PATH = "/oauth/callback"


class Client(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A web client has a secret, a native one has none. `webhook_signing_key` signs all its subscriptions."""

    client_id: str
    name: str
    kind: Literal["web", "native"] = "web"
    client_secret: str | None = None
    redirect_uris: list[str] = field(default_factory=list)
    webhook_signing_key: str | None = None

    def __post_init__(self) -> None:
        if not self.client_id or ":" in self.client_id:
            raise ValueError("clientId is a text without a colon")
        if (self.kind == "web") != bool(self.client_secret):
            raise ValueError("a web client has a clientSecret, a native one has none")
        if not all(is_redirect_uri(uri) for uri in self.redirect_uris):
            raise ValueError("redirectUris are absolute URIs without a fragment")


def is_redirect_uri(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in uri


def accepts(client: Client, redirect_uri: str, *, any_loopback_port: bool) -> bool:
    """Character by character, but for the port of a loopback address, where that is forgiven."""
    if redirect_uri in client.redirect_uris:
        return True
    bare = _without_loopback_port(redirect_uri)
    return (
        any_loopback_port
        and bare is not None
        and bare in {_without_loopback_port(uri) for uri in client.redirect_uris}
    )


def _without_loopback_port(uri: str) -> str | None:
    if not is_redirect_uri(uri):
        return None
    parts = urlsplit(uri)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or "@" in parts.netloc:
        return None
    return urlunsplit(parts._replace(netloc=parts.hostname))


SEED_CLIENTS = (
    Client(
        client_id="simulator-web-client",
        name="Example Web Application",
        client_secret="simulator-web-client-secret",
        redirect_uris=[f"http://{host}{CALLBACK_PATH}" for host in ("127.0.0.1", "localhost")],
        webhook_signing_key="simulator-web-client-signing-key",
    ),
    Client(
        client_id="simulator-native-client",
        name="Example Native Application",
        kind="native",
        redirect_uris=[
            *(f"http://{host}{CALLBACK_PATH}" for host in ("127.0.0.1", "localhost")),
            "test.example.native:/oauth/callback",
        ],
        webhook_signing_key="simulator-native-client-signing-key",
    ),
)
