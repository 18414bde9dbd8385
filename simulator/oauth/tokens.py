"""`POST /oauth/token`: a code or a refresh token for a new pair."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from simulator.errors import rate_limited
from simulator.oauth.call import OAuthCall, client_of_token_call
from simulator.oauth.clients import Client
from simulator.oauth.errors import OAuthError, invalid_grant
from simulator.oauth.grants import AuthorizationCode, TokenPair
from simulator.ratelimit import token_window

ACCESS_LIFETIME = timedelta(seconds=7200)
UNUSABLE = "The grant is invalid, expired, revoked, or was issued to another client."

Answer = tuple[dict[str, Any], dict[str, str]]
"""The body, and the headers it comes with."""


def create_token(call: OAuthCall) -> Answer:
    """Raises `OAuthError` (400, 401), or a 429 `CalendlyError` when the user's eight of a minute are spent."""
    client = client_of_token_call(call)
    match call.required("grant_type"):
        case "authorization_code":
            return _exchange(call, client)
        case "refresh_token":
            return _refresh(call, client)
        case _:
            raise OAuthError("unsupported_grant_type", "This grant type is not supported.")


def _exchange(call: OAuthCall, client: Client) -> Answer:
    code = call.state.grants.code(call.required("code"))
    redirect_uri, verifier = call.required("redirect_uri"), call.form.get("code_verifier", "")
    if code is None or code.client != client.client_id:
        raise invalid_grant(UNUSABLE)
    if code.spent:
        if call.state.settings.assumptions.reused_code_ends_grant:
            call.state.grants.end_chain(code.code)
        raise invalid_grant(UNUSABLE)
    if call.now >= code.expires_at or redirect_uri != code.redirect_uri or not _proves(verifier, code):
        raise invalid_grant(UNUSABLE)
    headers = _take_quota(call, code.user)
    call.state.grants.put_code(replace(code, spent=True))
    return _issue(call, code.code, client, code.user, code.scopes), headers


def _proves(verifier: str, code: AuthorizationCode) -> bool:
    """RFC 7636 section 4.6, S256. Without a challenge there is nothing to prove, and nothing to send."""
    if code.challenge is None:
        return not verifier
    digest = sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=") == code.challenge


def _refresh(call: OAuthCall, client: Client) -> Answer:
    pair = call.state.grants.of_refresh_token(call.required("refresh_token"))
    if pair is None or pair.client != client.client_id:
        raise invalid_grant(UNUSABLE)
    assumptions = call.state.settings.assumptions
    if pair.refresh_ended:
        if assumptions.reused_refresh_token_ends_grant:
            call.state.grants.end_chain(pair.code)
        raise invalid_grant(UNUSABLE)
    headers = _take_quota(call, pair.user)
    ended = pair.access_ended or assumptions.refresh_ends_access_token
    call.state.grants.put_pair(replace(pair, refresh_ended=True, access_ended=ended))
    return _issue(call, pair.code, client, pair.user, pair.scopes), headers


def _take_quota(call: OAuthCall, user: str) -> dict[str, str]:
    """The rate limit headers. Raises 429; then the code or refresh token is not spent."""
    windows = (token_window(),)
    allowed = call.state.limits.take(user, windows, call.now)
    headers = call.state.limits.standing(user, windows, call.now).headers()
    if not allowed:
        raise rate_limited(call.state.settings.assumptions, headers)
    return headers


def _issue(call: OAuthCall, code: str, client: Client, user: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    pair = TokenPair(
        access=call.state.fresh_secret("access-token"),
        refresh=call.state.fresh_secret("refresh-token"),
        code=code,
        client=client.client_id,
        user=user,
        scopes=scopes,
        created_at=call.now,
        expires_at=call.now + ACCESS_LIFETIME,
    )
    call.state.grants.put_pair(pair)
    return {
        "token_type": "Bearer",
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "scope": " ".join(scopes),
        "created_at": int(call.now.timestamp()),
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "owner": call.links.user(user),
        "organization": call.links.organization(),
    }
