"""A pair of tokens as Calendly's OAuth server sends it, decoded strictly: what is odd about it is not believed."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from app.calendly.addresses import Origin, id_from, own_url
from app.calendly.exchange import Reply
from app.errors import UpstreamFailedError
from app.oauth.failures import AuthorizationAwayError
from app.oauth.grant import TokenPair

_Secret = Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]{1,8192}\Z")]
_Lifetime = Annotated[int, msgspec.Meta(ge=1, le=10 * 365 * 86_400)]


class _Tokens(msgspec.Struct, frozen=True):
    """`expires_in` is in seconds."""

    token_type: Annotated[str, msgspec.Meta(pattern=r"\A(?i:bearer)\Z")]
    access_token: _Secret
    refresh_token: _Secret
    expires_in: _Lifetime
    owner: str
    organization: str
    scope: str | None = None


def pair_from(reply: Reply, api: Origin, asked_at: datetime) -> TokenPair:
    """`api`: the origin in which users have their URIs.

    Raises `AuthorizationAwayError` for what cannot be read: it is as good as lost, and what was sent is spent.
    """
    try:
        tokens = msgspec.json.decode(reply.body, type=_Tokens)
        return TokenPair(
            account=id_from(api, tokens.owner),
            user=tokens.owner,
            organization=str(own_url(api, tokens.organization)),
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            # From when it was asked for: rather too early by the time of the call than too late.
            expires_at=asked_at + timedelta(seconds=tokens.expires_in),
            scopes=None if tokens.scope is None else tuple(tokens.scope.split()),
        )
    except (msgspec.MsgspecError, UpstreamFailedError):
        # Without the cause: it may quote what was sent.
        raise AuthorizationAwayError(may_have_arrived=True) from None
