"""The page of one slot: a form with what its event type asks, and the booking that comes of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from simulator.availability import slot_at
from simulator.booking import book_on_page
from simulator.booking_rules import NEEDS_INPUT, TEXT_IS_CONFIGURED
from simulator.errors import invalid, not_found
from simulator.hosted.pages import is_offered
from simulator.hosted.questions import answers_from, question_fields
from simulator.hosted.visit import Visit, spoken
from simulator.html import button, choice, form, page, paragraph, text_field
from simulator.instants import instant
from simulator.model import EventType, LocationConfiguration
from simulator.wire import TRACKING_KEYS

NOT_HERE = "This cannot be booked here."
GONE = "This time is not available any more."


def slot_page(visit: Visit) -> str | None:
    event_type, start = visit.event_type, _start(visit)
    if event_type is None or start is None:
        return None
    return page(
        event_type.name or "",
        paragraph(f"{event_type.duration} minutes on {spoken(start)}."),
        visit.complaints,
        _form(visit, event_type, start),
    )


def _start(visit: Visit) -> datetime | None:
    try:
        return datetime.fromisoformat(visit.path["start"]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _form(visit: Visit, event_type: EventType, start: datetime) -> str:
    if not _can_be_booked(event_type):
        return paragraph(NOT_HERE)
    if slot_at(visit.state, event_type, start) is None:
        return paragraph(GONE)
    host = visit.state.users[event_type.hosts[0]]
    return form(
        text_field("name", "Name", value=visit.field("name"), required=True),
        text_field("email", "E-mail", value=visit.field("email"), kind="email", required=True),
        text_field("timezone", "Time zone", value=visit.field("timezone") or host.timezone, required=True),
        *_location_fields(visit, event_type),
        *question_fields(visit, event_type),
        text_field("guests", "Guests' e-mail addresses, separated by commas", value=visit.field("guests")),
        button("Schedule Event"),
    )


def _can_be_booked(event_type: EventType) -> bool:
    return is_offered(event_type) and not event_type.is_paid and event_type.booking_method == "instant"


def _locations(event_type: EventType) -> list[LocationConfiguration]:
    """What a visitor has a say in."""
    return [] if event_type.pooling_type == "round_robin" else event_type.locations or []


def _location_fields(visit: Visit, event_type: EventType) -> Iterator[str]:
    locations = _locations(event_type)
    if len(locations) > 1:
        options = [(str(index), _described(one)) for index, one in enumerate(locations)]
        yield choice("location", "Where", options, chosen=visit.field("location"))
    if any(one.kind in NEEDS_INPUT for one in locations):
        yield text_field("location_text", "Place or phone number", value=visit.field("location_text"))


def _described(location: LocationConfiguration) -> str:
    kind = location.kind.replace("_", " ")
    return f"{kind}: {location.location}" if location.location else kind


def book_slot(visit: Visit) -> str:
    """The address of the confirmation. Raises `CalendlyError` with what is wrong with the form."""
    event_type, start = visit.event_type, _start(visit)
    if event_type is None or start is None:
        raise not_found()
    if not _can_be_booked(event_type):
        raise invalid(message=NOT_HERE)
    call = visit.call_for(event_type.hosts[0])
    body: dict[str, Any] = {
        "event_type": call.links.event_type(event_type.uuid),
        "start_time": instant(start),
        "invitee": {name: visit.field(name) for name in ("name", "email", "timezone")},
        "location": _location_from(visit, event_type),
        "questions_and_answers": answers_from(visit, event_type),
        "tracking": _tracking(visit),
        "event_guests": [one.strip() for one in visit.field("guests").split(",") if one.strip()],
    }
    return f"/confirmations/{book_on_page(call, event_type, body).uuid}"


def _location_from(visit: Visit, event_type: EventType) -> dict[str, str] | None:
    locations = _locations(event_type)
    index = visit.field("location") or "0"
    if not index.isdecimal() or int(index) >= len(locations):
        return None
    chosen = locations[int(index)]
    if chosen.kind in NEEDS_INPUT:
        return {"kind": chosen.kind, "location": visit.field("location_text")}
    if chosen.kind in TEXT_IS_CONFIGURED:
        return {"kind": chosen.kind, "location": chosen.location or ""}
    return {"kind": chosen.kind}


def _tracking(visit: Visit) -> dict[str, str | None] | None:
    """From the address, as links to the page carry it."""
    if not any(key in visit.query for key in TRACKING_KEYS):
        return None
    return {key: visit.query.get(key) for key in TRACKING_KEYS}
