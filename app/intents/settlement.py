"""What follows once it is known that something was booked: written down, told on, and the old time given up."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

import structlog

from app.calendly.client import CalendlyClient
from app.calendly.failures import AlreadyCanceledError, EventOverError
from app.calendly.models import Invitee
from app.errors import AppError, NotFoundError, UpstreamRefusedUsError
from app.intents.ledger import Event, Ledger
from app.intents.machine import TASKS, Happened, State
from app.intents.model import Matter, Result
from app.intents.naming import Naming
from app.intents.options import ProtocolOptions
from app.store.state import StoreAwayError

MOVED = "Moved to another time."
NOT_MOVED = "The earlier time could not be given up any more."
"""Reasons of cancellations, which Calendly shows to host and invitee."""

log = structlog.get_logger()


async def _nobody_hears(_matter: Matter, _result: Result) -> bool:
    return True


class Change(Enum):
    """What has happened to a host's calendar, by an intent."""

    BOOKED = auto()
    MOVED = auto()
    """The old time was given up, after the new one had been booked."""
    UNDONE = auto()
    """The new time was given up again, for the old one could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What it takes to carry an intent out.

    `speaker` finds who speaks for the user with this URI, if anybody does, of bookings of the event type with this
    id. `settled` is
    told of every booking that was made or moved, and where it is now: its days are no longer true.
    `settling` is asked to write down, before that is settled, that somebody is to hear of it; False
    where it could not. `clock` is the one by which slots are read.
    """

    speaker: Callable[[str, str], Awaitable[CalendlyClient | None]]
    ledger: Ledger
    naming: Naming
    options: ProtocolOptions
    clock: Callable[[], datetime]
    settled: Callable[[Change, Matter, Result], Awaitable[None]]
    settling: Callable[[Matter, Result], Awaitable[bool]] = _nobody_hears

    async def client_for(self, matter: Matter) -> CalendlyClient:
        """Of its account. Raises `UpstreamError`: nobody speaks for it, or nobody knows who does."""
        client = await self.speaker(matter.wanted.user, matter.wanted.event_type)
        if client is None:
            raise UpstreamRefusedUsError
        return client


class Settlement:
    """What happened stands, even where it cannot be written down: the resolver then finds it out again."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def booked(self, id_: str, matter: Matter, result: Result, how: Happened) -> State | None:
        """There is such a booking: `MOVING`, `UNDOING` or `FAILED` only where it takes the place of another.

        None where it was merely found, and somebody else has settled the intent by now.
        """
        moves = matter.replaces is not None
        event = Event(
            happened=how,
            moves=moves,
            due_in=self._means.options.answer_within if moves else None,
            result=result,
            booked_at=self._means.clock(),
        )
        # What nobody could be told of stays unsettled: whoever finds it again tells.
        untold = not moves and not await self._means.settling(matter, result)
        noted = untold or await self.note(id_, event)
        if not noted and how is Happened.FOUND:
            return None
        await self._means.settled(Change.BOOKED, matter, result)
        if not moves:
            return State.CONFIRMED
        state = await self.moved(id_, matter, result)
        if state in TASKS:
            await self._soon(id_, state)
        return state

    async def moved(self, id_: str, matter: Matter, result: Result) -> State:
        """Cancel the event whose place the new one took. `MOVING` where it has to be tried again later."""
        try:
            client = await self._means.client_for(matter)
            await client.cancel_scheduled_event(matter.replaces or "", MOVED)
        except (AlreadyCanceledError, NotFoundError):
            log.info("intents.old_event_gone")
        except EventOverError:
            await self.note(id_, Event(happened=Happened.STUCK, due_in=self._means.options.first_look))
            return await self.undone(id_, matter, result)
        except AppError as error:
            log.warning("intents.old_event_stays", error=error.code)
            return State.MOVING
        if not await self._means.settling(matter, result):
            return State.MOVING
        await self.note(id_, Event(happened=Happened.CANCELED))
        await self._means.settled(Change.MOVED, matter, result)
        return State.CONFIRMED

    async def undone(self, id_: str, matter: Matter, result: Result) -> State:
        """Cancel the new event of a reschedule that came too late. `UNDOING` where it has to be tried again later."""
        try:
            client = await self._means.client_for(matter)
            await client.cancel_scheduled_event(result.event, NOT_MOVED)
        except (AlreadyCanceledError, NotFoundError, EventOverError):
            log.info("intents.new_event_gone")
        except AppError as error:
            log.warning("intents.new_event_stays", error=error.code)
            return State.UNDOING
        await self.note(id_, Event(happened=Happened.CANCELED))
        await self._means.settled(Change.UNDONE, matter, result)
        return State.FAILED

    async def _soon(self, id_: str, state: State) -> None:
        """The next try need not wait as long as for a process that died."""
        try:
            await self._means.ledger.postpone(id_, state, due_in=self._means.options.first_look)
        except StoreAwayError:
            log.warning("intents.left_for_later")

    async def note(self, id_: str, event: Event) -> bool:
        """False where the intent is not, or no longer, in a state to which that can happen."""
        try:
            return await self._means.ledger.advance(id_, event)
        except StoreAwayError:
            log.exception("intents.event_unsaved", happened=event.happened.name.lower())
            return True


def result_of(
    client: CalendlyClient, invitee: Invitee, *, found: bool = False, other: bool = False
) -> Result:
    """Raises `UpstreamFailedError` where the reply names another host."""
    return Result(client.id_from(invitee.event), client.id_from(invitee.uri), found or other, other)
