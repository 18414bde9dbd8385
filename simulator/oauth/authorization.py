"""`/oauth/authorize`: what an application asks for, and where the answer is sent."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from simulator.oauth.clients import Client, accepts
from simulator.oauth.errors import OAuthError, invalid_request
from simulator.oauth.grants import ALL_SCOPES, AuthorizationCode
from simulator.oauth.scopes import SCOPES
from simulator.state import State

CODE_LIFETIME = timedelta(minutes=10)
CHALLENGE_LENGTH = 43
"""Of a SHA-256 digest in base64url without padding."""
PARAMETERS = (
    "client_id",
    "response_type",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
    "scope",
    "state",
)


class UnknownApplicationError(Exception):
    """There is no address that the answer could safely be sent to: the user is told instead."""


class AuthorizationRequest(Struct, frozen=True, kw_only=True):
    """Not checked but for the client and its address; `challenge` is empty without PKCE."""

    client: Client
    redirect_uri: str
    response_type: str
    challenge: str
    challenge_method: str
    scopes: tuple[str, ...]
    state: str | None


def read_request(state: State, fields: Mapping[str, str]) -> AuthorizationRequest:
    """Raises `UnknownApplicationError`."""
    client = state.grants.clients.get(fields.get("client_id", ""))
    if client is None:
        raise UnknownApplicationError("There is no application with this client_id.")
    redirect_uri = fields.get("redirect_uri", "")
    forgiving = state.settings.assumptions.loopback_redirects_any_port
    if not accepts(client, redirect_uri, any_loopback_port=forgiving):
        raise UnknownApplicationError("The redirect_uri is not one of this application's.")
    return AuthorizationRequest(
        client=client,
        redirect_uri=redirect_uri,
        response_type=fields.get("response_type", ""),
        challenge=fields.get("code_challenge", ""),
        challenge_method=fields.get("code_challenge_method", ""),
        scopes=tuple(dict.fromkeys(fields.get("scope", "").split())),
        state=fields.get("state"),
    )


def check_request(state: State, request: AuthorizationRequest) -> None:
    """Raises `OAuthError` for what the application is told at its own address (RFC 6749 section 4.1.2.1)."""
    if request.response_type != "code":
        raise OAuthError("unsupported_response_type", "The response_type must be code.")
    assumptions = state.settings.assumptions
    if request.challenge or request.challenge_method or assumptions.pkce_required:
        if request.challenge_method != "S256":
            raise invalid_request("The code_challenge_method must be S256.")
        if len(request.challenge) != CHALLENGE_LENGTH:
            raise invalid_request("The code_challenge is missing or malformed.")
    if assumptions.unknown_scopes_refused and not set(request.scopes) <= SCOPES:
        raise OAuthError("invalid_scope", "A requested scope is unknown.")


def granted(state: State, request: AuthorizationRequest, user: str, now: datetime) -> str:
    """Where the browser goes with a new code."""
    omitted = () if state.settings.assumptions.omitted_scope_grants_nothing else (ALL_SCOPES,)
    code = AuthorizationCode(
        code=state.fresh_secret("authorization-code"),
        client=request.client.client_id,
        user=user,
        scopes=request.scopes or omitted,
        redirect_uri=request.redirect_uri,
        challenge=request.challenge or None,
        expires_at=now + CODE_LIFETIME,
    )
    state.grants.put_code(code)
    return _redirect(request, {"code": code.code})


def refused(request: AuthorizationRequest, error: OAuthError) -> str:
    return _redirect(request, error.body)


def _redirect(request: AuthorizationRequest, answer: Mapping[str, str]) -> str:
    parts = urlsplit(request.redirect_uri)
    echoed = {} if request.state is None else {"state": request.state}
    query = [*parse_qsl(parts.query, keep_blank_values=True), *answer.items(), *echoed.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))
