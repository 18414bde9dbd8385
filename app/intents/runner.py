"""Carries intents out: look, clear, send, settle, in tasks that no caller's cancellation reaches."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from msgspec import structs

from app.calendly.client import CalendlyClient
from app.calendly.failures import OutcomeUnknownError, busy
from app.calendly.models import Invitee, NewBooking, ScheduledEvent
from app.calendly.quota import Purpose
from app.concurrency import SingleFlight
from app.errors import (
    AppError,
    BookingInFlightError,
    IdempotencyKeyReusedError,
    UpstreamFailedError,
)
from app.intents.ledger import Event, Held, Known, Opened, Renamed, Reused
from app.intents.likeness import says_the_same
from app.intents.lookup import look
from app.intents.machine import FINAL, Happened, State
from app.intents.model import Matter, NewIntent, Result, Standing, Wanted
from app.intents.naming import Names, NamesUnknownError
from app.intents.progress import (
    OTHER_KEYS,
    RETRY_IN_FLIGHT,
    Progress,
    SlotHeldError,
    lost_everything,
    progress_of,
    store_needed,
)
from app.intents.settlement import Means, Settlement, result_of
from app.store.state import StoreAwayError

T = TypeVar("T")

Parts = tuple[str, ...]
"""What a natural key is hashed from."""

log = structlog.get_logger()


class IntentRunner:
    """What it began goes on when the caller leaves, and has ended when `aclose` returns."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._settlement = Settlement(means)
        self._running: set[asyncio.Task[Any]] = set()
        self._readings: set[asyncio.Task[Any]] = set()
        """Of events, for answers only: what they would tell is written down without them."""
        self._sightings = SingleFlight()

    async def aclose(self) -> None:
        """Waits for what is being sent: its outcome is to be written down. What is only read is ended then."""
        while self._running:
            await asyncio.wait(self._running)
        while self._readings:
            for reading in self._readings:
                reading.cancel()
            await asyncio.wait(self._readings)

    async def names(self) -> Names:
        """Raises `BookingsClosedError`."""
        with store_needed():
            return await self._means.naming.names()

    def require_known(self, names: Names) -> None:
        """Raises `BookingInFlightError` for as long as what was sent before the store lost all may still arrive."""
        left = None if names.lost_ago is None else self._means.options.pause - names.lost_ago
        if left and left > timedelta(0):
            raise lost_everything(left)

    async def fault(self) -> str | None:
        """Why `names` fails, where it is for the operator to mend; asks without a trace.

        Raises `StoreAwayError`.
        """
        return None if await self._means.naming.are_readable() else OTHER_KEYS

    async def find(self, key: str, fingerprint: str) -> Progress | None:
        """What became of this key, or None where it is new, or free to try again.

        Raises `IdempotencyKeyReusedError`, `BookingInFlightError`, `BookingsClosedError`.
        """
        with store_needed():
            known = await self._means.ledger.find(key, fingerprint)
            if known is None:
                return None
            if isinstance(known, Reused):
                raise IdempotencyKeyReusedError
            standing = await self._means.ledger.load(known.id)
        if standing is None or standing.is_over:
            return None
        return progress_of(standing, owner=known.owner)

    async def read(self, id_: str) -> Standing | None:
        """Raises `BookingsClosedError` where the store is away."""
        with store_needed():
            return await self._means.ledger.load(id_)

    async def book(self, new: NewIntent, booking: NewBooking) -> Progress:
        """Carry it out, or join whoever does.

        Raises what `find` raises, `SlotHeldError` where others of ours have the
        seats, and what `create_invitee` raises where nothing was booked.
        """
        new = replace(new, matter=structs.replace(new.matter, asked=booking))
        with store_needed():
            opened = await self._means.ledger.open(new, self._means.options.lease, self._means.options.pause)
        match opened:
            case Reused():
                raise IdempotencyKeyReusedError
            case Renamed(wait):
                raise lost_everything(wait)
            case Held():
                raise SlotHeldError
            case Known():
                return await self._joined(opened)
        return await self._uncancelled(self._carried_out(opened, new.matter, booking))

    async def find_person(self, natural: str, fingerprint: str) -> Progress | None:
        """What became of the attempt that has this person and slot, for whoever says the same with another key.

        Raises `SlotHeldError` where they say something else, `BookingInFlightError` and `BookingsClosedError`.
        """
        with store_needed():
            found = await self._means.ledger.find_natural(natural)
            standing = await self._means.ledger.load(found.id) if found else None
        if found is None or standing is None or standing.is_over:
            return None
        if found.fingerprint != fingerprint:
            raise SlotHeldError
        return progress_of(standing, owner=False)

    async def sighted(self, wanted: Wanted, booking: NewBooking) -> Invitee | None:
        """Whoever has just this booking, by Calendly.

        Asked once for all who ask it together, and only while there are calls to spare. Raises
        `UpstreamBusyError` where there are none.
        """
        speaker = await self._means.speaker(wanted.user, wanted.event_type)
        if speaker is None:
            return None
        client = speaker.looking_for(Purpose.CHECK)
        sighting = (await self._sightings.run(wanted, partial(look, client, wanted))).sighting
        same = sighting is not None and says_the_same(booking, sighting.event, sighting.invitee)
        return sighting.invitee if sighting and same else None

    async def keep_answer(self, id_: str, answer: str) -> str:
        """The answer that was kept first; this one where the store is away."""
        try:
            return await self._means.ledger.keep_answer(id_, answer)
        except StoreAwayError:
            log.warning("intents.answer_unsaved")
            return answer

    async def is_pending(self, natural: Parts) -> bool:
        """Whether an intent of this natural key is not final yet. False where the store is away."""
        try:
            named = (await self._means.naming.names()).of(*natural)
            found = await self._means.ledger.find_natural(named)
            standing = await self._means.ledger.load(found.id) if found else None
        except (StoreAwayError, NamesUnknownError):
            return False
        return standing is not None and standing.state not in FINAL and not standing.is_abandoned

    async def hint(self, event_type: str, start: datetime) -> int:
        """Somebody says that there is a booking of this slot: whoever waits to know looks now. How many do.

        Raises `StoreAwayError`. Nothing is believed: only the look comes sooner.
        """
        try:
            slot = (await self._means.naming.names()).slot(event_type, start)
        except NamesUnknownError:
            return 0
        return await self._means.ledger.hurry(slot)

    async def release(self, id_: str, key: str = "") -> None:
        """Its booking was canceled; `key` had joined it. Without the store, a look at Calendly tells as much."""
        try:
            await self._means.ledger.release(id_, key)
        except StoreAwayError:
            log.warning("intents.release_unsaved")

    async def count_cancel(self, id_: str, tries: int = 1) -> int:
        """So many more tries to cancel a booking: how many there were. None where the store is away."""
        try:
            return await self._means.ledger.count_cancel(id_, tries)
        except StoreAwayError:
            return 0

    async def _joined(self, known: Known) -> Progress:
        with store_needed():
            standing = await self._means.ledger.load(known.id)
        if standing is None:
            raise BookingInFlightError(retry_after=RETRY_IN_FLIGHT)
        return progress_of(standing, owner=known.owner)

    async def _uncancelled(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.shield(_begun(work, self._running))

    async def _carried_out(self, opened: Opened, matter: Matter, booking: NewBooking) -> Progress:
        try:
            client = await self._means.client_for(matter)
            seen = await self._seen(client, matter, booking)
            invitee = seen or await self._sent(client, opened, booking)
        except AppError:
            await self._settlement.note(opened.id, Event(happened=Happened.REFUSED, fence=opened.fence))
            raise
        result = _result(client, invitee, found=seen is not None)
        if result is None:
            await self._lost(opened)
            return Progress(id=opened.id, state=State.UNKNOWN, matter=matter, fresh=True)
        how = Happened.BOOKED if seen is None else Happened.FOUND
        event = self._event(client, matter, result)
        state = await self._settlement.booked(opened.id, matter, result, how)
        if state is None:
            # Whoever took it up while we slept has answered with it, or will.
            raise BookingInFlightError(retry_after=RETRY_IN_FLIGHT)
        mine = seen is None
        return Progress(
            id=opened.id,
            state=state,
            matter=matter,
            result=result,
            invitee=invitee,
            event=event,
            owner=mine,
            fresh=mine,
        )

    def _event(
        self, client: CalendlyClient, matter: Matter, result: Result
    ) -> "asyncio.Task[ScheduledEvent] | None":
        """Being read for the answer, while what happened is written down: neither needs the other.

        None for what was found, of which nobody is told more than they said, and for a move: its event has more to
        say once the old one is canceled.
        """
        if result.found or matter.replaces is not None:
            return None
        return _begun(_read(client, result.event), self._readings)

    async def _seen(self, client: CalendlyClient, matter: Matter, booking: NewBooking) -> Invitee | None:
        if not self._means.options.look_first:
            return None
        meant = partial(says_the_same, booking)
        sighting = (await look(client, matter.wanted, meant)).sighting
        if sighting is None:
            return None
        if matter.replaces is not None or not meant(sighting.event, sighting.invitee):
            # Who moves a booking proves no right to another one that is already there.
            raise SlotHeldError
        return sighting.invitee

    async def _sent(self, client: CalendlyClient, opened: Opened, booking: NewBooking) -> Invitee | None:
        """None where nobody knows. Once the store has let us, it counts as sent, whatever happens to this process."""
        latest = time.monotonic() + self._means.options.send_within.total_seconds()
        await self._clear(opened)
        try:
            return await client.create_invitee(booking, may_send=lambda: time.monotonic() < latest)
        except OutcomeUnknownError:
            return None

    async def _clear(self, opened: Opened) -> None:
        cleared = Event(
            happened=Happened.CLEARED, fence=opened.fence, due_in=self._means.options.answer_within
        )
        with store_needed():
            if not await self._means.ledger.advance(opened.id, cleared):
                # Whoever took it up while we slept decides what becomes of it.
                raise BookingInFlightError(retry_after=RETRY_IN_FLIGHT)

    async def _lost(self, opened: Opened) -> None:
        lost = Event(happened=Happened.LOST, fence=opened.fence, due_in=self._means.options.first_look)
        await self._settlement.note(opened.id, lost)


def _begun(work: Coroutine[Any, Any, T], among: set[asyncio.Task[Any]]) -> "asyncio.Task[T]":
    task = asyncio.create_task(work)
    among.add(task)
    task.add_done_callback(partial(_put_away, among))
    return task


def _put_away(among: set[asyncio.Task[Any]], task: "asyncio.Task[Any]") -> None:
    among.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that nobody logs it when the caller has left


async def _read(client: CalendlyClient, event: str) -> ScheduledEvent:
    """Only a service that stops cancels it. Whoever still waits was not cancelled, and is told of a failure."""
    try:
        return await client.get_scheduled_event(event)
    except asyncio.CancelledError:
        raise busy() from None


def _result(client: CalendlyClient, invitee: Invitee | None, *, found: bool) -> Result | None:
    """None also for a reply that names another host: whatever it booked, only a look can tell."""
    try:
        return result_of(client, invitee, found=found) if invitee else None
    except UpstreamFailedError:
        return None
