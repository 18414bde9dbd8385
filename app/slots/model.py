"""A slot and a day's worth of them."""

from datetime import UTC, date, datetime
from sys import intern
from typing import Annotated, Protocol, Self

import msgspec

START = "{start}"
"""Where in a page's address the start of its slot stands."""


class Slot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One start instant that can be booked, in UTC. The garbage collector does not look at it, for there are a hundred
    thousand of them, and none can be part of a circle.
    """

    start: Annotated[datetime, msgspec.Meta(tz=True)]
    spots_left: int
    pattern: str | None = None
    """Of Calendly's own page for this very slot: the same for all slots of a day, and kept once."""

    @classmethod
    def at(cls, start: datetime, spots_left: int, page: str | None) -> Self:
        """What cannot be told from a pattern is left out."""
        pattern = None if page is None or START in page else intern(page.replace(_spelt(start), START))
        return cls(start, spots_left, pattern)

    @property
    def page(self) -> str | None:
        return self.pattern and self.pattern.replace(START, _spelt(self.start))


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


def _spelt(start: datetime) -> str:
    """As Calendly's pages spell it."""
    return start.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
