"""Makes notices of hints: what became of a booking, as the customer's own backend is told of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from app.calendly.client import CalendlyClient
from app.calendly.quota import Purpose
from app.concurrency import both
from app.errors import AppError, BookingInFlightError, NotFoundError, UpstreamRefusedUsError
from app.features.bookings.desk import RETRY_CONFIRMING
from app.features.bookings.manage import Claims
from app.features.bookings.managing import moving
from app.features.bookings.mapping import Booked, booking_from, local_time
from app.features.bookings.schemas import Booking, BookingLocation
from app.features.bookings.telling import About
from app.intents.model import Result
from app.intents.runner import Parts
from app.relay.hints import Hint
from app.relay.notices import Answer, BookingData, Notice, Person, Place, reference_of
from app.time_zones import zone

TRIES = 3
"""To read at Calendly what is certain; then what we know of it ourselves is told."""

GIVEN_UP = timedelta(days=1)
"""For which it is tried to find out what nobody but Calendly knows."""

ClientOf = Callable[[str, str], Awaitable[CalendlyClient | None]]

MayBeOurs = Callable[[Parts, str, datetime], Awaitable[bool]]
"""As `Underway.may_be`."""

log = structlog.get_logger()


class Composer:
    """Makes the notice that a hint leads to, from what Calendly says now, or from what we know ourselves.

    `client_of` finds who speaks for the account with this id, of bookings of the event type with this id.
    """

    def __init__(self, client_of: ClientOf, may_be_ours: MayBeOurs) -> None:
        self._client_of = client_of
        self._may_be_ours = may_be_ours

    async def compose(self, hint: Hint) -> Notice | None:
        """None where it did not happen, or nobody can say. Raises `AppError` where Calendly, or whoever is at it, may
        say later, and `StoreAwayError`.
        """
        about = msgspec.json.decode(hint.about, type=About)
        if about.hushed:
            return None
        claims = msgspec.json.decode(about.claims, type=Claims)
        known = Booking.model_validate_json(about.known) if about.known else None
        if about.type == "booking.canceled" and hint.certain and known is not None:
            return notice_from(hint, about, claims, known)
        if not about.ours and not hint.certain:
            await self._require_another(claims)
        try:
            booked, about = await self._read(hint.account, about, claims)
        except AppError as error:
            if hint.certain and known is not None and hint.tries >= TRIES:
                return notice_from(hint, about, claims, known)
            if hint.age > GIVEN_UP:
                log.warning("bookings.untold", notice=hint.id, error=error.code)
                return None
            raise
        if about.type == "booking.canceled" and booked.active:
            return None
        return notice_from(hint, about, claims, _completed(booking_from(booked, claims), known))

    async def _require_another(self, claims: Claims) -> None:
        """What Calendly tells of may be half of what is being done here. Whoever does it will tell all of it."""
        result = Result(claims.event or "", claims.invitee or "")
        if await self._may_be_ours(moving(result), claims.event_type, claims.start):
            raise BookingInFlightError(retry_after=RETRY_CONFIRMING)

    async def _read(self, account: str, about: About, claims: Claims) -> tuple[Booked, About]:
        speaker = await self._client_of(account, claims.event_type)
        if speaker is None:
            raise UpstreamRefusedUsError
        client = speaker.looking_for(Purpose.CHECK)
        event, invitee = claims.event or "", claims.invitee or ""
        booked = Booked(
            *await both(client.get_scheduled_event(event), client.get_event_invitee(event, invitee))
        )
        old = booked.invitee.old_invitee
        if old is not None:
            about = msgspec.structs.replace(about, replaces=reference_of(client.id_from(old)))
            if about.type == "booking.rescheduled" and about.previous is None:
                about = msgspec.structs.replace(about, previous=await _start_of(client, old))
        return booked, about


async def _start_of(client: CalendlyClient, invitee: str) -> datetime | None:
    """Of the event that the invitee with this URI was in; None where there is none any more."""
    event = client.id_from(invitee.rpartition("/invitees/")[0])
    try:
        return (await client.get_scheduled_event(event)).start_time
    except NotFoundError:
        return None


def _completed(booking: Booking, known: Booking | None) -> Booking:
    """Calendly does not say whom an invitee of a shared event brings along; they did."""
    return booking.model_copy(update={"guests": known.guests}) if known else booking


def notice_from(hint: Hint, about: About, claims: Claims, booking: Booking) -> Notice:
    """Pure. A booking that has been canceled since is told as it was, and the cancellation after it."""
    canceled = about.type == "booking.canceled" or about.over
    previous = local_time(about.previous, zone(booking.time_zone)) if about.previous else None
    data = BookingData(
        account_id=hint.account,
        reference=reference_of(claims.invitee) if claims.invitee else None,
        booking_id=booking.id if about.ours else None,
        status="canceled" if canceled else "confirmed",
        event_type_id=booking.event_type_id,
        name=booking.name,
        start=booking.start,
        end=booking.end,
        time_zone=booking.time_zone,
        location=_place_from(booking.location),
        invitee=Person(name=booking.invitee.name, email=booking.invitee.email),
        guests=tuple(booking.guests),
        answers=tuple(Answer(label=each.label, value=each.value) for each in booking.answers),
        replaces=about.replaces,
        rescheduled_from=booking.rescheduled_from,
        previous_start=previous,
        created_at=booking.created_at,
    )
    return Notice(id=hint.id, type=about.type, timestamp=about.at, data=data)


def _place_from(location: BookingLocation | None) -> Place | None:
    if location is None:
        return None
    return Place(kind=location.kind, label=location.label, detail=location.detail, join_url=location.join_url)
