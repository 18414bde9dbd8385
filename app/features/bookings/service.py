"""Sends a booking once, and says what became of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.calendly.client import CalendlyClient, wire_time
from app.calendly.failures import BookingRefusedError, OutcomeUnknownError
from app.calendly.models import Invitee, ScheduledEvent, is_plausible
from app.errors import AppError, BookingsClosedError, SlotTakenError
from app.features.bookings.mapping import Plan, booking_from, preflight_from
from app.features.bookings.outcomes import Outcomes, fingerprint_of
from app.features.bookings.planner import BookingPlanner, hosted_page_named
from app.features.bookings.schemas import Preflight
from app.form.submission import Submission

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`answer` is the booking as JSON; `replayed`: an earlier try with this key made it."""

    answer: str
    replayed: bool


class BookingService:
    def __init__(
        self,
        *,
        client: CalendlyClient,
        planner: BookingPlanner,
        outcomes: Outcomes,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._planner = planner
        self._outcomes = outcomes
        self._clock = clock

    async def preflight_booking(self, submission: Submission) -> Preflight:
        """Every check that booking makes, and no more: nothing is sent that could book."""
        return preflight_from(await self._planner.planned(submission))

    async def create_booking(self, submission: Submission, key: str) -> Outcome:
        fingerprint = fingerprint_of(submission.model_dump_json())
        earlier = await self._earlier(submission, key, fingerprint)
        if earlier is not None:
            return earlier
        try:
            plan = await self._planner.planned(submission)
        except SlotTakenError:
            # Perhaps by this very key: its first try may have ended since we looked.
            earlier = await self._earlier(submission, key, fingerprint)
            if earlier is None:
                raise
            return earlier
        with hosted_page_named(plan.event_type):
            await self._outcomes.claim(key, fingerprint, self._clock())
            try:
                invitee = await self._sent(plan)
            except OutcomeUnknownError:
                await self._noted(self._outcomes.lose(key, fingerprint, self._clock()))
                raise
            except AppError as refusal:
                await self._noted(self._outcomes.release(key))
                raise await self._explained(refusal, plan, submission) from refusal
        await self._planner.forget(plan)
        booking = booking_from(plan, invitee, await self._event_of(invitee))
        answer = booking.model_dump_json(by_alias=True)
        await self._noted(self._outcomes.settle(key, fingerprint, self._clock(), answer))
        return Outcome(answer, replayed=False)

    async def _earlier(self, submission: Submission, key: str, fingerprint: str) -> Outcome | None:
        try:
            answer = await self._outcomes.find(key, fingerprint, self._clock())
        except (BookingsClosedError, OutcomeUnknownError) as failure:
            failure.hosted_url = await self._planner.hosted_page(submission)
            raise
        return None if answer is None else Outcome(answer, replayed=True)

    async def _sent(self, plan: Plan) -> Invitee:
        booking = plan.accepted.new_booking(plan.event_type.uri, wire_time(plan.slot.start))
        return await self._client.create_invitee(booking)

    async def _noted(self, note: Awaitable[None]) -> None:
        """What happened to the booking stands, even if it cannot be written down.

        The key then stays claimed: a repetition is told to look, and never books again.
        """
        try:
            await note
        except BookingsClosedError:
            log.exception("bookings.outcome_unsaved")

    async def _explained(self, refusal: AppError, plan: Plan, submission: Submission) -> AppError:
        """What Calendly's refusal means for the visitor, who filled in what we asked for."""
        match refusal:
            case SlotTakenError():
                await self._planner.forget(plan)
                free = await self._planner.alternatives(plan.event_type, submission)
                return SlotTakenError(alternatives=free)
            case BookingRefusedError():
                return await self._planner.reason_refused(plan, submission) or refusal
        return refusal

    async def _event_of(self, invitee: Invitee) -> ScheduledEvent | None:
        """Where and when, as Calendly has it. The booking stands even if this cannot be read."""
        try:
            event = await self._client.get_scheduled_event(self._client.id_from(invitee.event))
        except AppError as error:
            log.warning("bookings.event_unread", error=error.code)
            return None
        return event if is_plausible(event.start_time) and is_plausible(event.end_time) else None
