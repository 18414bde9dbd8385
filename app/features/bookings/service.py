"""Makes bookings: once each, and says what became of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC

from app.calendly.client import wire_time
from app.calendly.failures import BookingRefusedError
from app.calendly.models import NewBooking
from app.errors import BookingsClosedError, SlotTakenError, UpstreamBusyError
from app.features.bookings.desk import (
    Desk,
    Outcome,
    already_there,
    claims_in,
    claims_of,
    confirming,
    draft_of,
    expiry,
    joined,
    new_id,
    packed,
    slot_name,
    told,
    unproven,
)
from app.features.bookings.manage import Claims
from app.features.bookings.mapping import Plan, Seat, draft_from, preflight_from
from app.features.bookings.planner import Checked, hosted_page_named, wish_of
from app.features.bookings.schemas import Preflight
from app.form.submission import Submission
from app.intents.likeness import digest
from app.intents.machine import State
from app.intents.model import Matter, NewIntent, Result
from app.intents.naming import Names
from app.intents.progress import Progress, SlotHeldError
from app.slots.model import Slot


@dataclass(frozen=True, slots=True)
class Attempt:
    """One `POST /bookings`: what it says, and under which key. Both are hashed for the store."""

    submission: Submission
    names: Names
    key: str
    fingerprint: str


class BookingService:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def preflight_booking(self, submission: Submission) -> Preflight:
        """Every check that booking makes, and no more: nothing is sent that could book."""
        plan = await self._desk.planner.planned(await self._desk.planner.checked(submission), submission)
        with hosted_page_named(plan.seat.hosted_url):
            names = await self._desk.names()
            await self._desk.require_open()
            self._desk.runner.require_known(names)
        return preflight_from(plan.seat)

    async def knows(self, submission: Submission, key: str) -> bool:
        """Whether this very attempt was made here before. Raises `BookingsClosedError` where nobody can tell."""
        return await self._earlier(await self._attempt(submission, key)) is not None

    async def create_booking(self, submission: Submission, key: str) -> Outcome:
        attempt = await self._attempt(submission, key)
        earlier = await self._earlier(attempt)
        if earlier is not None:
            return await self._answered(earlier)
        checked = await self._desk.planner.checked(submission)
        try:
            plan = await self._desk.planner.planned(checked, submission)
        except SlotTakenError:
            already = await self._already(checked, attempt)
            if already is None:
                raise
            return already
        with hosted_page_named(plan.seat.hosted_url):
            await self._desk.require_open()
            return await self._answered(await self._booked(plan, attempt))

    async def _already(self, checked: Checked, attempt: Attempt) -> Outcome | None:
        """Perhaps the slot is gone because this very person has it: whose first answer was lost must not book again."""
        earlier = await self._earlier(attempt)
        if earlier is not None:
            return await self._answered(earlier)
        wish = wish_of(attempt.submission)
        slot = Slot(wish.start.astimezone(UTC), 0)
        seat = Seat(event_type=checked.event_type, slot=slot, as_of=self._desk.clock(), zone=wish.zone)
        plan = Plan(seat, checked.accepted)
        intent = await self._intent(plan, attempt)
        with hosted_page_named(seat.hosted_url):
            try:
                progress = await self._desk.runner.find_person(intent.natural, attempt.fingerprint)
            except SlotHeldError:
                return None
            if progress is None:
                return await self._forgotten(plan, intent.matter, attempt)
            if progress.result is None or await self._desk.is_active(progress.result):
                return await self._answered(progress)
        return None

    async def _forgotten(self, plan: Plan, matter: Matter, attempt: Attempt) -> Outcome | None:
        """What Calendly alone may know, because our records are lost, or the last of them are.

        A store that has long had its records hardly ever lacks one: then a crowd's questions are not worth a 503.
        """
        try:
            invitee = await self._desk.runner.sighted(matter.wanted, _new_booking(plan))
        except UpstreamBusyError:
            if attempt.names.settled:
                return None
            raise
        if invitee is None:
            return None
        id_ = self._desk.client.id_from(invitee.uri)
        return joined(already_there(draft_of(matter), id_, invitee.created_at), claims_in(matter))

    async def _attempt(self, submission: Submission, key: str) -> Attempt:
        async with self._page_named(submission):
            names = await self._desk.names()
        return Attempt(
            submission,
            names,
            # Accounts may share a store, and front ends of theirs a way to choose keys.
            names.of("key", await self._desk.account_id(), key),
            names.of("body", submission.model_dump_json()),
        )

    async def _earlier(self, attempt: Attempt) -> Progress | None:
        async with self._page_named(attempt.submission):
            return await self._desk.runner.find(attempt.key, attempt.fingerprint)

    @asynccontextmanager
    async def _page_named(self, submission: Submission) -> AsyncIterator[None]:
        """Before the event type is known, it is looked up only where its page is needed."""
        try:
            yield
        except BookingsClosedError as failure:
            failure.hosted_url = await self._desk.planner.hosted_page(submission.event_type_id)
            raise

    async def _booked(self, plan: Plan, attempt: Attempt) -> Progress:
        progress = await self._carried_out(plan, attempt)
        if progress.owner or progress.fresh or progress.result is None:
            return progress
        if await self._desk.is_active(progress.result):
            return progress
        # Somebody canceled what we still took for booked: the person may have that time again.
        await self._desk.runner.release(progress.id, attempt.key)
        return await self._carried_out(plan, attempt)

    async def _carried_out(self, plan: Plan, attempt: Attempt) -> Progress:
        seat = plan.seat
        try:
            return await self._desk.runner.book(await self._intent(plan, attempt), _new_booking(plan))
        except SlotTakenError as taken:
            raise await self._desk.taken(seat, taken) from taken
        except BookingRefusedError as refusal:
            # What Calendly means by it is for the visitor, who filled in what we asked for.
            raise await self._desk.planner.reason_refused(seat) or refusal from refusal

    async def _intent(self, plan: Plan, attempt: Attempt) -> NewIntent:
        seat, names = plan.seat, attempt.names
        matter = await self._matter(plan)
        claims = claims_in(matter)
        person = (claims.account, claims.event_type, claims.start.isoformat(), claims.email.casefold())
        return NewIntent(
            id=claims.booking,
            key=attempt.key,
            natural=names.of("person", *person),
            slot=slot_name(names, seat),
            fingerprint=attempt.fingerprint,
            seats=seat.slot.spots_left,
            as_of=seat.as_of,
            generation=names.generation,
            matter=matter,
        )

    async def _matter(self, plan: Plan) -> Matter:
        seat, id_, now = plan.seat, new_id(), self._desk.clock()
        draft = draft_from(plan, id_, now)
        claims = Claims(
            booking=id_,
            account=await self._desk.account_id(),
            event_type=seat.event_type.id,
            start=seat.slot.start,
            email=plan.accepted.invitee.email,
            expires_at=expiry(seat.end),
            root=id_,
            sent_at=now,
            asked=digest(_new_booking(plan)),
        )
        wanted = await self._desk.wanted(claims, draft.invitee.name, pooled=seat.event_type.pooled)
        return Matter(
            wanted=wanted,
            end=seat.end,
            draft=told(draft),
            claims=packed(claims),
            seats=seat.slot.spots_left,
        )

    async def _answered(self, progress: Progress) -> Outcome:
        if progress.state in {State.SENDING, State.UNKNOWN} or progress.result is None:
            return confirming(self._desk, progress)
        if not progress.owner and not progress.result.found:
            return joined(draft_of(progress.matter), claims_of(progress))
        if progress.answer is not None:
            return Outcome(answer=progress.answer, replayed=True)
        if progress.result.found:
            answer = self._found(progress, progress.result).answer
        else:
            answer = told(await self._desk.confirmed(progress, progress.result))
        kept = await self._desk.runner.keep_answer(progress.id, answer)
        return Outcome(answer=kept, replayed=not progress.fresh)

    def _found(self, progress: Progress, result: Result) -> Outcome:
        created_at = progress.invitee.created_at if progress.invitee else None
        draft = draft_of(progress.matter)
        booking = already_there(unproven(draft) if result.other else draft, result.invitee, created_at)
        return joined(booking, claims_of(progress))


def _new_booking(plan: Plan) -> NewBooking:
    return plan.accepted.new_booking(plan.seat.event_type.uri, wire_time(plan.seat.slot.start))
