"""What a Calendly user has granted us, and the pairs of tokens that come of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import msgspec


class DeadReason(StrEnum):
    """Why no token will come of a grant any more: only its owner can mend that, by granting again."""

    REVOKED = "revoked"
    """Calendly no longer takes its refresh token."""

    REPLY_LOST = "reply_lost"
    """The refresh token was spent, and nobody has what came for it: a process died, or the reply did not arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What Calendly's OAuth server has issued. `account` is the id at the end of `user`, a URI like `organization`."""

    account: str
    user: str
    organization: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    """Of the access token; the refresh token lives until it is used."""
    scopes: tuple[str, ...] | None
    """None where the answer does not say."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One account and its current pair of tokens. `generation` counts the pairs that were stored for it."""

    account: str
    user: str
    organization: str
    scopes: tuple[str, ...]
    access_token: str
    refresh_token: str
    expires_at: datetime
    connected_at: datetime
    generation: int = 0
    dead_reason: DeadReason | None = None

    @classmethod
    def of(cls, pair: TokenPair, connected_at: datetime) -> Self:
        """As it is before anybody has stored it."""
        return cls(
            account=pair.account,
            user=pair.user,
            organization=pair.organization,
            scopes=pair.scopes or (),
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_at=pair.expires_at,
            connected_at=connected_at,
        )

    def renewed(self, pair: TokenPair) -> "Grant":
        return msgspec.structs.replace(
            self,
            organization=pair.organization,
            scopes=self.scopes if pair.scopes is None else pair.scopes,
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_at=pair.expires_at,
        )

    def __repr__(self) -> str:
        """Say whose it is: a token is nothing for a log or a traceback."""
        return f"<Grant {self.account} {self.generation} {self.dead_reason or 'alive'}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("account", self.account)]
