"""What follows when something has happened to a booking, here or at Calendly: for days, for streams, for the relay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.account import Account
from app.accounts.accounts import Accounts
from app.errors import AppError, NotFoundError
from app.features.bookings.telling import Telling
from app.intents.model import Matter, Result
from app.intents.settlement import Change
from app.streams.announcing import Announcer, BookedTime
from app.webhooks.effects import Change as SlotChange
from app.webhooks.effects import News, Notice


@dataclass(frozen=True, slots=True)
class Consequences:
    accounts: Accounts
    announcer: Announcer
    telling: Telling

    async def settled(self, change: Change, matter: Matter, result: Result) -> None:
        """A booking that was made or moved here."""
        account = await self.accounts.of_user(matter.wanted.user)
        if account is None:
            return
        await self._forget(account, matter.wanted.event_type, matter.wanted.start, matter.end)
        if matter.replaced_from and matter.replaced_to:
            await self._forget(account, matter.wanted.event_type, matter.replaced_from, matter.replaced_to)
        # Not before: whoever hears of it reads these days.
        self.announcer.settled(account.access, change, matter, result)

    async def _forget(self, account: Account, event_type: str, start: datetime, end: datetime) -> None:
        for other in await self.accounts.forget_days(account, event_type, start, end):
            if other is not account:
                self.announcer.changed(other.access, start, end)

    async def heard(self, account: Account, news: News) -> None:
        """What Calendly tells of a slot, to everybody through whom it may be offered. Of what was done here, nobody
        hears twice.
        """
        concerned = await self.accounts.concerned(account, news.event_type)
        is_taken = news.change is SlotChange.TAKEN
        seats = None if is_taken and await _is_pooled(concerned, news.event_type) else 1
        for each in concerned:
            self._heard(each, news, seats)

    def _heard(self, account: Account, news: News, seats: int | None) -> None:
        booked = BookedTime(
            account=account.access,
            event_type=news.event_type,
            start=news.start,
            end=news.end,
            invitee=news.invitee,
        )
        match news.change:
            case SlotChange.TAKEN:
                self.announcer.taken(booked, seats=seats)
            case SlotChange.FREED:
                self.announcer.freed(booked)
            case SlotChange.CHANGED:
                self.announcer.changed(account.access, news.start, news.end)

    def lost_sight(self, account: Account) -> None:
        """Anything may have happened to its slots, and nobody was told."""
        self.announcer.changed_all(account.access)

    async def told(self, account: Account, notice: Notice) -> None:
        """What Calendly tells of a booking. Raises `StoreAwayError`."""
        await self.telling.heard(await account.id(), notice)


async def _is_pooled(accounts: Sequence[Account], event_type: str) -> bool:
    """Whether another host may still have the slot free, as far as anybody can tell: by the first who publishes it."""
    for each in accounts:
        try:
            return (await each.catalogue.find(event_type)).pooled
        except NotFoundError:
            continue
        except AppError:
            break
    return True
