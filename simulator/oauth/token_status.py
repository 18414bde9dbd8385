"""`POST /oauth/revoke` and `POST /oauth/introspect`: both take `client_id`, `client_secret` and `token`."""

from typing import Any

from msgspec.structs import replace

from simulator.oauth.call import OAuthCall, client_of_body
from simulator.oauth.errors import OAuthError, invalid_client
from simulator.oauth.grants import TokenPair


def revoke_token(call: OAuthCall) -> dict[str, Any]:
    """`{}`, for a token that nobody knows as well. Raises 403 for a client that is not the token's."""
    refusal = OAuthError("unauthorized_client", "You are not authorized to revoke this token.", 403)
    client = client_of_body(call, refusal=refusal)
    token = call.required("token")
    pair = _pair_of(call, token)
    if pair is None:
        return {}
    if pair.client != client.client_id:
        raise refusal
    both = call.state.settings.assumptions.revoking_ends_both_tokens
    ended = replace(
        pair,
        access_ended=pair.access_ended or both or token == pair.access,
        refresh_ended=pair.refresh_ended or both or token == pair.refresh,
    )
    call.state.grants.put_pair(ended)
    return {}


def introspect_token(call: OAuthCall) -> dict[str, Any]:
    """`{active: false}` alone for a token that is over, unknown, or another client's."""
    refusal = invalid_client(call.state.settings.assumptions.introspection_refused_status)
    client = client_of_body(call, refusal=refusal)
    token = call.required("token")
    pair = _pair_of(call, token)
    if pair is None or pair.client != client.client_id or not _active(call, pair, token):
        return {"active": False}
    facts: dict[str, Any] = {
        "active": True,
        "scope": " ".join(pair.scopes),
        "client_id": pair.client,
        "token_type": "Bearer",
        "iat": int(pair.created_at.timestamp()),
        "owner": call.links.user(pair.user),
        "organization": call.links.organization(),
    }
    if token == pair.access:
        facts["exp"] = int(pair.expires_at.timestamp())
    return facts


def _pair_of(call: OAuthCall, token: str) -> TokenPair | None:
    return call.state.grants.of_access_token(token) or call.state.grants.of_refresh_token(token)


def _active(call: OAuthCall, pair: TokenPair, token: str) -> bool:
    if token == pair.refresh:
        return not pair.refresh_ended
    return call.state.grants.valid(token, call.now) is not None
