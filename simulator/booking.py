"""`POST /invitees` from bytes to a booked event: every check first, then the change of state at once."""

from datetime import datetime

from msgspec import convert
from msgspec.structs import replace

from simulator.availability import free_hosts, joinable_events, slot_at, takes_one_host
from simulator.booking_rules import answer_faults, place_of
from simulator.booking_shape import shape_faults, unknown_fields
from simulator.call import Body, Call, read_instant
from simulator.errors import Detail, invalid, invalid_parameter, strictly_unknown
from simulator.model import Answer, EventType, Invitee, Place, ScheduledEvent
from simulator.webhooks.announcements import announce_invitee

FILLED = "That start time has been filled"


def book(call: Call) -> Invitee:
    """Raises `CalendlyError` for the first stage that refuses; the order is that of the lines below."""
    body = call.json_object()
    if call.state.settings.strict and (unknown := unknown_fields(body)):
        raise strictly_unknown(unknown)
    _refuse(call, shape_faults(body, call.state.settings.assumptions))
    event_type = call.visible_event_type(call.id_in("event_type", body["event_type"], "event_types"))
    return _book(call, event_type, body, scheduled_by=call.user.uuid)


def book_on_page(call: Call, event_type: EventType, body: Body) -> Invitee:
    """The same for a visitor to Calendly's own page, where no user schedules."""
    _refuse(call, shape_faults(body, call.state.settings.assumptions))
    return _book(call, event_type, body, scheduled_by=None)


def _book(call: Call, event_type: EventType, body: Body, *, scheduled_by: str | None) -> Invitee:
    start = _start(call, body)
    _check_bookable(call, event_type)
    place = place_of(
        event_type, body.get("location"), call.state.settings.assumptions, strict=call.state.settings.strict
    )
    _refuse(
        call,
        answer_faults(event_type, body.get("questions_and_answers") or [], call.state.settings.assumptions),
    )
    event = event_at(call, event_type, start, place)
    _check_person(call, event, body["invitee"]["email"])
    return _admit(call, event, body, scheduled_by)


def _refuse(call: Call, faults: list[Detail]) -> None:
    if faults:
        raise invalid(*(faults if call.state.settings.assumptions.all_details else faults[:1]))


def _start(call: Call, body: Body) -> datetime:
    start = read_instant("start_time", body["start_time"])
    if start <= call.now:
        raise invalid_parameter("start_time", "must be in the future")
    return start


def _check_bookable(call: Call, event_type: EventType) -> None:
    reasons = (
        (not event_type.active or event_type.deleted_at is not None, "is not active"),
        (event_type.is_paid, "collects a payment and cannot be booked through the API"),
        (event_type.booking_method == "poll", "is a poll and cannot be booked through the API"),
    )
    status = call.state.settings.assumptions.unbookable_status
    for applies, message in reasons:
        if applies:
            raise invalid(Detail(message, "event.event_type"), status=status)


def event_at(call: Call, event_type: EventType, start: datetime, place: Place | None) -> ScheduledEvent:
    """The group event to join, or a new one that is not stored yet. Raises 400 where the slot is not open."""
    if slot_at(call.state, event_type, start) is None:
        raise invalid(Detail(FILLED, "event.start_time", _refusal_code(call, event_type, start)))
    for event in joinable_events(call.state, event_type):
        if event.start == start:
            return replace(event, seeded=False)
    hosts = event_type.hosts
    if takes_one_host(call.state, event_type):
        hosts = free_hosts(call.state, event_type, start)[:1]
    return ScheduledEvent(
        uuid=call.state.fresh_id("event"),
        event_type=event_type.uuid,
        name=event_type.name,
        hosts=hosts,
        start=start,
        end=start + event_type.length,
        before=event_type.before,
        after=event_type.after,
        seats=event_type.seats if event_type.is_group else 1,
        created_at=call.now,
        updated_at=call.now,
        place=place,
    )


def _refusal_code(call: Call, event_type: EventType, start: datetime) -> str:
    """Filled by a booking, or never on offer at all: the second is ours to assume."""
    taken = any(
        event.start - event_type.length < start < event.end
        for host in event_type.hosts
        for event in call.state.active_events_of(host)
    )
    return "already_filled" if taken else call.state.settings.assumptions.unoffered_start_code


def _check_person(call: Call, event: ScheduledEvent, email: str) -> None:
    if call.state.settings.assumptions.group_same_email_refused and any(
        invitee.active and invitee.email.lower() == email.lower() for invitee in call.state.invitees_of(event)
    ):
        raise invalid_parameter("invitee.email", "has already been taken for this event")


def _admit(call: Call, event: ScheduledEvent, body: Body, scheduled_by: str | None) -> Invitee:
    person = body["invitee"]
    spoken = [person.get("first_name"), person.get("last_name")]
    invitee = Invitee(
        uuid=call.state.fresh_id("invitee"),
        event=event.uuid,
        email=person["email"].lower() if call.state.settings.assumptions.emails_lowered else person["email"],
        name=person.get("name") or " ".join(part for part in spoken if part),
        first_name=person.get("first_name"),
        last_name=person.get("last_name"),
        timezone=person["timezone"],
        text_reminder_number=person.get("text_reminder_number"),
        created_at=call.now,
        updated_at=call.now,
        answers=convert(body.get("questions_and_answers") or [], list[Answer]),
        tracking=body.get("tracking"),
        scheduled_by=scheduled_by,
    )
    guests = [*event.guests, *(body.get("event_guests") or [])]
    call.state.put_event(replace(event, guests=guests, updated_at=call.now))
    call.state.put_invitee(invitee)
    announce_invitee(call.state, "invitee.created", invitee)
    return invitee
