"""Opens accounts that were connected, and closes those that were disconnected, wherever that was done."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import structlog

from app.accounts.accounts import Accounts
from app.accounts.opener import Shared, access_of, opened_account
from app.cache.erasing import SETTLES, erase
from app.errors import UpstreamError
from app.oauth.grant import Grant
from app.oauth.grants import Grants, Listing
from app.oauth.renewer import Renewer
from app.oauth.tokens import AccessTokens
from app.store.state import StoreAwayError

LOOKS_EVERY = 1.0
"""Seconds."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Heeds:
    """Who is to know: `changed` that an account has come or gone, `moved` that one has died or lives again. What a team
    has in common may be read through another member then.
    """

    changed: Callable[[], None]
    moved: Callable[[], None]


class Roster:
    """One in every process. `changed` is told when an account has come or gone.

    While the state store is away, those that are open stay.
    """

    def __init__(
        self,
        *,
        grants: Grants,
        renewer: Renewer,
        shared: Shared,
        accounts: Accounts,
        heeds: Heeds,
    ) -> None:
        self._grants = grants
        self._renewer = renewer
        self._shared = shared
        self._accounts = accounts
        self._changed = heeds.changed
        self._moved = heeds.moved
        self._open: dict[str, tuple[str, AsyncExitStack]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._gone: set[str] = set()
        """Those that were disconnected, and have not come back."""
        self._looking = asyncio.Lock()
        self.listing = Listing((), (), -1)
        """As last read, the dead ones among them."""

    async def follow(self) -> None:
        """Until cancelled. Whatever goes wrong, there is a next look."""
        while True:
            await self.try_to_look()
            await asyncio.sleep(LOOKS_EVERY)

    async def try_to_look(self) -> None:
        """As `look`, whatever goes wrong."""
        try:
            await self.look()
        except StoreAwayError:
            pass  # has been logged
        except Exception:
            log.exception("accounts.look_failed")

    async def look(self) -> None:
        """See to it now. Raises `StoreAwayError`."""
        async with self._looking:
            if not await self._grants.changed_since(self.listing.changes):
                return
            listing = await self._grants.list()
            connected = {grant.account: grant for grant in listing.grants}
            # What cannot be read is not known to be gone.
            for account in self._open.keys() - connected.keys() - set(listing.unreadable):
                self._gone.add(account)
                self._close(account)
            for account in connected.keys() - self._open.keys():
                await self._admit(connected[account])
            self.listing = listing
            dead = {self._open[grant.account][0] for grant in self.dead()}
            if dead != self._accounts.dead:
                self._accounts.dead = dead
                self._moved()

    def dead(self) -> Sequence[Grant]:
        """The grants of those accounts that are open for what is known of them, and for nothing else."""
        return [each for each in self.listing.grants if each.dead_reason and each.account in self._open]

    def lives(self, account: str) -> bool:
        """Whether it is connected, and its grant was not dead when last heard of."""
        return any(each.account == account and not each.dead_reason for each in self.listing.grants)

    async def know_its_own(self) -> None:
        """Ask whose account is served without a grant, where nobody has asked yet and Calendly answers."""
        for account in self._accounts.all():
            with suppress(UpstreamError):
                await account.user()

    def has_its_own(self, user: str) -> bool:
        """Whether this user is served without a grant, as far as is known."""
        own = (account for account in self._accounts.all() if account.owner is None)
        return any(account.known_user() == user for account in own)

    async def aclose(self) -> None:
        for account in list(self._open):
            self._close(account)
        while self._leaving:
            await asyncio.wait(self._leaving)

    async def _admit(self, grant: Grant) -> None:
        if self.has_its_own(grant.user):
            log.warning("accounts.served_by_its_own_token", account=grant.account)
            return
        self._gone.discard(grant.account)
        async with AsyncExitStack() as stack:
            tokens = AccessTokens(grant.account, self._grants, self._renewer, self._shared.clock)
            stack.push_async_callback(tokens.aclose)
            access = access_of(self._shared.settings.calendly.api_url, grant.user)
            account = await stack.enter_async_context(
                opened_account(self._shared, access, tokens, owner=grant.user)
            )
            self._accounts.add(account)
            self._open[grant.account] = access, stack.pop_all()
        self._changed()
        log.info("accounts.opened", account=grant.account)

    def _close(self, account: str) -> None:
        """What it has on its way comes to its end; nothing new begins."""
        access, stack = self._open.pop(account)
        self._accounts.remove(access)
        self._changed()
        task = asyncio.create_task(self._leave(account, access, stack))
        self._leaving.add(task)
        task.add_done_callback(self._left)
        log.info("accounts.closed", account=account)

    async def _leave(self, account: str, access: str, stack: AsyncExitStack) -> None:
        try:
            await stack.aclose()
        finally:
            if account in self._gone:
                await asyncio.sleep(SETTLES)
            if account in self._gone:
                # Where it is connected again meanwhile, it loses what was cached, as to a Redis that has been emptied.
                await erase(self._shared.cache, access)

    def _left(self, task: "asyncio.Task[None]") -> None:
        self._leaving.discard(task)
        if not task.cancelled() and task.exception():
            log.error("accounts.not_closed", exc_info=task.exception())
