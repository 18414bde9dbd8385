"""What it takes to connect accounts of others, and to let them go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from redis.asyncio import Redis

from app.accounts.opener import access_of
from app.accounts.roster import Roster
from app.cache.erasing import erase
from app.oauth.authorization import Authorization
from app.oauth.grant import Grant, TokenPair
from app.oauth.grants import Grants, GrantUnreadableError
from app.oauth.invitations import Invitations, Pending
from app.store.state import StoreAwayError

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
            await self.authorization.give_back(pair.refresh_token)
            raise AlreadyServedError
        grant = await self._stored(pair)
        await self.roster.look()
        return grant

    async def _stored(self, pair: TokenPair) -> Grant:
        """What the store may have taken all the same is found out to be dead: the host was told to begin anew."""
        try:
            return await self.grants.put_new(Grant.of(pair, self.clock()))
        except StoreAwayError:
            # What else Calendly ends with a token is not known: an older connection is not to die of this one.
            if not self.roster.lives(pair.account):
                await self.authorization.give_back(pair.refresh_token)
            raise

    async def disconnect(self, account: str) -> bool:
        """Nobody calls for it any more, at Calendly the grant is revoked, and what is cached of it is erased.

        Other processes have it open for a moment: each of them erases again when it has closed it.

        Whether it was connected. Where Calendly does not answer, or no key opens what is stored, the account is gone
        here all the same.
        """
        try:
            grant = await self.grants.remove(account)
        except GrantUnreadableError:
            log.warning("accounts.not_revoked", error="unreadable")
            await self.roster.look()
            await erase(self.cache, access_of(self.origin, self.user_of(account)))
            return True
        if grant is None:
            return False
        await self.roster.look()
        # Of a dead one, too: an access token of it may be good yet.
        await self.authorization.give_back(grant.refresh_token)
        await erase(self.cache, access_of(self.origin, grant.user))
        return True

    def user_of(self, account: str) -> str:
        """Calendly's URI, where no grant says it."""
        return f"{self.origin}/users/{account}"
