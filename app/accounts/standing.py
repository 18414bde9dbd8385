"""How many accounts are served, and which are not and why: for operators and their machines."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.accounts.accounts import Accounts
from app.accounts.connecting import Connecting
from app.oauth.grant import DeadReason

WHY_DEAD: Mapping[DeadReason, str] = {
    DeadReason.REVOKED: "Calendly no longer takes its refresh token.",
    DeadReason.REPLY_LOST: "A renewed token was lost on its way here.",
}

CONNECT_AGAIN = "Its owner has to connect it again: calendly-bff accounts link"

EVERYTHING = "default"
"""What tokens may do that were made before there were scopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`dead`: their grants are; `unreadable`: none of our keys opens what is stored of them."""

    open: int
    dead: int = 0
    unreadable: int = 0

    @property
    def is_idle(self) -> bool:
        """There are accounts, and none of them can be booked."""
        return self.open == 0 and self.dead + self.unreadable > 0


def standing(accounts: Accounts, connecting: Connecting | None) -> Standing:
    """As this process last heard: costs nothing."""
    served = len(accounts.all())
    if connecting is None:
        return Standing(open=served)
    dead = len(connecting.roster.dead())
    return Standing(open=served - dead, dead=dead, unreadable=len(connecting.roster.listing.unreadable))


def lacking(asked: Sequence[str], granted: Collection[str]) -> list[str]:
    """Those scopes that were not granted. What may write, may read."""
    held = {*granted, *(scope.replace(":write", ":read") for scope in granted)}
    return [] if EVERYTHING in held else [scope for scope in asked if scope not in held]
