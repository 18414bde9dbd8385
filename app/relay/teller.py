"""Makes notices of hints: one in every process; the store gives each hint to one of them at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from app.background import whatever_goes_wrong
from app.errors import AppError
from app.relay.hints import AT_ONCE, NONE, Hint, Hints
from app.relay.notices import Notice
from app.store.state import StoreAwayError

Compose = Callable[[Hint], Awaitable[Notice | None]]
"""What is so, as a notice; None where there is nothing to tell. Raises `AppError` where it cannot be told yet."""

UNKNOWN_ACCOUNT = timedelta(seconds=15)
"""Until it is asked again whose bookings these are, while Calendly does not say."""

log = structlog.get_logger()


class Teller:
    """`accounts`: the ids of those that this process speaks for; raises `AppError` while nobody knows any."""

    def __init__(
        self,
        hints: Hints,
        compose: Compose,
        put: Callable[[Notice], Awaitable[bool]],
        accounts: Callable[[], Awaitable[Sequence[str]]],
        poll: timedelta,
    ) -> None:
        self._hints = hints
        self._compose = compose
        self._put = put
        self._accounts = accounts
        self._poll = poll
        self._more = asyncio.Event()

    async def expect(self, hint: Hint, due_in: timedelta = NONE) -> None:
        """As `Hints.expect`; what is due at once is looked into at once."""
        await self._hints.expect(hint, due_in)
        if not due_in:
            self._more.set()

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong in a round, there is a next one."""
        while True:
            pause = self._poll
            self._more.clear()
            # That the store is away has been logged.
            with whatever_goes_wrong("relay.telling_failed"), suppress(StoreAwayError):
                try:
                    if await self._round() >= AT_ONCE:
                        continue
                except AppError as error:
                    log.warning("relay.account_unknown", error=error.code)
                    pause = max(pause, UNKNOWN_ACCOUNT)
            await self._news(pause)

    async def _round(self) -> int:
        """How many were due, of any account."""
        due = [hint for account in await self._accounts() for hint in await self._hints.claim(account)]
        for outcome in await asyncio.gather(*map(self._tell, due), return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("relay.telling_failed", exc_info=outcome)
        return len(due)

    async def _tell(self, hint: Hint) -> None:
        """What cannot be told yet comes again by itself."""
        try:
            notice = await self._compose(hint)
            if not await self._hints.stands(hint):
                # Whoever knows better has said so meanwhile: that is due by itself.
                return
            if notice is None:
                await self._hints.forget(hint)
            else:
                await self._put(notice)
        except AppError as error:
            log.warning("relay.told_later", notice=hint.id, error=error.code)
        except StoreAwayError:
            log.warning("relay.told_later", notice=hint.id)

    async def _news(self, pause: timedelta) -> None:
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._more.wait()
        except TimeoutError:
            pass
