"""What making and managing bookings share: the neighbours they need, and how an answer is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec
import structlog

from app.budgets.budgets import Budgets
from app.calendly.client import CalendlyClient
from app.calendly.failures import GrantLostError
from app.calendly.models import is_plausible
from app.calendly.quota import Purpose
from app.catalogue.catalogue import Catalogue
from app.concurrency import both
from app.errors import (
    AppError,
    BookingInFlightError,
    BookingsClosedError,
    NotFoundError,
    SlotTakenError,
    UpstreamError,
    UpstreamFailedError,
)
from app.features.bookings.manage import Claims, ManageTokens
from app.features.bookings.mapping import Booked, Seat, booking_from, with_links
from app.features.bookings.planner import BookingPlanner
from app.features.bookings.schemas import Booking, Manage
from app.intents.model import Matter, Result, Wanted
from app.intents.naming import Names
from app.intents.progress import CLOSED_FOR, Progress, SlotHeldError
from app.intents.runner import IntentRunner
from app.store.policy import StatePolicy
from app.store.state import StoreAwayError
from app.streams.announcing import Announcer, BookedTime

MANAGEABLE = timedelta(days=7)
"""After its end, for which a booking can still be read by its token."""

RETRY_CONFIRMING = 2
"""Seconds until it makes sense to ask again."""

UNTOLD = "It was booked before. Calendly does not say at the moment whether that booking still stands."

ID_DIGITS = 24

Hear = Callable[[Booking, Claims], Awaitable[None]]
"""Somebody else is to be told of this."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`answer` is a booking as JSON; `replayed`: by an earlier try; not `certain`: nobody knows yet if it was made."""

    answer: str
    replayed: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    client: CalendlyClient
    catalogue: Catalogue
    account_id: Callable[[], Awaitable[str]]
    """Raises `UpstreamError` where nobody knows it yet."""
    planner: BookingPlanner
    runner: IntentRunner
    budgets: Budgets
    policy: StatePolicy
    tokens: ManageTokens
    forget: Callable[[str, datetime, datetime], Awaitable[object]]
    """The days that a booking of an event type (its id) has changed."""
    canceling: Hear
    canceled: Hear
    """Before a cancellation is sent, and once it is known that it was made."""
    announcer: Announcer
    access: str
    """Names the account for it."""

    clock: Callable[[], datetime]

    async def require_open(self) -> None:
        """Raises `BookingsClosedError` or `BookingQuotaSpentError`. Costs nothing of any quota."""
        try:
            fault = await self.policy.fault()
        except StoreAwayError as error:
            raise BookingsClosedError(retry_after=CLOSED_FOR) from error
        if fault is not None:
            raise BookingsClosedError(detail=fault, retry_after=CLOSED_FOR)
        await self.budgets.require(Purpose.BOOK)

    @asynccontextmanager
    async def page_named(self, claims: Claims) -> AsyncIterator[None]:
        """Where only its owner can open the account again, a booking is closed too: its event type's page is named."""
        try:
            yield
        except GrantLostError as lost:
            lost.hosted_url = lost.hosted_url or await self._page_of(claims.event_type)
            raise

    async def _page_of(self, event_type: str) -> str | None:
        try:
            return await self.planner.hosted_page(event_type)
        except AppError as unknown:
            return unknown.hosted_url

    async def names(self) -> Names:
        """Raises `BookingsClosedError`, which says what is wrong with the store where anybody knows."""
        try:
            return await self.runner.names()
        except BookingsClosedError:
            await self.require_open()
            raise

    async def wanted(self, claims: Claims, name: str = "", *, pooled: bool) -> Wanted:
        account = await self.catalogue.account()
        return Wanted(
            user=account.uri,
            organization=account.organization,
            event_type=claims.event_type,
            start=claims.start,
            email=claims.email,
            name=name,
            pooled=pooled,
        )

    async def booked(self, result: Result, purpose: Purpose = Purpose.LOOKUP) -> Booked:
        """Both halves of a booking, as Calendly has them now."""
        client = self.client.looking_for(purpose)
        event, person = await both(
            client.get_scheduled_event(result.event),
            client.get_event_invitee(result.event, result.invitee),
        )
        return _plausible(Booked(event, person))

    async def _just_booked(self, progress: Progress, result: Result) -> Booked:
        """As `booked`, but for what Calendly has told already."""
        if progress.invitee is None:
            return await self.booked(result)
        if progress.event is None:
            event = await self.client.get_scheduled_event(result.event)
        else:
            # Whoever leaves ends nothing that others may wait for.
            event = await asyncio.shield(progress.event)
        return _plausible(Booked(event, progress.invitee))

    async def is_active(self, result: Result) -> bool:
        """Raises `BookingInFlightError` where Calendly does not tell: whoever repeats the attempt gets to know.

        Anybody can have this asked any number of times, so that it is worth a call only while there are plenty.
        """
        try:
            return (await self.booked(result, purpose=Purpose.CHECK)).active
        except NotFoundError:
            return False
        except UpstreamError as error:
            raise BookingInFlightError(
                detail=UNTOLD, retry_after=error.retry_after or RETRY_CONFIRMING
            ) from error

    async def taken(self, seat: Seat, refusal: SlotTakenError) -> SlotTakenError:
        """With what is free instead. What only we hold is not forgotten: Calendly may offer it again in a moment."""
        if not isinstance(refusal, SlotHeldError):
            await self.forget(seat.event_type.id, seat.slot.start, seat.end)
            self.announcer.changed(self.access, seat.slot.start, seat.end)
        return SlotTakenError(alternatives=await self.planner.alternatives(seat))

    async def gave_up(self, event_type: str, booked: Booked) -> None:
        """The booking was canceled: its time may be free."""
        start, end = booked.event.start_time, booked.event.end_time
        await self.forget(event_type, start, end)
        invitee = self.client.id_from(booked.invitee.uri)
        time = BookedTime(account=self.access, event_type=event_type, start=start, end=end, invitee=invitee)
        self.announcer.freed(time)

    async def confirmed(self, progress: Progress, result: Result) -> Booking:
        """As Calendly has it. The booking stands even if it cannot be read: then what was asked for is told."""
        claims, draft = claims_of(progress), draft_of(progress.matter)
        try:
            booking = booking_from(await self._just_booked(progress, result), claims)
        except AppError as error:
            log.warning("bookings.event_unread", error=error.code)
            booking = with_links(draft.model_copy(update={"status": "confirmed"}), claims)
        return booking.model_copy(update={"guests": draft.guests, "manage": self.manage(claims)})

    def manage(self, claims: Claims) -> Manage:
        return Manage(token=self.tokens.issue(claims), expires_at=claims.expires_at)


def _plausible(booked: Booked) -> Booked:
    """Raises `UpstreamFailedError` for times that nothing can be reckoned with."""
    if not (is_plausible(booked.event.start_time) and is_plausible(booked.event.end_time)):
        raise UpstreamFailedError
    return booked


def new_id() -> str:
    """Of a booking: known before Calendly has given it any."""
    return f"bk_{secrets.token_hex(ID_DIGITS // 2)}"


def expiry(end: datetime) -> datetime:
    return end + MANAGEABLE


def claims_in(matter: Matter) -> Claims:
    """As written down before anything was known."""
    return msgspec.json.decode(matter.claims, type=Claims)


def claims_of(progress: Progress) -> Claims:
    return known_claims(claims_in(progress.matter), progress.result)


def known_claims(claims: Claims, result: Result | None) -> Claims:
    if result is None:
        return claims
    return msgspec.structs.replace(claims, event=result.event, invitee=result.invitee, asked=None)


def packed(claims: Claims) -> str:
    return msgspec.json.encode(claims).decode()


def draft_of(matter: Matter) -> Booking:
    return Booking.model_validate_json(matter.draft)


def told(booking: Booking) -> str:
    return booking.model_dump_json(by_alias=True)


def confirming(desk: Desk, progress: Progress) -> Outcome:
    """Sent, and nobody knows: whoever made it can ask again with the token."""
    claims = claims_of(progress)
    manage = desk.manage(claims) if progress.owner else None
    draft = draft_of(progress.matter).model_copy(update={"manage": manage})
    return Outcome(answer=told(draft), certain=False, replayed=not progress.fresh)


def already_there(draft: Booking, invitee_id: str, created_at: datetime | None) -> Booking:
    """Named by what Calendly has, so that it is the same in every answer, whatever the store has lost meanwhile."""
    id_ = f"bk_{sha256(invitee_id.encode()).hexdigest()[:ID_DIGITS]}"
    return draft.model_copy(update={"id": id_, "created_at": created_at or draft.created_at})


def unproven(draft: Booking) -> Booking:
    """The address has the time, which is all that is known: place, guests and answers may be others than were asked
    for.
    """
    return draft.model_copy(update={"location": None, "guests": [], "answers": []})


def joined(draft: Booking, claims: Claims) -> Outcome:
    """For whoever says what another has said: what they sent themselves, and that it is booked.

    Knowing somebody's name, address and time is not enough to manage the booking,
    or to get its links.
    """
    booking = draft.model_copy(update={"status": "confirmed"})
    return Outcome(answer=told(with_links(booking, claims)), replayed=True)


def slot_name(names: Names, seat: Seat) -> str:
    return names.slot(seat.event_type.id, seat.slot.start)
