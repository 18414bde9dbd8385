"""How far an intent has come, and the errors in which whoever asks is told that they have to wait."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from app.calendly.models import Invitee, ScheduledEvent
from app.errors import BookingInFlightError, BookingsClosedError, SlotTakenError
from app.intents.machine import State
from app.intents.model import Matter, Result, Standing
from app.intents.naming import NamesUnknownError
from app.store.state import StoreAwayError

RETRY_IN_FLIGHT = 2
"""Seconds: most bookings are done by then."""

CLOSED_FOR = 30
"""Seconds after which to try again while the state store is away."""

LOST = "The records of bookings were lost. None is made until all that was being sent then must have arrived."

OTHER_KEYS = (
    "The state store was written to with other secret keys: BFF_SECRET_KEYS has to name one of them as well."
)


class SlotHeldError(SlotTakenError):
    """Others of ours are booking it, or somebody with this address has: it need not be gone for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an intent has come. `result` is None while nobody knows whether it was booked;
    `invitee` is what Calendly has just said of it, and `event` what it is about to say.

    `owner`: whoever asks has the key that it was made with. `fresh`: this very call sent it.
    """

    id: str
    state: State
    matter: Matter
    result: Result | None = None
    answer: str | None = None
    invitee: Invitee | None = None
    event: Awaitable[ScheduledEvent] | None = None
    owner: bool = True
    fresh: bool = False


def progress_of(standing: Standing, *, owner: bool) -> Progress:
    """Raises `BookingInFlightError` while somebody is at it."""
    if standing.state is State.OPEN or (standing.state is State.SENDING and not standing.overdue):
        raise BookingInFlightError(retry_after=RETRY_IN_FLIGHT)
    found = standing.result is not None and standing.result.found
    return Progress(
        id=standing.id,
        state=standing.state,
        matter=standing.matter,
        result=standing.result,
        answer=standing.answer,
        owner=owner and not found,
    )


def lost_everything(wait: timedelta) -> BookingInFlightError:
    """Nothing is booked until what was being sent when everything was lost must have arrived; or only named anew."""
    detail = LOST if wait else None
    return BookingInFlightError(detail=detail, retry_after=max(ceil(wait.total_seconds()), RETRY_IN_FLIGHT))


@contextmanager
def store_needed() -> Iterator[None]:
    """Without the store nobody could say whether a booking was made already."""
    try:
        yield
    except StoreAwayError as error:
        raise BookingsClosedError(retry_after=CLOSED_FOR) from error
    except NamesUnknownError as error:
        raise BookingsClosedError(detail=OTHER_KEYS, retry_after=CLOSED_FOR) from error
