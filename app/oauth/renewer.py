"""One renewal of a grant: who may, what is written down before and after, and what a failure means.

Calendly gives a refresh token up at the moment it is used. So the store first learns that it is about to be used;
and where somebody had begun to use it and nobody knows what came of it, a refusal means that the pair is in those hands
or nowhere. Whoever has it for the generation that stands is the one who decides, however late it comes.
"""

import asyncio
import time
from datetime import timedelta
from math import ceil

import structlog

from app.oauth.authorization import Authorization
from app.oauth.failures import (
    AuthorizationAwayError,
    AuthorizationError,
    ClientRefusedError,
    GrantRefusedError,
    TokenQuotaError,
)
from app.oauth.grant import DeadReason, Grant, TokenPair
from app.oauth.grants import Grants, GrantUnreadableError
from app.oauth.leases import Begun, Leases, Step
from app.oauth.options import RenewalOptions
from app.store.state import StoreAwayError

NO_LEASE = timedelta(0)

log = structlog.get_logger()


class Renewer:
    def __init__(
        self, grants: Grants, leases: Leases, authorization: Authorization, options: RenewalOptions
    ) -> None:
        self._grants = grants
        self._leases = leases
        self._authorization = authorization
        self.options = options

    async def attempt(self, grant: Grant) -> Step:
        """Renew this generation, where nobody else does. What came of it, the store tells: look there.

        Must not be cancelled: a pair that is on its way to us exists nowhere else. Raises `StoreAwayError`.
        """
        asked_at = time.monotonic()
        lease = self.options.lease if self.options.leases else NO_LEASE
        step = await self._leases.begin(grant.account, grant.generation, lease)
        if isinstance(step, Begun):
            await self._carry_out(grant, step, asked_at + self.options.send_within.total_seconds())
        return step

    async def _carry_out(self, grant: Grant, begun: Begun, until: float) -> None:
        try:
            pair = await self._authorization.refresh(grant.refresh_token, lambda: time.monotonic() < until)
            _require_same_account(grant, pair)
        except GrantRefusedError:
            await self._give_up(grant, begun)
        except AuthorizationError as error:
            await self._postpone(grant, begun, error)
        else:
            await self._keep(grant.renewed(pair), begun)

    async def _give_up(self, grant: Grant, begun: Begun) -> None:
        """Of several who had begun one may have the pair: it has the time that storing it may take."""
        if begun.unfinished and await self._is_replaced_within(self.options.grace, grant):
            return
        reason = DeadReason.REPLY_LOST if begun.unfinished else DeadReason.REVOKED
        await self._grants.kill(grant.account, grant.generation, reason, fence=begun.fence)

    async def _is_replaced_within(self, patience: timedelta, grant: Grant) -> bool:
        until = time.monotonic() + patience.total_seconds()
        while time.monotonic() < until:
            stored = await self._grants.get(grant.account)
            if stored is None or stored.generation != grant.generation:
                return True
            await asyncio.sleep(self.options.poll.total_seconds())
        return False

    async def _keep(self, renewed: Grant, begun: Begun) -> None:
        """Nobody uses it before the store has it; and as nobody else has it, the store is told until it listens.

        What it does not take is given back. Not while another pair of the account lives, which may be this one after
        a reply that was lost: what else Calendly ends with a token is not known.
        """
        while True:
            try:
                kept = await self._grants.replace(
                    renewed.generation, begun.fence, renewed, rest=self.options.rest
                )
                is_left = not kept and not await self._lives(renewed.account)
            except StoreAwayError:
                await asyncio.sleep(self.options.poll.total_seconds())
            else:
                break
        log.info("oauth.renewed", account=renewed.account, kept=kept)
        if is_left:
            await self._authorization.give_back(renewed.refresh_token)

    async def _lives(self, account: str) -> bool:
        """What cannot be read is not known to be gone."""
        try:
            grant = await self._grants.get(account)
        except GrantUnreadableError:
            return True
        return grant is not None and grant.dead_reason is None

    async def _postpone(self, grant: Grant, begun: Begun, error: AuthorizationError) -> None:
        failure = type(error).__name__
        if isinstance(error, ClientRefusedError):
            log.error("oauth.client_refused", account=grant.account)
        pause = self.options.pause(begun.failures)
        if isinstance(error, TokenQuotaError):
            pause = max(pause, timedelta(seconds=error.retry_after))
        log.warning(
            "oauth.not_renewed", account=grant.account, failure=failure, pause=ceil(pause.total_seconds())
        )
        is_unspent = not begun.unfinished and not _may_be_spent(error)
        await self._leases.release(grant.account, grant.generation, begun.fence, pause, is_unspent=is_unspent)


def _require_same_account(grant: Grant, pair: TokenPair) -> None:
    """Raises `AuthorizationAwayError`: whatever this is, the pair that was asked for is lost."""
    if pair.account != grant.account:
        raise AuthorizationAwayError(may_have_arrived=True)


def _may_be_spent(error: AuthorizationError) -> bool:
    return isinstance(error, AuthorizationAwayError) and error.may_have_arrived
