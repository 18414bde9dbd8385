"""The access token of one account in this process: in memory, renewed ahead of its end, once for all who wait."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from secrets import SystemRandom

from pydantic import SecretStr

from app.calendly.access import AccessError, AccessLateError, GrantDeadError
from app.concurrency import SingleFlight
from app.oauth.grant import Grant
from app.oauth.grants import Grants, GrantUnreadableError
from app.oauth.leases import Held, Resting
from app.oauth.renewer import Renewer
from app.store.state import StoreAwayError

DISCONNECTED = "disconnected"
"""Why there is no token where there is no grant."""

CLOSING = 15.0
"""Seconds for a renewal that is under way when the process stops: its pair would be lost with it."""

NONE = timedelta(0)

random = SystemRandom()


@dataclass(frozen=True, slots=True)
class _Known:
    """Alive, as the store last told. `renew_at`: when this process begins to see to the next one."""

    token: SecretStr
    expires_at: datetime
    renew_at: datetime


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why there is no token; until then (monotonic) nobody asks the store again."""

    error: Callable[[], AccessError]
    until: float


class AccessTokens:
    """While the store is away, what is in memory is used for as long as it lasts, and nothing is renewed."""

    def __init__(self, account: str, grants: Grants, renewer: Renewer, clock: Callable[[], datetime]) -> None:
        self.account = account
        self._grants = grants
        self._renewer = renewer
        self._options = renewer.options
        self._clock = clock
        self._flight = SingleFlight()
        self._known: _Known | None = None
        self._trouble: _Trouble | None = None

    async def current(self) -> SecretStr:
        """To call with. Where the one in memory lasts, nobody waits for anything.

        Raises `GrantDeadError`, or `AccessLateError` where there is none within the patience.
        """
        known = self._usable()
        if known is None:
            return await self._brought(None)
        if self._clock() >= known.renew_at and not self._troubled():
            self._start(known.token)
        return known.token

    async def renewed(self, rejected: SecretStr) -> SecretStr:
        """Another one than this, which Calendly refused with 401.

        Raises `GrantDeadError`, and `AccessLateError` where there is none within the patience, or where this one is
        fresh from a renewal: the next would be refused too.
        """
        known = self._usable()
        if known is not None and known.token != rejected:
            return known.token
        return await self._brought(rejected)

    async def aclose(self) -> None:
        """Lets a renewal that is under way come to its end."""
        await self._flight.settle(CLOSING)

    def _usable(self, unwanted: SecretStr | None = None) -> _Known | None:
        known = self._known
        if known is None or known.token == unwanted:
            return None
        return known if self._clock() < known.expires_at - self._options.margin else None

    async def _brought(self, unwanted: SecretStr | None) -> SecretStr:
        if self._trouble is not None and self._troubled():
            raise self._trouble.error()
        try:
            async with asyncio.timeout(self._options.patience.total_seconds()):
                await self._flight.run(unwanted, partial(self._bring, unwanted))
        except TimeoutError:
            raise AccessLateError from None
        known = self._usable(unwanted)
        if known is None:
            raise AccessLateError
        return known.token

    def _start(self, unwanted: SecretStr) -> None:
        self._flight.start(unwanted, partial(self._bring, unwanted))

    async def _bring(self, unwanted: SecretStr | None) -> None:
        """Until memory has another token than this. Goes on whoever leaves: nothing may interrupt a renewal."""
        try:
            await self._renew(unwanted)
        except AccessError as error:
            self._note(partial(_again, error))
            raise
        except (StoreAwayError, GrantUnreadableError) as error:
            self._note(AccessLateError)
            raise AccessLateError from error
        self._trouble = None

    async def _renew(self, unwanted: SecretStr | None) -> None:
        until = time.monotonic() + self._options.patience.total_seconds()
        while True:
            grant = await self._looked_up()
            if self._usable(unwanted):
                return
            match await self._renewer.attempt(grant):
                case Resting(wait):
                    raise AccessLateError(ceil(wait.total_seconds()))
                case Held() if time.monotonic() >= until:
                    raise AccessLateError
                case Held():
                    await asyncio.sleep(self._options.poll.total_seconds())

    async def _looked_up(self) -> Grant:
        """What the store says goes for memory, too. Raises `GrantDeadError`."""
        grant = await self._grants.get(self.account)
        reason = DISCONNECTED if grant is None else grant.dead_reason
        if grant is None or reason is not None:
            self._known = None
            raise GrantDeadError(str(reason))
        if self._known is None or self._known.token.get_secret_value() != grant.access_token:
            self._known = self._known_from(grant)
        return grant

    def _known_from(self, grant: Grant) -> _Known:
        now = self._clock()
        ahead = min(self._options.ahead, max(grant.expires_at - now, NONE) / 2)
        sooner = 1 - self._options.spread * random.random()
        return _Known(SecretStr(grant.access_token), grant.expires_at, grant.expires_at - sooner * ahead)

    def _troubled(self) -> bool:
        return self._trouble is not None and time.monotonic() < self._trouble.until

    def _note(self, error: Callable[[], AccessError]) -> None:
        self._trouble = _Trouble(error, time.monotonic() + self._options.look_again.total_seconds())


def _again(error: AccessError) -> AccessError:
    """The same, for somebody else to raise."""
    match error:
        case GrantDeadError():
            return GrantDeadError(error.reason)
        case AccessLateError():
            return AccessLateError(error.retry_after)
    return error
