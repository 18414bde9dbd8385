"""Manage tokens: who holds one may read, cancel and move one booking.

A token says all there is to know and is kept nowhere, so that it works on every
replica, and after the store has lost everything.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from app.sealing import Sealer

_SHORT_NAMES = {
    "booking": "b",
    "account": "a",
    "event_type": "t",
    "start": "s",
    "email": "m",
    "expires_at": "x",
    "event": "e",
    "invitee": "i",
    "root": "r",
    "generation": "g",
    "replaced": "p",
    "sent_at": "w",
    "asked": "q",
}


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=_SHORT_NAMES):
    """What a token says of its booking.

    `event` and `invitee` are ids at Calendly, once they are known. A booking
    that moves becomes another one: `root` is the id of the first of the chain,
    `generation` counts the moves, `replaced` is the id of the one before.
    `sent_at` is when it was asked for. `asked` is a digest of what was said, by which
    it is known again at Calendly while its ids are not.

    Fields may be added, with a default, and never renamed: two versions of this
    service read each other's tokens. Raises `ValueError` for times without offset.
    """

    booking: str
    account: str
    event_type: str
    start: datetime
    email: str
    expires_at: datetime
    event: str | None = None
    invitee: str | None = None
    root: str
    generation: int = 0
    replaced: str | None = None
    sent_at: datetime | None = None
    asked: str | None = None

    def __post_init__(self) -> None:
        if any(
            each is not None and each.tzinfo is None for each in (self.start, self.expires_at, self.sent_at)
        ):
            raise ValueError("the times of a booking need an offset")


class ManageTokens:
    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def issue(self, claims: Claims) -> str:
        """A token for an `Authorization` header: below 400 characters for a usual address, times to the microsecond."""
        return self._sealer.seal(_packed(claims))

    def read(self, token: str, now: datetime) -> Claims | None:
        """The claims, with their times in UTC; None for whatever is not a token of ours, or no longer.

        A wrong token is read as one that has expired, so that both take the same
        steps and the same time.
        """
        plain = self._sealer.open(token)
        claims = _unpacked(_EXPIRED if plain is None else plain)
        return claims if claims is not None and now < claims.expires_at else None


def _packed(claims: Claims) -> bytes:
    fields = msgspec.to_builtins(claims, builtin_types=(datetime,))
    return msgspec.msgpack.encode({name: _short(value) for name, value in fields.items()})


def _unpacked(plain: bytes) -> Claims | None:
    try:
        fields: Mapping[str, Any] = msgspec.msgpack.decode(plain, type=dict[str, Any])
        return msgspec.convert({name: _long(value) for name, value in fields.items()}, Claims)
    except ValueError:
        return None


def _short(value: object) -> object:
    """A UUID as its 16 bytes: Calendly's ids are most of a token. Any other text stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        uuid = UUID(value)
    except ValueError:
        return value
    return uuid.bytes if str(uuid) == value else value


def _long(value: object) -> object:
    return str(UUID(bytes=value)) if isinstance(value, bytes) else value


_EXPIRED = _packed(
    Claims(
        booking="",
        account="",
        event_type="",
        start=datetime.min.replace(tzinfo=UTC),
        email="",
        expires_at=datetime.min.replace(tzinfo=UTC),
        root="",
    )
)
