"""The life of an intent as a pure state machine: what it is, what happened, what it is then.

    .            (no clear answer, or its holder died)
    .                       lost
    open ──clear──> sending ─────> unknown ──absent──> failed
     │ │               │ │            │                  ^
     │ │    refused    │ │ booked     │ found            │ canceled
     │ └──────┬────────┘ └─────┬──────┘                  │
     │        v                v      moves?             │
     │     (dropped)        booked ──────────> moving ──stuck──> undoing
     │        ^                │ no              │
     │  lost  │                v                 │ canceled
     ├────────┘            confirmed <───────────┘
     └──found────────────> as booked

`open`: written down; nothing has been sent and whoever finds it abandoned may
drop it. `sending`: it may have been sent, so nobody sends for it ever again;
only a look at Calendly can tell. `unknown`: sent, and the answer never came.
`moving`: the new time of a reschedule is booked and the old one still has to be
canceled. `undoing`: the old one cannot be canceled any more, so the new one is
given up. `confirmed` and `failed` are final; a dropped intent is deleted, as if
it had never been.

What is learnt late still counts: a holder whose answer comes when others have
given it up, and a look that finds what its holder is still waiting for, lead
from `sending` and `unknown` alike to where they would have led in time.

No transition leads back to `open`, and `clear` is the only way to `sending`:
whatever happens to whom, an intent is sent at most once.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class State(StrEnum):
    OPEN = "open"
    SENDING = "sending"
    UNKNOWN = "unknown"
    MOVING = "moving"
    UNDOING = "undoing"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    DROPPED = "dropped"
    """Never stored: the record is deleted."""


class Happened(Enum):
    CLEARED = auto()
    """Calendly was looked at and does not have it; its holder is about to send."""
    FOUND = auto()
    """A look at Calendly shows the booking."""
    BOOKED = auto()
    """Calendly answered that it is booked."""
    REFUSED = auto()
    """It is certain that nothing was booked."""
    LOST = auto()
    """The answer is not clear, or whoever held the intent is gone."""
    ABSENT = auto()
    """Looks at Calendly, conclusive by `is_conclusive`, do not show it."""
    CANCELED = auto()
    """The event that had to go is gone."""
    STUCK = auto()
    """The old event of a reschedule can never be canceled: it has begun."""


FINAL = frozenset({State.CONFIRMED, State.FAILED})
UNCERTAIN = frozenset({State.OPEN, State.SENDING, State.UNKNOWN})
"""Whether there is a booking is not known yet."""

_BOOKED = State.MOVING, State.CONFIRMED
"""By whether the booking takes the place of another."""

_NEXT: dict[tuple[State, Happened], State | tuple[State, State]] = {
    (State.OPEN, Happened.CLEARED): State.SENDING,
    (State.OPEN, Happened.FOUND): _BOOKED,
    (State.OPEN, Happened.REFUSED): State.DROPPED,
    (State.OPEN, Happened.LOST): State.DROPPED,
    (State.SENDING, Happened.BOOKED): _BOOKED,
    (State.SENDING, Happened.FOUND): _BOOKED,
    (State.SENDING, Happened.REFUSED): State.DROPPED,
    (State.SENDING, Happened.LOST): State.UNKNOWN,
    (State.UNKNOWN, Happened.BOOKED): _BOOKED,
    (State.UNKNOWN, Happened.FOUND): _BOOKED,
    (State.UNKNOWN, Happened.REFUSED): State.DROPPED,
    (State.UNKNOWN, Happened.ABSENT): State.FAILED,
    (State.MOVING, Happened.CANCELED): State.CONFIRMED,
    (State.MOVING, Happened.STUCK): State.UNDOING,
    (State.UNDOING, Happened.CANCELED): State.FAILED,
}


def after(state: State, happened: Happened, *, moves: bool) -> State | None:
    """The state that follows; None where this cannot happen to it. `moves`: it takes the place of another booking."""
    following = _NEXT.get((state, happened))
    if isinstance(following, tuple):
        return following[0] if moves else following[1]
    return following


def transitions(happened: Happened, *, moves: bool) -> dict[State, State]:
    """The states to which this can happen, and what follows each."""
    found = {state: after(state, happened, moves=moves) for state in State}
    return {state: following for state, following in found.items() if following is not None}


class Task(Enum):
    """What has to be done for an intent that nobody is looking after."""

    DROP = auto()
    WAIT = auto()
    """It may just have been sent: from now on, silence is measured."""
    LOOK = auto()
    CANCEL_OLD = auto()
    CANCEL_NEW = auto()


TASKS: dict[State, Task] = {
    State.OPEN: Task.DROP,
    State.SENDING: Task.WAIT,
    State.UNKNOWN: Task.LOOK,
    State.MOVING: Task.CANCEL_OLD,
    State.UNDOING: Task.CANCEL_NEW,
}


ABSENCES = 2
"""Looks after the quiet period that must all come back empty: Calendly's lists may lag behind its bookings."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`silence`: seconds since the answer was given up. `absences`: empty looks, begun when it was quiet already."""

    silence: float
    absences: int


def is_quiet(evidence: Evidence, quiet: float) -> bool:
    """Whatever was sent has arrived by now, or never will."""
    return evidence.silence >= quiet


def is_conclusive(evidence: Evidence) -> bool:
    """It was not booked, as far as anybody can ever tell."""
    return evidence.absences >= ABSENCES
