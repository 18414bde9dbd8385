"""What whoever holds the manage token may do with a booking: read it, cancel it, take its calendar file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from app.calendly.failures import AlreadyCanceledError, EventOverError, OutcomeUnknownError
from app.calendly.quota import Purpose
from app.errors import (
    AppError,
    BookingInFlightError,
    BookingNotChangeableError,
    NotFoundError,
    UseHostedPageError,
)
from app.features.bookings.desk import RETRY_CONFIRMING, Desk, draft_of, known_claims, unproven
from app.features.bookings.lost import another_without_record, booking_without_record, is_of_its_time
from app.features.bookings.manage import Claims
from app.features.bookings.mapping import Booked, booking_from, entry_from, with_links
from app.features.bookings.schemas import Booking, Manage
from app.intents.likeness import digest
from app.intents.lookup import look
from app.intents.machine import State
from app.intents.model import Result, Standing
from app.intents.runner import Parts

RESERVED_TRIES = 2
"""To cancel one booking, that may draw on what is kept for it: one more than it takes, should an answer be lost."""

log = structlog.get_logger()


class BookingManager:
    """Every method raises `NotFoundError` alike for a token that is wrong, expired or another booking's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def read_booking(self, id_: str, token: str) -> Booking:
        claims = await self.admitted(id_, token)
        async with self._desk.page_named(claims):
            where = await self.located(claims)
            if isinstance(where, Booking):
                return where if where.status == "confirmed" else self._shown(where, claims, token)
            claims = known_claims(claims, where)
            # Whoever merely looks does not draw on what bookings and cancellations keep for themselves.
            booked = await self._desk.booked(where, purpose=Purpose.READ)
        return self._shown(booking_from(booked, claims), claims, token)

    async def calendar_file(self, id_: str, token: str) -> bytes:
        """Raises `BookingInFlightError` while it is not confirmed."""
        # Here, so that no start waits for a library of which few visitors have need.
        from app.features.bookings.calendar_file import calendar_file  # noqa: PLC0415

        booking = await self.read_booking(id_, token)
        match booking.status:
            case "confirming":
                raise BookingInFlightError(retry_after=RETRY_CONFIRMING)
            case "failed":
                raise NotFoundError
        claims = await self.admitted(id_, token)
        return calendar_file(entry_from(booking, claims), self._desk.clock())

    async def cancel_booking(self, id_: str, token: str, reason: str | None) -> Booking:
        """Repeating it answers the same. Raises `UseHostedPageError` for one seat of several."""
        claims = await self.admitted(id_, token)
        async with self._desk.page_named(claims):
            result = await self.settled(claims)
        claims = known_claims(claims, result)
        async with self._desk.page_named(claims), self._reserve(claims) as purpose:
            booked = await self._desk.booked(result, purpose=purpose)
            if booked.active:
                if booked.shared:
                    raise UseHostedPageError(hosted_url=booked.invitee.cancel_url)
                await self._require_still(result)
                booking = booking_from(booked, claims)
                await self._desk.canceling(booking, claims)
                await self._canceled(result, reason, purpose)
                await self._desk.canceled(booking, claims)
            # Also where it was canceled before: whoever did may not have got to know, and said nothing of it.
            await self._desk.gave_up(claims.event_type, booked)
        await self._desk.runner.release(claims.booking)
        return self._shown(booking_from(booked, claims, canceled=True), claims, token)

    async def admitted(self, id_: str, token: str) -> Claims:
        claims = self._desk.tokens.read(token, self._desk.clock())
        if claims is None or claims.booking != id_ or claims.account != await self._desk.account_id():
            raise NotFoundError
        return claims

    async def settled(self, claims: Claims) -> Result:
        """Where Calendly has it. Raises where there is nothing yet, or never was, or perhaps another's."""
        where = await self.located(claims)
        if isinstance(where, Result):
            return where
        if where.status == "confirming":
            raise BookingInFlightError(retry_after=RETRY_CONFIRMING)
        raise BookingNotChangeableError

    async def located(self, claims: Claims) -> Result | Booking:
        """By the token itself, by what is written down, or by a look at Calendly. A booking: there is none (yet),
        or, where it is confirmed, one of this address that says something else, and that nobody gets hold of here.
        """
        if claims.event and claims.invitee:
            return Result(claims.event, claims.invitee)
        standing = await self._standing(claims)
        if standing is None:
            return await self._looked_for(claims)
        failed = standing.state in {State.UNDOING, State.FAILED}
        if standing.result is not None and not failed:
            return _another(standing, claims) if standing.result.other else standing.result
        status = "failed" if failed else "confirming"
        return draft_of(standing.matter).model_copy(update={"status": status})

    async def _standing(self, claims: Claims) -> Standing | None:
        try:
            return await self._desk.runner.read(claims.booking)
        except AppError:
            return None

    async def _looked_for(self, claims: Claims) -> Result | Booking:
        """The record is lost; Calendly may have the booking all the same."""
        wanted = await self._desk.wanted(claims, pooled=await self._is_pooled(claims))
        # A token of an earlier version does not say what was asked.
        seen = await look(
            self._desk.client, wanted, lambda _, invitee: claims.asked in {None, digest(invitee)}
        )
        if seen.sighting is None or not is_of_its_time(claims, seen.sighting.invitee.created_at):
            return booking_without_record(claims, self._desk.clock(), complete=seen.complete)
        if claims.asked not in {None, digest(seen.sighting.invitee)}:
            return another_without_record(claims)
        id_from = self._desk.client.id_from
        return Result(id_from(seen.sighting.event.uri), id_from(seen.sighting.invitee.uri))

    async def _is_pooled(self, claims: Claims) -> bool:
        """To be on the safe side where the event type is no longer published."""
        try:
            return (await self._desk.catalogue.find(claims.event_type)).pooled
        except NotFoundError:
            return True

    @asynccontextmanager
    async def _reserve(self, claims: Claims) -> AsyncIterator[Purpose]:
        """On which quota to cancel, reads included.

        On what is kept for cancellations: while all else is spent, time can be given
        back. But only until a try has ended for certain, and a few times at most:
        whoever repeats it must not use up what others need.
        """
        # One that cannot even begin is no try.
        await self._desk.budgets.require(Purpose.CANCEL)
        tries = await self._desk.runner.count_cancel(claims.booking)
        draws = tries <= RESERVED_TRIES
        certain = False
        try:
            yield Purpose.CANCEL if draws else Purpose.READ
            certain = True
        except (BookingNotChangeableError, NotFoundError, UseHostedPageError):
            certain = True
            raise
        finally:
            if certain and draws and tries:
                await self._desk.runner.count_cancel(claims.booking, RESERVED_TRIES)

    async def _require_still(self, result: Result) -> None:
        """Raises `BookingInFlightError` while it is being moved."""
        if await self._desk.runner.is_pending(moving(result)):
            raise BookingInFlightError(retry_after=RETRY_CONFIRMING)

    async def _canceled(self, result: Result, reason: str | None, purpose: Purpose) -> None:
        """Canceling twice harms nobody, so what is not certain is looked at and told as it is."""
        try:
            await self._desk.client.cancel_scheduled_event(result.event, reason, purpose)
        except AlreadyCanceledError:
            log.info("bookings.canceled_already")
        except EventOverError as error:
            raise BookingNotChangeableError from error
        except OutcomeUnknownError:
            client = self._desk.client.looking_for(purpose)
            if (await client.get_scheduled_event(result.event)).status != "canceled":
                raise

    def _shown(self, booking: Booking, claims: Claims, token: str) -> Booking:
        """With the token that was sent, unless more is known by now than it says."""
        as_sent = Manage(token=token, expires_at=claims.expires_at)
        complete = self._desk.tokens.read(token, self._desk.clock()) == claims
        return booking.model_copy(update={"manage": as_sent if complete else self._desk.manage(claims)})


def _another(standing: Standing, claims: Claims) -> Booking:
    draft = draft_of(standing.matter).model_copy(update={"status": "confirmed"})
    return with_links(unproven(draft), claims)


def moving(result: Result) -> Parts:
    """The natural key of a reschedule: a booking moves to one place at a time."""
    return "move", result.event


def require_movable(desk: Desk, booked: Booked) -> None:
    """Raises where Calendly could not cancel it afterwards."""
    if not booked.active or booked.event.start_time <= desk.clock():
        raise BookingNotChangeableError
    if booked.shared:
        raise UseHostedPageError(hosted_url=booked.invitee.reschedule_url)
