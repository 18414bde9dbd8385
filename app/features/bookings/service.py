"""Makes bookings: once each, and says what became of them."""

from dataclasses import dataclass
from datetime import UTC

from app.calendly.client import wire_time
from app.calendly.failures import BookingRefusedError
from app.errors import BookingsClosedError, SlotTakenError, UpstreamError
from app.features.bookings.desk import (
    Desk,
    Outcome,
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
)
from app.features.bookings.manage import Claims
from app.features.bookings.mapping import Plan, Seat, draft_from, preflight_from
from app.features.bookings.planner import Checked, hosted_page_named, wish_of
from app.features.bookings.schemas import Preflight
from app.form.submission import Submission
from app.intents.lookup import look
from app.intents.machine import State
from app.intents.model import Matter, NewIntent
from app.intents.runner import Progress
from app.slots.model import Slot


@dataclass(frozen=True, slots=True)
class Attempt:
    """One `POST /bookings`: what it says, and under which key. Both are hashed for the store."""

    submission: Submission
    key: str
    fingerprint: str


class BookingService:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def preflight_booking(self, submission: Submission) -> Preflight:
        """Every check that booking makes, and no more: nothing is sent that could book."""
        plan = await self._desk.planner.planned(await self._desk.planner.checked(submission), submission)
        with hosted_page_named(plan.seat.hosted_url):
            await self._desk.require_open()
        return preflight_from(plan.seat)

    async def create_booking(self, submission: Submission, key: str) -> Outcome:
        attempt = self._attempt(submission, key)
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
        matter = await self._matter(Plan(seat, checked.accepted))
        try:
            sighting = (await look(self._desk.client, matter.wanted)).sighting
        except UpstreamError:
            return None
        if sighting is None or not sighting.is_by(matter.wanted.name):
            return None
        return joined(draft_of(matter), claims_in(matter))

    def _attempt(self, submission: Submission, key: str) -> Attempt:
        hashes = self._desk.hashes
        return Attempt(submission, hashes.of("key", key), hashes.of("body", submission.model_dump_json()))

    async def _earlier(self, attempt: Attempt) -> Progress | None:
        try:
            return await self._desk.runner.find(attempt.key, attempt.fingerprint)
        except BookingsClosedError as failure:
            failure.hosted_url = await self._desk.planner.hosted_page(attempt.submission.event_type_id)
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
        booking = plan.accepted.new_booking(seat.event_type.uri, wire_time(seat.slot.start))
        try:
            return await self._desk.runner.book(await self._intent(plan, attempt), booking)
        except SlotTakenError as taken:
            raise await self._desk.taken(seat, taken) from taken
        except BookingRefusedError as refusal:
            # What Calendly means by it is for the visitor, who filled in what we asked for.
            raise await self._desk.planner.reason_refused(seat) or refusal from refusal

    async def _intent(self, plan: Plan, attempt: Attempt) -> NewIntent:
        seat, hashes = plan.seat, self._desk.hashes
        matter = await self._matter(plan)
        claims = claims_in(matter)
        person = (claims.account, claims.event_type, claims.start.isoformat(), claims.email.casefold())
        return NewIntent(
            id=claims.booking,
            key=attempt.key,
            natural=hashes.of("person", *person),
            slot=slot_name(hashes, seat),
            fingerprint=attempt.fingerprint,
            seats=seat.slot.spots_left,
            as_of=seat.as_of,
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
        )
        wanted = await self._desk.wanted(claims, draft.invitee.name, pooled=seat.event_type.pooled)
        return Matter(wanted=wanted, end=seat.end, draft=told(draft), claims=packed(claims))

    async def _answered(self, progress: Progress) -> Outcome:
        if progress.state in {State.SENDING, State.UNKNOWN} or progress.result is None:
            return confirming(self._desk, progress)
        if not progress.owner:
            return joined(draft_of(progress.matter), claims_of(progress))
        if progress.answer is not None:
            return Outcome(answer=progress.answer, replayed=True)
        answer = told(await self._desk.confirmed(progress, progress.result))
        kept = await self._desk.runner.keep_answer(progress.id, answer)
        return Outcome(answer=kept, replayed=not progress.fresh)
