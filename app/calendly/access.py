"""The token to call with, and what may keep us from having one, whoever brings it."""

from typing import Protocol

from pydantic import SecretStr


class AccessError(Exception):
    """There is no token for this account."""


class GrantDeadError(AccessError):
    """Nor will there be one until its owner grants access again.

    `reason`: `revoked`, `reply_lost` (a renewed token was lost on its way to us), or `disconnected`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AccessLateError(AccessError):
    """Not now: a renewal takes too long, has failed, or cannot be begun. In `retry_after` seconds there may be one."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("no token at the moment")
        self.retry_after = retry_after


class Access(Protocol):
    """To one account. Both raise `AccessError`."""

    async def current(self) -> SecretStr: ...

    async def renewed(self, rejected: SecretStr) -> SecretStr | None:
        """Another than this, which Calendly refused; None where there never is another."""
        ...


class PersonalToken:
    """It lasts until its owner revokes it, and then nothing takes its place."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    async def current(self) -> SecretStr:
        return self._token

    async def renewed(self, rejected: SecretStr) -> SecretStr | None:  # noqa: ARG002  # whichever it was
        return None
