"""Whose free times may be others when something changes in a calendar. Pure functions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.accounts.account import Account
from app.catalogue.catalogue import Recalled
from app.catalogue.model import EventType


@dataclass(frozen=True, slots=True, eq=False)
class Publishing:
    """One account and what is known to be published by it; `recalled` is None where nothing is."""

    account: Account
    recalled: Recalled | None

    @property
    def event_types(self) -> Sequence[EventType]:
        return self.recalled.event_types if self.recalled else ()

    @property
    def is_fresh(self) -> bool:
        return self.recalled is not None and self.recalled.is_fresh

    def has(self, event_type: str | None) -> bool:
        return any(each.id == event_type for each in self.event_types)


def those_concerned(
    account: Account, event_type: str | None, everyone: Sequence[Publishing]
) -> Sequence[Account]:
    """The account whose calendar has changed comes first. `everyone`: in the order in which a team's event type is
    looked for. `event_type`: the id of the one that was booked.

    Whoever publishes that may be the host of it, and so its calendar may be what has changed. What a host's teams offer
    is read through one member each. Of whom nothing is known, everything may be: it is told, and where its
    calendar may have changed, so is whoever teams are read through.
    """
    hosts = [each for each in everyone if each.account is account or each.has(event_type)]
    unknown = [each for each in everyone if each.recalled is None]
    any_team = any(each in hosts for each in unknown) or (unknown and _is_shared(event_type, hosts))
    touched = {
        offered.id
        for each in everyone
        for offered in each.event_types
        if each in hosts or (any_team and offered.shared)
    }
    told = {each.account for each in (*hosts, *unknown, *_readers(touched, everyone))}
    return [account, *(each.account for each in everyone if each.account in told - {account})]


def _is_shared(event_type: str | None, hosts: Sequence[Publishing]) -> bool:
    """Whether it may have hosts beside these."""
    return any(each.shared for host in hosts for each in host.event_types if each.id == event_type)


def _readers(event_types: Collection[str], everyone: Sequence[Publishing]) -> Sequence[Publishing]:
    """Those through whom these are read, in whatever process: the first that has just been read, and whoever comes
    before it. These others may be readable for somebody, or not.
    """
    through: dict[str, list[Publishing]] = {}
    for each in everyone:
        for id_ in {offered.id for offered in each.event_types} & set(event_types):
            readers = through.setdefault(id_, [])
            if not any(reader.is_fresh for reader in readers):
                readers.append(each)
    return [each for readers in through.values() for each in readers]
