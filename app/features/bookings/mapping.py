"""What was accepted and what Calendly made of it -> a booking. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from app.calendly.models import EventLocation, NewAnswer, NewLocation, ScheduledEvent
from app.calendly.models import Invitee as WireInvitee
from app.catalogue.model import EventType
from app.errors import Alternative
from app.features.bookings.schemas import (
    BookedAnswer,
    Booking,
    BookingHost,
    BookingLocation,
    Hosted,
    Invitee,
    Preflight,
)
from app.form.check import Accepted
from app.form.locations import KINDS
from app.slots.model import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A booking that may be sent: every rule is kept, and the slot is offered."""

    event_type: EventType
    accepted: Accepted
    slot: Slot
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        return self.slot.start + timedelta(minutes=self.event_type.duration_minutes)


_EVENT_KINDS = {"zoom": "zoom_conference", "gotomeeting": "gotomeeting_conference"}
"""Calendly calls these otherwise on a scheduled event than on the event type."""

_CONFERENCE_STATUS = {"pushed": "ready", "failed": "failed"}


def local_time(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds")


def alternatives_from(slots: Sequence[Slot], zone: ZoneInfo) -> list[Alternative]:
    return [Alternative(local_time(slot.start, zone), slot.spots_left) for slot in slots]


def preflight_from(plan: Plan) -> Preflight:
    return Preflight(
        event_type_id=plan.event_type.id,
        start=local_time(plan.slot.start, plan.zone),
        end=local_time(plan.end, plan.zone),
        time_zone=plan.zone.key,
        spots_left=plan.slot.spots_left,
    )


def booking_from(plan: Plan, invitee: WireInvitee, event: ScheduledEvent | None) -> Booking:
    """`event` is None where it could not be read: then what was asked for stands, and a conference is pending."""
    event_type, accepted = plan.event_type, plan.accepted
    return Booking(
        id=f"bk_{sha256(invitee.uri.encode()).hexdigest()[:24]}",
        status="confirmed",
        event_type_id=event_type.id,
        name=event_type.name,
        start=local_time(event.start_time if event else plan.slot.start, plan.zone),
        end=local_time(event.end_time if event else plan.end, plan.zone),
        time_zone=plan.zone.key,
        location=_location_from(event.location if event else _expected(accepted.location)),
        host=BookingHost(name=event_type.host_name),
        invitee=Invitee(name=_name_from(accepted), email=accepted.invitee.email),
        guests=list(accepted.guests or ()),
        answers=[_answer_from(answer, event_type) for answer in accepted.answers or ()],
        hosted=Hosted(cancel_url=invitee.cancel_url, reschedule_url=invitee.reschedule_url),
        rescheduled_from=None,
        created_at=invitee.created_at,
    )


def _expected(location: NewLocation | None) -> EventLocation | None:
    return None if location is None else EventLocation(type=location.kind, location=location.location)


def _location_from(location: EventLocation | None) -> BookingLocation | None:
    if location is None or location.type is None:
        return None
    kind = _EVENT_KINDS.get(location.type, location.type)
    known = KINDS.get(kind)
    details = [each for each in (location.location, location.additional_info) if each]
    # The status may be null later, when the link has long been there.
    in_time = "ready" if location.join_url else _CONFERENCE_STATUS.get(location.status or "", "pending")
    return BookingLocation(
        kind=kind,
        label=known.label if known else "Other",
        detail="\n".join(details) or None,
        join_url=location.join_url,
        status=in_time if kind.endswith("_conference") else "ready",
    )


def _name_from(accepted: Accepted) -> str:
    person = accepted.invitee
    return person.name or " ".join(part for part in (person.first_name, person.last_name) if part)


def _answer_from(answer: NewAnswer, event_type: EventType) -> BookedAnswer:
    asked = next(
        each
        for each in event_type.form.questions
        if (each.label, each.position) == (answer.question, answer.position)
    )
    return BookedAnswer(question_id=asked.id, label=asked.label, value=answer.answer)
