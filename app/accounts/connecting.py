"""What it takes to connect accounts of others, and to let them go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from redis.asyncio import Redis

from app.accounts.opener import access_of
from app.accounts.roster import Roster
from app.cache import keys
from app.oauth.authorization import Authorization
from app.oauth.failures import AuthorizationError
from app.oauth.grant import Grant
from app.oauth.grants import Grants, GrantUnreadableError
from app.oauth.invitations import Invitations, Pending

log = structlog.get_logger()


class AlreadyServedError(Exception):
    """The account of `CALENDLY_TOKEN`: it needs no grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """There where an application of Calendly's developer portal is set. `origin`: of Calendly's API.
    `served_at`: ours, to which Calendly sends hosts back; None where nobody has said it.

    Every method raises `StoreAwayError` where the state store does not do its part.
    """

    grants: Grants
    invitations: Invitations
    authorization: Authorization
    roster: Roster
    cache: Redis
    origin: str
    served_at: str | None
    clock: Callable[[], datetime]

    async def connect(self, pending: Pending, code: str, redirect_uri: str) -> Grant:
        """The host has consented. Open in this process when it returns, and a moment later in all.

        Raises `AuthorizationError` and `AlreadyServedError`.
        """
        pair = await self.authorization.exchange(code, pending.verifier, redirect_uri)
        await self.roster.know_its_own()
        if self.roster.has_its_own(pair.user):
            await self._revoked(pair.refresh_token)
            raise AlreadyServedError
        grant = await self.grants.put_new(Grant.of(pair, self.clock()))
        await self.roster.look()
        return grant

    async def disconnect(self, account: str) -> bool:
        """Nobody calls for it any more, at Calendly the grant is revoked, and what is cached of it is erased.

        Whether it was connected. Where Calendly does not answer, or no key opens what is stored, the account is gone
        here all the same.
        """
        grant = await self._readable(account)
        if not await self.grants.remove(account):
            return False
        await self.roster.look()
        if grant is None:
            log.warning("accounts.not_revoked", error="unreadable")
            return True
        if grant.dead_reason is None:
            await self._revoked(grant.refresh_token)
        access = access_of(self.origin, grant.user)
        for pattern in (keys.days(access) + "*", keys.catalogue(access)):
            async for name in self.cache.scan_iter(pattern):
                await self.cache.delete(name)
        return True

    async def _readable(self, account: str) -> Grant | None:
        try:
            return await self.grants.get(account)
        except GrantUnreadableError:
            return None

    async def _revoked(self, token: str) -> None:
        try:
            await self.authorization.revoke(token)
        except AuthorizationError as error:
            log.warning("accounts.not_revoked", error=type(error).__name__)
