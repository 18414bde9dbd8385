"""One Calendly user on whose behalf we call, and what is this account's alone."""

from dataclasses import dataclass
from datetime import datetime

from app.budgets.budgets import Budgets
from app.cache.answer_shelf import AnswerShelf
from app.calendly.client import CalendlyClient
from app.catalogue.catalogue import Catalogue
from app.catalogue.model import EventType
from app.slots.buckets import DayBuckets
from app.slots.planning import touched_days
from app.slots.popularity import Popularity
from app.slots.warm_up import WarmUp


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Account:
    """`access` names it in the stores, and gives nothing of it away. `owner`: the URI of the user who has granted
    access; None where it has a personal access token, which does not say whose it is.
    """

    access: str
    owner: str | None
    client: CalendlyClient
    budgets: Budgets
    catalogue: Catalogue
    buckets: DayBuckets
    popularity: Popularity
    warm_up: WarmUp
    shelf: AnswerShelf

    async def user(self) -> str:
        """The user's URI. Raises `UpstreamError` where nobody has said it yet, and Calendly does not answer."""
        return self.owner or (await self.catalogue.account()).uri

    def known_user(self) -> str | None:
        """The same, where it is known without asking."""
        known = self.catalogue.known_account()
        return self.owner or (known.uri if known else None)

    async def id(self) -> str:
        """The last segment of that. Raises as `user`."""
        return self.client.id_from(await self.user())

    async def forget_days(self, start: datetime, end: datetime) -> bool:
        """Of all event types: they share the host's calendar. Whether every replica could be told."""
        return await self.buckets.forget(touched_days(start, end))


@dataclass(frozen=True, slots=True)
class Offered:
    """An event type, and whose it is."""

    account: Account
    event_type: EventType
