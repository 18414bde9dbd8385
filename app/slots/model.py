"""A slot and a day's worth of them. Kept in the cache as JSON."""

from datetime import date, datetime
from typing import Annotated, Protocol

import msgspec


class Slot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One start instant that can be booked, in UTC. The garbage collector does not look at it, for there are a hundred
    thousand of them, and none can be part of a circle.
    """

    start: Annotated[datetime, msgspec.Meta(tz=True)]
    spots_left: int
    page: str | None = None
    """Calendly's own page for this very slot."""


class Day(msgspec.Struct, frozen=True):
    """The slots of one UTC date, ordered; `as_of` is when Calendly was asked."""

    date: date
    as_of: datetime
    slots: list[Slot]


class Addressed(Protocol):
    """An event type: our id, and Calendly's URI."""

    @property
    def id(self) -> str: ...

    @property
    def uri(self) -> str: ...
