"""What was accepted and what Calendly made of it -> a booking. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.calendly.models import EventLocation, NewAnswer, NewLocation, ScheduledEvent
from app.calendly.models import Invitee as WireInvitee
from app.catalogue.model import EventType
from app.errors import Alternative
from app.features.bookings.calendar import CalendarEntry, calendar_links
from app.features.bookings.manage import Claims
from app.features.bookings.schemas import (
    BookedAnswer,
    Booking,
    BookingHost,
    BookingLocation,
    CalendarLinks,
    Hosted,
    Invitee,
    Preflight,
    Status,
)
from app.form.check import Accepted
from app.form.locations import KINDS, kind_of
from app.form.questions import question_id
from app.slots.model import Slot
from app.time_zones import time_zones

_CONFERENCE_STATUS = {"pushed": "ready", "failed": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A slot that is offered, as read at `as_of`."""

    event_type: EventType
    slot: Slot
    as_of: datetime
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        return self.slot.start + timedelta(minutes=self.event_type.duration_minutes)

    @property
    def hosted_url(self) -> str:
        """Where this very slot can be booked without us."""
        return self.slot.page or self.event_type.hosted_url


@dataclass(frozen=True, slots=True)
class Plan:
    """A booking that may be sent: every rule is kept, and the slot is offered."""

    seat: Seat
    accepted: Accepted


@dataclass(frozen=True, slots=True)
class Booked:
    """One invitee on one scheduled event, as Calendly has them."""

    event: ScheduledEvent
    invitee: WireInvitee

    @property
    def active(self) -> bool:
        """A status that we do not know yet is none of being canceled."""
        return "canceled" not in {self.event.status, self.invitee.status}

    @property
    def shared(self) -> bool:
        """Others may sit in the same event, or nobody says: it cannot be canceled for one of them alone."""
        return self.event.invitees_counter is None or self.event.invitees_counter.limit > 1


def local_time(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds")


def alternatives_from(slots: Sequence[Slot], zone: ZoneInfo) -> list[Alternative]:
    return [Alternative(local_time(slot.start, zone), slot.spots_left) for slot in slots]


def preflight_from(seat: Seat) -> Preflight:
    return Preflight(
        event_type_id=seat.event_type.id,
        start=local_time(seat.slot.start, seat.zone),
        end=local_time(seat.end, seat.zone),
        time_zone=seat.zone.key,
        spots_left=seat.slot.spots_left,
    )


def draft_from(plan: Plan, id_: str, now: datetime) -> Booking:
    """What is known before Calendly has said anything: what was asked for."""
    seat, accepted = plan.seat, plan.accepted
    return Booking(
        id=id_,
        status="confirming",
        event_type_id=seat.event_type.id,
        name=seat.event_type.name,
        start=local_time(seat.slot.start, seat.zone),
        end=local_time(seat.end, seat.zone),
        time_zone=seat.zone.key,
        location=_location_from(_expected(accepted.location)),
        host=BookingHost(name=seat.event_type.host_name),
        invitee=Invitee(name=_name_from(accepted), email=accepted.invitee.email),
        guests=list(accepted.guests or ()),
        answers=_answers_from(accepted.answers or ()),
        manage=None,
        hosted=Hosted(cancel_url=None, reschedule_url=None),
        calendar_links=None,
        rescheduled_from=None,
        created_at=now,
    )


def moved_draft_from(booking: Booking, seat: Seat, id_: str, now: datetime) -> Booking:
    """The same person at another time."""
    return booking.model_copy(
        update={
            "id": id_,
            "status": "confirming",
            "start": local_time(seat.slot.start, seat.zone),
            "end": local_time(seat.end, seat.zone),
            "location": _not_set_up(booking.location),
            "manage": None,
            "hosted": Hosted(cancel_url=None, reschedule_url=None),
            "calendar_links": None,
            "rescheduled_from": booking.id,
            "created_at": now,
        }
    )


def booking_from(booked: Booked, claims: Claims, *, canceled: bool = False) -> Booking:
    """As Calendly has it now; `canceled` where we know better than its lists.

    Without guests where others sit in the same event: they may be anybody's.
    """
    event, invitee = booked.event, booked.invitee
    zone = ZoneInfo(invitee.timezone if invitee.timezone in time_zones() else "UTC")
    status: Status = "confirmed" if booked.active and not canceled else "canceled"
    booking = Booking(
        id=claims.booking,
        status=status,
        event_type_id=claims.event_type,
        name=event.name or "",
        start=local_time(event.start_time, zone),
        end=local_time(event.end_time, zone),
        time_zone=zone.key,
        location=_location_from(event.location),
        host=BookingHost(name=_host_from(event)),
        invitee=Invitee(name=invitee.name or "", email=invitee.email),
        guests=[] if booked.shared else [guest.email for guest in event.event_guests or ()],
        answers=_answers_from(
            NewAnswer(question=each.question, answer=each.answer, position=each.position)
            for each in invitee.questions_and_answers or ()
            if each.answer
        ),
        manage=None,
        hosted=Hosted(cancel_url=invitee.cancel_url, reschedule_url=invitee.reschedule_url),
        calendar_links=None,
        rescheduled_from=claims.replaced,
        created_at=invitee.created_at,
    )
    return with_links(booking, claims)


def with_links(booking: Booking, claims: Claims) -> Booking:
    if booking.status != "confirmed":
        return booking
    links = CalendarLinks(**calendar_links(entry_from(booking, claims)))
    return booking.model_copy(update={"calendar_links": links})


def entry_from(booking: Booking, claims: Claims) -> CalendarEntry:
    """One entry for a whole chain of reschedules: the same UID, and each move and each cancellation counts up."""
    place = booking.location
    canceled = booking.status != "confirmed"
    return CalendarEntry(
        uid=f"{claims.root}@calendly-bff",
        sequence=2 * claims.generation + canceled,
        name=booking.name,
        start=datetime.fromisoformat(booking.start).astimezone(UTC),
        end=datetime.fromisoformat(booking.end).astimezone(UTC),
        host=booking.host.name,
        place=(place.detail or place.label) if place else None,
        join_url=place.join_url if place else None,
        canceled=canceled,
        created_at=booking.created_at,
    )


def _expected(location: NewLocation | None) -> EventLocation | None:
    return None if location is None else EventLocation(type=location.kind, location=location.location)


def _is_conference(kind: str) -> bool:
    return kind.endswith("_conference")


def _location_from(location: EventLocation | None) -> BookingLocation | None:
    if location is None or location.type is None:
        return None
    kind = kind_of(location)
    known = KINDS.get(kind)
    details = [each for each in (location.location, location.additional_info) if each]
    # The status may be null later, when the link has long been there.
    in_time = "ready" if location.join_url else _CONFERENCE_STATUS.get(location.status or "", "pending")
    return BookingLocation(
        kind=kind,
        label=known.label if known else "Other",
        detail="\n".join(details) or None,
        join_url=location.join_url,
        status=in_time if _is_conference(kind) else "ready",
    )


def _not_set_up(location: BookingLocation | None) -> BookingLocation | None:
    """The same place for another event: a conference gets a link of its own."""
    if location is None or not _is_conference(location.kind):
        return location
    return location.model_copy(update={"join_url": None, "status": "pending"})


def _host_from(event: ScheduledEvent) -> str:
    names = [each.user_name for each in event.event_memberships or () if each.user_name]
    return ", ".join(names)


def _name_from(accepted: Accepted) -> str:
    person = accepted.invitee
    return person.name or " ".join(part for part in (person.first_name, person.last_name) if part)


def _answers_from(answers: Iterable[NewAnswer]) -> list[BookedAnswer]:
    return [
        BookedAnswer(
            question_id=question_id(each.question, each.position), label=each.question, value=each.answer
        )
        for each in answers
    ]
