"""What users have granted: codes, and the pairs of tokens that came of them. Frozen: a change is a new record."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from simulator.oauth.clients import Client

ALL_SCOPES = "default"
"""The scope of applications from before there were scopes."""


class AuthorizationCode(Struct, frozen=True, kw_only=True):
    code: str
    client: str
    user: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    expires_at: datetime
    spent: bool = False


class TokenPair(Struct, frozen=True, kw_only=True):
    """`code` is the one that the whole chain of refreshed pairs began with."""

    access: str
    refresh: str
    code: str
    client: str
    user: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    """Of the access token; the refresh token lives until it is used."""
    access_ended: bool = False
    refresh_ended: bool = False


class Grants:
    """Everything the OAuth server remembers."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self._codes: dict[str, AuthorizationCode] = {}
        self._pairs: dict[str, TokenPair] = {}
        self._access_of: dict[str, str] = {}

    def put_code(self, code: AuthorizationCode) -> None:
        """Add or replace."""
        self._codes[code.code] = code

    def code(self, code: str) -> AuthorizationCode | None:
        return self._codes.get(code)

    def put_pair(self, pair: TokenPair) -> None:
        """Add or replace."""
        self._pairs[pair.access] = pair
        self._access_of[pair.refresh] = pair.access

    def of_access_token(self, token: str) -> TokenPair | None:
        return self._pairs.get(token)

    def of_refresh_token(self, token: str) -> TokenPair | None:
        return self._pairs.get(self._access_of.get(token, ""))

    def valid(self, access_token: str, now: datetime) -> TokenPair | None:
        """The pair whose access token lets a caller in at this moment."""
        pair = self._pairs.get(access_token)
        return pair if pair and not pair.access_ended and now < pair.expires_at else None

    def pairs(self) -> Iterable[TokenPair]:
        return self._pairs.values()

    def end(self, pairs: Iterable[TokenPair]) -> None:
        """Both tokens of each."""
        for pair in list(pairs):
            self.put_pair(replace(pair, access_ended=True, refresh_ended=True))

    def end_chain(self, code: str) -> None:
        self.end(pair for pair in self._pairs.values() if pair.code == code)
