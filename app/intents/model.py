"""What is known of an intent: what goes into the state store, sealed, and what comes out of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from app.calendly.models import NewBooking
from app.intents.machine import State

SCHEMA = 1
"""Of the stored hash. Fields may be added, never renamed or given another meaning: versions share a store."""

KEPT = timedelta(days=2)
"""For which an intent is kept after its last change: longer than any client keeps trying with one key."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for at Calendly. `user` and `organization` are Calendly's URIs, `event_type` is an id."""

    user: str
    organization: str
    event_type: str
    start: Instant
    email: str
    name: str
    pooled: bool = False
    """Any member of a team may be the host: then the account's own calendar does not show all."""


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What an intent is about: enough to find it, to show it, and to go on with it in another process."""

    wanted: Wanted
    end: Instant
    draft: str
    """The booking as it will be shown while it is being confirmed, as JSON."""
    claims: str
    """What its manage token says, as JSON."""
    replaces: str | None = None
    """The id of Calendly's event whose place it takes."""
    replaced_from: Instant | None = None
    replaced_to: Instant | None = None
    replaced_invitee: str | None = None
    """The id at Calendly of whoever sits there."""
    seats: int | None = None
    """How many the slot had left when it was read; an earlier version did not keep it."""
    asked: NewBooking | None = None
    """As it was sent. What is then seen at Calendly is held against it; an earlier version did not keep it."""


class Result(msgspec.Struct, frozen=True):
    """Calendly's ids of what was booked. `found`: not by whoever asks, so that they may not manage it.

    `other`: it has their address and time, and does not say what they asked for. Such a
    result is `found` as well: a version that does not know of it then gives no token out,
    though it still shows the booking to a token that was given before.
    """

    event: str
    invitee: str
    found: bool = False
    other: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIntent:
    """To be written down. The names are keyed hashes: a store's keys tell nothing of a person.

    `seats`: how many the slot had left when it was read, at `as_of`.
    """

    id: str
    key: str
    natural: str
    slot: str
    fingerprint: str
    seats: int
    as_of: datetime
    generation: str
    """Of the names: see `naming.Names`."""
    matter: Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An intent as it stands. Times are seconds by the store's clock, since the state was entered."""

    id: str
    state: State
    fence: int
    age: float
    absences: int
    looks: int
    overdue: bool
    """Whoever held it should have been done by now."""
    matter: Matter
    result: Result | None
    answer: str | None
    """What was answered when it was confirmed."""

    @property
    def is_over(self) -> bool:
        """It came to nothing: its key, person and slot are free for another try."""
        return self.state is State.FAILED or self.is_abandoned

    @property
    def is_abandoned(self) -> bool:
        """Nothing was sent for it, and whoever opened it is gone."""
        return self.state is State.OPEN and self.overdue
