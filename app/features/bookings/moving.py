"""Reschedules: Calendly has no call for it, so the new time is booked first and the old one canceled after.

Never the other way round: whatever fails, the visitor has a time. Every step is
an intent's, so that it is carried on after a crash, and given back where the
old time can no longer be given up.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog

from app.calendly.client import wire_time
from app.calendly.failures import BookingRefusedError
from app.calendly.models import NewBooking
from app.catalogue.model import EventType
from app.errors import (
    BookingInFlightError,
    BookingNotChangeableError,
    NotFoundError,
    SlotTakenError,
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
from app.features.bookings.managing import BookingManager, moving_key, require_movable
from app.features.bookings.mapping import Booked, Seat, booking_from, moved_draft_from
from app.features.bookings.planner import Wish, hosted_page_named
from app.features.bookings.schemas import Previous, Rescheduled
from app.form.repeat import booking_again
from app.intents.machine import State
from app.intents.model import Matter, NewIntent, Result
from app.intents.runner import Progress, SlotHeldError

log = structlog.get_logger()


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
        old = await self._manager.settled(claims)
        claims = known_claims(claims, old)
        key, fingerprint = self._names(old, start)
        earlier = await self._desk.runner.find(key, fingerprint)
        if earlier is not None:
            return await self._answered(earlier)
        booked = await self._desk.booked(old)
        require_movable(self._desk, booked)
        with hosted_page_named(booked.invitee.reschedule_url or ""):
            seat = await self._seat(claims, booked, start)
            await self._desk.require_open()
            progress = await self._carried_out(claims, booked, seat)
        return await self._answered(progress)

    def _names(self, old: Result, start: datetime) -> tuple[str, str]:
        at = start.astimezone(UTC).isoformat()
        return self._desk.hashes.of("move", old.event, at), self._desk.hashes.of("body", old.event, at)

    async def _seat(self, claims: Claims, booked: Booked, start: datetime) -> Seat:
        event_type = await self._event_type(claims, booked)
        zone = ZoneInfo(booking_from(booked, claims).time_zone)
        return await self._desk.planner.offered(event_type, Wish(start, zone))

    async def _event_type(self, claims: Claims, booked: Booked) -> EventType:
        """Raises `UseHostedPageError` where it is no longer published here."""
        try:
            event_type = await self._desk.catalogue.find(claims.event_type)
        except NotFoundError as error:
            raise UseHostedPageError(hosted_url=booked.invitee.reschedule_url) from error
        if not event_type.bookable:
            raise UseHostedPageError(hosted_url=booked.invitee.reschedule_url)
        return event_type

    async def _carried_out(self, claims: Claims, booked: Booked, seat: Seat) -> Progress:
        booking = self._again(booked, seat)
        try:
            return await self._desk.runner.book(await self._intent(claims, booked, seat), booking)
        except SlotHeldError as held:
            old = Result(claims.event or "", claims.invitee or "")
            if await self._desk.runner.is_pending(moving_key(self._desk, old)):
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

    async def _intent(self, old: Claims, booked: Booked, seat: Seat) -> NewIntent:
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
        )
        result = Result(old.event or "", old.invitee or "")
        key, fingerprint = self._names(result, seat.slot.start)
        matter = Matter(
            wanted=await self._desk.wanted(claims, booked.invitee.name or "", pooled=seat.event_type.pooled),
            end=seat.end,
            draft=told(moved_draft_from(booking_from(booked, old), seat, id_, now)),
            claims=packed(claims),
            replaces=result.event,
            replaced_from=booked.event.start_time,
            replaced_to=booked.event.end_time,
        )
        return NewIntent(
            id=id_,
            key=key,
            natural=moving_key(self._desk, result),
            slot=slot_name(self._desk.hashes, seat),
            fingerprint=fingerprint,
            seats=seat.slot.spots_left,
            as_of=seat.as_of,
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
        booking = await self._desk.confirmed(progress, progress.result)
        return Rescheduled(
            **booking.model_dump(),
            previous=Previous(
                id=booking.rescheduled_from or "", status="canceling" if canceling else "canceled"
            ),
            emails=["confirmation", "cancellation"],
        )
