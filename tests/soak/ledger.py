"""What is known of slots, and for how long readers were still shown what was so before."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Change:
    """From when whoever made it was told, by some clock.

    `unseen_for`: seconds from then until the last answer came that showed what was so before.
    """

    is_taken: bool
    told_at: float
    unseen_for: float = 0.0


class Ledger:
    """Slots that nobody is changing are taken or free, and every answer is to show them so."""

    def __init__(self) -> None:
        self._settled: dict[datetime, Change] = {}
        self.changes: list[Change] = []

    @property
    def taken(self) -> frozenset[datetime]:
        """As far as it is settled."""
        return frozenset(slot for slot, change in self._settled.items() if change.is_taken)

    def begin(self, slot: datetime) -> None:
        """Somebody is about to change it: until that is settled, an answer may show either."""
        self._settled.pop(slot, None)

    def settle(self, slot: datetime, at: float, *, is_taken: bool) -> None:
        change = self._settled[slot] = Change(is_taken, at)
        self.changes.append(change)

    def read(self, free: AbstractSet[datetime], at: float) -> None:
        """An answer has come that shows these as free."""
        for slot, change in self._settled.items():
            if (slot in free) is change.is_taken:
                change.unseen_for = at - change.told_at

    def unseen(self, *, taken: bool) -> list[float]:
        """Of all changes of one kind, for how long each was not seen."""
        return [change.unseen_for for change in self.changes if change.is_taken is taken]


def longer_than(limit: float, seconds: Iterable[float]) -> int:
    return sum(each > limit for each in seconds)
