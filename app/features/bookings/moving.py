"""Reschedules: Calendly has no call for it, so the new time is booked first and the old one canceled after.

Never the other way round: whatever fails, the visitor has a time. Every step is
an intent's, so that it is carried on after a crash, and given back where the
old time can no longer be given up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog

from app.calendly.client import wire_time
from app.calendly.failures import BookingRefusedError
from app.calendly.models import NewBooking
from app.calendly.quota import Purpose
from app.catalogue.model import EventType
from app.errors import (
    BookingInFlightError,
    BookingNotChangeableError,
    NotFoundError,
    SlotTakenError,
    UpstreamError,
    UseHostedPageError,
)
from app.features.bookings.desk import (
    RETRY_CONFIRMING,
    Desk,
    Outcome,
    confirming,
    expiry,
    known_claims,
    new_id,
    packed,
    slot_name,
    told,
)
from app.features.bookings.manage import Claims
from app.features.bookings.managing import BookingManager, moving, require_movable
from app.features.bookings.mapping import Booked, Seat, booking_from, moved_draft_from
from app.features.bookings.planner import Wish, hosted_page_named
from app.features.bookings.schemas import Booking, Previous, Rescheduled
from app.form.repeat import booking_again
from app.intents.likeness import digest
from app.intents.machine import State
from app.intents.model import Matter, NewIntent, Result
from app.intents.naming import Names
from app.intents.progress import Progress, SlotHeldError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Move:
    """What `claims` names, to a seat."""

    claims: Claims
    booked: Booked
    seat: Seat
    names: Names

    @property
    def old(self) -> Result:
        return _event_of(self.claims)


class BookingMover:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._manager = BookingManager(desk)

    async def reschedule_booking(self, id_: str, token: str, start: datetime) -> Outcome:
        """Repeating it with the same start answers the same.

        Raises `BookingNotChangeableError` for what is canceled, moved or begun,
        `UseHostedPageError` for one seat of several and where the event type now asks
        for more than this booking says, and what booking the new time raises.
        """
        claims = await self._manager.admitted(id_, token)
        async with self._desk.page_named(claims):
            return await self._rescheduled(claims, start)

    async def _rescheduled(self, claims: Claims, start: datetime) -> Outcome:
        old = await self._manager.settled(claims)
        claims = known_claims(claims, old)
        names = await self._desk.names()
        attempt = _attempt(names, old, start)
        earlier = await self._desk.runner.find(*attempt)
        if earlier is not None:
            return await self._answered(earlier)
        try:
            return await self._answered(await self._begun(claims, start, names))
        except (BookingNotChangeableError, SlotTakenError):
            # Perhaps another click with the same wish was quicker, and it is its own booking that stands in the way.
            earlier = await self._desk.runner.find(*attempt)
            if earlier is None:
                raise
            return await self._answered(earlier)

    async def _begun(self, claims: Claims, start: datetime, names: Names) -> Progress:
        # Nothing is sent before this has passed: to repeat it must not draw on what bookings need.
        booked = await self._desk.booked(_event_of(claims), purpose=Purpose.READ)
        require_movable(self._desk, booked)
        with hosted_page_named(booked.invitee.reschedule_url or ""):
            event_type = await self._event_type(claims, booked)
            wish = Wish(start, ZoneInfo(booking_from(booked, claims).time_zone))
            seat = await self._desk.planner.offered(event_type, wish)
            await self._desk.require_open()
            return await self._carried_out(_Move(claims, booked, seat, names))

    async def _event_type(self, claims: Claims, booked: Booked) -> EventType:
        """Raises `UseHostedPageError` where it is no longer published here.

        Where it cannot be read, its page would be no help: that would book another time beside this one.
        """
        try:
            event_type = await self._desk.catalogue.find(claims.event_type)
        except UpstreamError as failure:
            failure.hosted_url = booked.invitee.reschedule_url or failure.hosted_url
            raise
        except NotFoundError as error:
            raise UseHostedPageError(hosted_url=booked.invitee.reschedule_url) from error
        if not event_type.bookable:
            raise UseHostedPageError(hosted_url=booked.invitee.reschedule_url)
        return event_type

    async def _carried_out(self, move: _Move) -> Progress:
        booked, seat = move.booked, move.seat
        booking = self._again(booked, seat)
        try:
            return await self._desk.runner.book(await self._intent(move, booking), booking)
        except SlotHeldError as held:
            if await self._desk.runner.is_pending(moving(move.old)):
                raise BookingInFlightError(retry_after=RETRY_CONFIRMING) from held
            raise await self._desk.taken(seat, held) from held
        except SlotTakenError as taken:
            raise await self._desk.taken(seat, taken) from taken
        except BookingRefusedError as refusal:
            raise UseHostedPageError(hosted_url=booked.invitee.reschedule_url) from refusal

    def _again(self, booked: Booked, seat: Seat) -> NewBooking:
        event_type = seat.event_type
        try:
            return booking_again(
                event_type.form,
                event_type.uri,
                wire_time(seat.slot.start),
                (booked.event, booked.invitee),
            )
        except ValueError as missing:
            raise UseHostedPageError(hosted_url=booked.invitee.reschedule_url) from missing

    async def _intent(self, move: _Move, booking: NewBooking) -> NewIntent:
        old, booked, seat, names = move.claims, move.booked, move.seat, move.names
        id_, now = new_id(), self._desk.clock()
        claims = Claims(
            booking=id_,
            account=old.account,
            event_type=old.event_type,
            start=seat.slot.start,
            email=old.email,
            expires_at=expiry(seat.end),
            root=old.root,
            generation=old.generation + 1,
            replaced=old.booking,
            sent_at=now,
            asked=digest(booking),
        )
        key, fingerprint = _attempt(names, move.old, seat.slot.start)
        matter = Matter(
            wanted=await self._desk.wanted(claims, booked.invitee.name or "", pooled=seat.event_type.pooled),
            end=seat.end,
            draft=told(moved_draft_from(booking_from(booked, old), seat, id_, now)),
            claims=packed(claims),
            replaces=move.old.event,
            replaced_from=booked.event.start_time,
            replaced_to=booked.event.end_time,
            replaced_invitee=move.old.invitee,
            seats=seat.slot.spots_left,
        )
        return NewIntent(
            id=id_,
            key=key,
            natural=names.of(*moving(move.old)),
            slot=slot_name(names, seat),
            fingerprint=fingerprint,
            seats=seat.slot.spots_left,
            as_of=seat.as_of,
            generation=names.generation,
            matter=matter,
        )

    async def _answered(self, progress: Progress) -> Outcome:
        match progress.state:
            case State.UNDOING | State.FAILED:
                raise BookingNotChangeableError
            case State.SENDING | State.UNKNOWN:
                return confirming(self._desk, progress)
        if progress.answer is not None:
            return Outcome(answer=progress.answer, replayed=True)
        canceling = progress.state is State.MOVING
        answer = told(await self._moved(progress, canceling=canceling))
        if not canceling:
            answer = await self._desk.runner.keep_answer(progress.id, answer)
        return Outcome(answer=answer, replayed=not progress.fresh)

    async def _moved(self, progress: Progress, *, canceling: bool) -> Rescheduled:
        if progress.result is None:
            raise BookingInFlightError(retry_after=RETRY_CONFIRMING)
        return _rescheduled(await self._desk.confirmed(progress, progress.result), canceling=canceling)


def _event_of(claims: Claims) -> Result:
    """Of claims that name it."""
    return Result(claims.event or "", claims.invitee or "")


def _attempt(names: Names, old: Result, start: datetime) -> tuple[str, str]:
    """Key and fingerprint: whoever asks for the same move repeats it."""
    at = start.astimezone(UTC).isoformat()
    return names.of("move", old.event, at), names.of("body", old.event, at)


def _rescheduled(booking: Booking, *, canceling: bool) -> Rescheduled:
    previous = Previous(id=booking.rescheduled_from or "", status="canceling" if canceling else "canceled")
    return Rescheduled(**booking.model_dump(), previous=previous, emails=["confirmation", "cancellation"])
