"""Carries deliveries out: one loop in every process; the store gives each delivery to one of them at a time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.background import whatever_goes_wrong
from app.errors import AppError
from app.store.state import StoreAwayError
from app.webhooks.deliveries import Delivery, concerns
from app.webhooks.effects import (
    DaysUntrue,
    Decision,
    Effect,
    EventTypesUntrue,
    News,
    Notice,
    Record,
    Seated,
    decide,
    subjects_of,
)
from app.webhooks.hosts import Host, Hosts, NotDoneError
from app.webhooks.inbox import Claimed, Done, Failed, Inbox, Kept

AT_ONCE = 16
"""Deliveries that one process carries out at a time."""

KNOWN_FOR = timedelta(days=40)
"""After its end, for which it is known of an invitee what was said: far beyond any attempt of Calendly's."""

DECISIONS = 5
"""How often one delivery is decided anew at once, for another about the same invitee was quicker."""

log = structlog.get_logger()

Count = Callable[[str], None]
"""One more delivery had this outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`poll`: how often it is looked for what others left undone; what this process took in is begun at once.

    `hold`: for which a delivery is left to whoever took it up. `first_wait` doubles with each failure up to the
    `longest_wait`, and with each time that a neighbour is away to the `longest_away`: soon after that is back, all is.
    """

    poll: timedelta = timedelta(seconds=1)
    hold: timedelta = timedelta(seconds=30)
    first_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=15)
    longest_away: timedelta = timedelta(minutes=1)

    def wait(self, tries: int) -> timedelta:
        return min(self.first_wait * 2.0**tries, self.longest_wait)


class Worker:
    def __init__(
        self,
        *,
        inbox: Inbox,
        hosts: Hosts,
        count: Count,
        clock: Callable[[], datetime],
        pace: Pace | None = None,
    ) -> None:
        self._inbox = inbox
        self._hosts = hosts
        self._count = count
        self._clock = clock
        self._pace = pace or Pace()
        self._news = asyncio.Event()

    def nudge(self) -> None:
        """There is something to do."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong in a round, there is a next one."""
        while True:
            self._news.clear()
            # That the store is away has been logged.
            with whatever_goes_wrong("webhooks.worker_failed"), suppress(StoreAwayError):
                try:
                    if await self._round() == AT_ONCE:
                        continue
                except AppError as error:
                    log.warning("webhooks.account_unknown", error=error.code)
            await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._pace.poll.total_seconds()):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _round(self) -> int:
        """How many were due."""
        claimed = await self._inbox.claim(await self._hosts.ids(), AT_ONCE, self._pace.hold)
        for outcome in await asyncio.gather(*map(self._attend, claimed), return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("webhooks.worker_failed", exc_info=outcome)
        return len(claimed)

    async def _attend(self, claimed: Claimed) -> None:
        try:
            await self._carry_out(claimed)
        except StoreAwayError:
            log.warning("webhooks.left_for_later")
        except AppError as error:
            log.warning("webhooks.delivery_failed", error=error.code, tries=claimed.tries + 1)
            await self._failed(claimed)
        except NotDoneError:
            log.warning("webhooks.delivery_held_up", tries=claimed.tries)
            await self._inbox.postpone(claimed, self._pace.first_wait, self._pace.longest_away)
        except Exception:
            # Whatever it was: the delivery is tried again, and set aside in the end.
            log.exception("webhooks.delivery_failed", tries=claimed.tries + 1)
            await self._failed(claimed)

    async def _failed(self, claimed: Claimed) -> None:
        failed = await self._inbox.fail(claimed, self._pace.wait(claimed.tries))
        if failed is Failed.ASIDE:
            log.error("webhooks.delivery_set_aside", delivery=claimed.identity)
            self._count("set_aside")

    async def _carry_out(self, claimed: Claimed) -> None:
        host = await self._hosts.of(claimed.account)
        if claimed.delivery is None or host is None:
            await self._failed(claimed)
        elif not concerns(claimed.delivery, host.user):
            log.warning("webhooks.delivery_of_another", delivery=claimed.identity)
            await self._inbox.finish(claimed, await self._inbox.read(claimed.account, []), {})
            self._count("foreign")
        else:
            await self._decided(claimed, claimed.delivery, host)

    async def _decided(self, claimed: Claimed, delivery: Delivery, host: Host) -> None:
        for _ in range(DECISIONS):
            read = await self._inbox.read(claimed.account, subjects_of(delivery))
            decision = decide(delivery, read.records)
            await _have_all(host, decision.effects)
            done = await self._inbox.finish(claimed, read, self._kept(decision))
            if done is Done.DONE:
                self._count("hinted" if delivery.is_hint else "done")
            if done is not Done.CHANGED:
                return
        await self._failed(claimed)

    def _kept(self, decision: Decision) -> dict[str, Kept]:
        now = self._clock()
        last = max((each.end for each in decision.records.values() if each.end), default=now)
        return {id_: Kept(each, _lifetime(each, last, now)) for id_, each in decision.records.items()}


async def _have_all(host: Host, effects: Sequence[Effect]) -> None:
    """While days cannot be forgotten nobody is told to read them; all else goes on, and is done again later, which
    does no harm. Raises `NotDoneError` in the end.
    """
    held_up: NotDoneError | None = None
    for effect in effects:
        if held_up and isinstance(effect, News):
            continue
        try:
            await _have(host, effect)
        except NotDoneError as error:
            held_up = error
    if held_up:
        raise held_up


async def _have(host: Host, effect: Effect) -> None:
    match effect:
        case DaysUntrue():
            await host.forget_days(effect)
        case EventTypesUntrue():
            await host.forget_event_types()
        case Seated():
            await host.settle(effect)
        case News():
            await host.tell(effect)
        case Notice():
            await host.relay(effect)


def _lifetime(record: Record, last: datetime, now: datetime) -> timedelta:
    """`last`: when the one that took its place ends, where its own end is not known."""
    return max((record.end or last) - now, timedelta(0)) + KNOWN_FOR
