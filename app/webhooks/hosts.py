"""Whose deliveries are taken in, and what can be done for them: the side of this service that webhooks are told of."""

from collections.abc import Sequence
from typing import Protocol

from app.webhooks.effects import DaysUntrue, News, Notice, Seated


class NotDoneError(Exception):
    """A neighbour is away: that is no fault of the delivery, and costs it time only."""


class Host(Protocol):
    """One account. What cannot be done raises, and is tried again; what is done twice does no harm."""

    @property
    def user(self) -> str:
        """Calendly's URI."""
        ...

    async def forget_days(self, days: DaysUntrue) -> None:
        """Something has changed in the calendar, and in those of others who host the same. Raises `NotDoneError`
        where a replica may not have heard of it.
        """
        ...

    async def forget_event_types(self) -> None: ...

    async def settle(self, seated: Seated) -> None:
        """Whoever does not know what became of a booking of this slot may look now."""
        ...

    async def tell(self, news: News) -> None:
        """Whoever looks at free times."""
        ...

    async def relay(self, notice: Notice) -> None:
        """To the customer's own backend."""
        ...


class Hosts(Protocol):
    """Those that this process serves. May raise an `AppError` where Calendly has to be asked, and does not answer."""

    async def own(self) -> str:
        """The id of the account that has no address of its own."""
        ...

    async def ids(self) -> Sequence[str]: ...

    async def of(self, id_: str) -> Host | None: ...
