"""One call of the OAuth server, and who its client is."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import compare_digest

from simulator.links import Links
from simulator.oauth.clients import Client
from simulator.oauth.errors import OAuthError, invalid_client, invalid_request
from simulator.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthCall:
    """`base` is the URL the simulator was reached at; `authorization` the header, empty when absent."""

    state: State
    base: str
    now: datetime
    form: Mapping[str, str]
    authorization: str = ""

    @property
    def links(self) -> Links:
        return Links(self.base)

    def required(self, name: str) -> str:
        """Raises 400 `invalid_request` when the field is absent or empty."""
        value = self.form.get(name)
        if not value:
            raise invalid_request(f"The parameter {name} is missing.")
        return value


def client_of_token_call(call: OAuthCall) -> Client:
    """A web client by HTTP Basic, a native one by its `client_id` alone. Raises 401 `invalid_client`."""
    credentials = _basic_credentials(call.authorization)
    if credentials is not None:
        return authenticated(call, *credentials, refusal=invalid_client())
    if call.state.settings.assumptions.client_secret_in_token_body:
        return client_of_body(call, refusal=invalid_client())
    client = call.state.grants.clients.get(call.form.get("client_id", ""))
    if client is None or client.client_secret is not None:
        raise invalid_client()
    return client


def client_of_body(call: OAuthCall, *, refusal: OAuthError) -> Client:
    """By `client_id` and `client_secret` in the form; a native client has no secret to send."""
    return authenticated(
        call, call.form.get("client_id", ""), call.form.get("client_secret", ""), refusal=refusal
    )


def authenticated(call: OAuthCall, client_id: str, secret: str, *, refusal: OAuthError) -> Client:
    client = call.state.grants.clients.get(client_id)
    if client is None or not compare_digest((client.client_secret or "").encode(), secret.encode()):
        raise refusal
    return client


def _basic_credentials(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (Base64Error, ValueError):
        return ("", "")
    return (client_id, secret)
