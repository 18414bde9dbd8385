"""Says what happens to slots, in the background: nobody who books waits for it, and no booking fails with it."""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from app.intents.model import Matter, Result
from app.intents.settlement import Change
from app.slots.planning import touched_days
from app.streams.log import EventLog
from app.streams.news import AvailabilityChanged, News, Reset, SlotFreed, SlotTaken

MOST_WAITING = 1000
"""Announcements. While Redis is away for so many, all that is left to be said is that something was missed."""

AGAIN = 0.5
"""Seconds between two tries."""

LAST_WORDS = 1.0
"""Seconds that there are at the end for what waits."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTime:
    """The time of a booking. `account` as the cache names it, `event_type` and `invitee` by their ids at Calendly."""

    account: str
    event_type: str
    start: datetime
    end: datetime
    invitee: str

    def named(self, what: str) -> str:
        """What has happened to it, under the same name wherever that is noticed."""
        return f"{what}:{self.invitee}:{self.start.timestamp():.0f}"


@dataclass(frozen=True, slots=True)
class _Announcement:
    account: str
    news: News
    once: str


class Announcer:
    """Whatever is announced twice, by whichever replica, is told once. To be called after the days were forgotten:
    whoever hears of it reads them at once.
    """

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._waiting: deque[_Announcement] = deque()
        self._comes = asyncio.Event()
        self._is_done = asyncio.Event()
        self._is_done.set()

    def taken(self, booked: BookedTime, *, seats: int | None) -> None:
        """It was made. `seats`: how many its slot had left before; None where nobody knows, and where another host of
        the team may still have it free.
        """
        if seats == 1:
            news = SlotTaken(booked.event_type, booked.start)
            self._announce(booked.account, news, booked.named("taken"))
        self._touched(booked, "taken")

    def freed(self, booked: BookedTime) -> None:
        """It was given up."""
        news = SlotFreed(booked.event_type, booked.start)
        self._announce(booked.account, news, booked.named("freed"))
        self._touched(booked, "freed")

    def settled(self, account: str, change: Change, matter: Matter, result: Result) -> None:
        """What an intent has come to."""
        wanted = matter.wanted
        new = BookedTime(
            account=account,
            event_type=wanted.event_type,
            start=wanted.start,
            end=matter.end,
            invitee=result.invitee,
        )
        match change:
            case Change.BOOKED:
                self.taken(new, seats=None if wanted.pooled else matter.seats)
            case Change.UNDONE:
                self.freed(new)
            case Change.MOVED if matter.replaced_from and matter.replaced_to:
                # What an earlier version has begun does not say who sat there.
                invitee = matter.replaced_invitee or f"before-{result.invitee}"
                old = replace(new, start=matter.replaced_from, end=matter.replaced_to, invitee=invitee)
                self.freed(old)

    def changed(self, account: str, start: datetime, end: datetime) -> None:
        """Something between these instants, in the host's calendar."""
        days = AvailabilityChanged(touched_days(start, end))
        self._announce(account, days, secrets.token_hex(8))

    def changed_all(self, account: str) -> None:
        """Anything, on any date."""
        self._announce(account, AvailabilityChanged(None), secrets.token_hex(8))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._comes.wait()
            self._comes.clear()
            while self._waiting:
                first = self._waiting[0]
                if not await self._events.tell(first.account, first.news, first.once):
                    await asyncio.sleep(AGAIN)
                elif self._waiting and self._waiting[0] is first:
                    self._waiting.popleft()
            self._is_done.set()

    async def finish(self) -> None:
        """Until all has been said, or it takes too long."""
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self._is_done.wait()
        except TimeoutError:
            log.warning("streams.announcements_lost", number=len(self._waiting))

    def _touched(self, booked: BookedTime, how: str) -> None:
        days = AvailabilityChanged(touched_days(booked.start, booked.end))
        self._announce(booked.account, days, booked.named(f"{how}-days"))

    def _announce(self, account: str, news: News, once: str) -> None:
        self._waiting.append(_Announcement(account, news, once))
        if len(self._waiting) > MOST_WAITING:
            accounts = {each.account for each in self._waiting}
            self._waiting = deque(_Announcement(each, Reset(), secrets.token_hex(8)) for each in accounts)
        self._is_done.clear()
        self._comes.set()
