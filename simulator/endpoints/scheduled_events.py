"""What is booked: making it, finding it, reading it, calling it off."""

from datetime import datetime
from typing import Any

from msgspec import to_builtins

from simulator.booking import book
from simulator.call import Call
from simulator.canceling import cancel
from simulator.errors import NO_PERMISSION, denied, invalid_parameter, not_found, strictly_unknown
from simulator.instants import instant
from simulator.model import Cancellation, Invitee, ScheduledEvent
from simulator.paging import page

STATUSES = ("active", "canceled")
MAX_REASON = 10_000
NOT_YOURS = "You are not allowed to view this event"
SPECIFY_ORGANIZATION = (
    "Please also specify organization when requesting events for a user within your organization."
)


def create_invitee(call: Call) -> dict[str, Any]:
    return {"resource": call.wire.invitee(book(call))}


def get_event(call: Call) -> dict[str, Any]:
    return {"resource": call.wire.event(call.visible_event(call.path["uuid"], NOT_YOURS))}


def list_events(call: Call) -> dict[str, Any]:
    status = call.choice("status", STATUSES)
    email = call.query.get("invitee_email")
    after, before = call.optional_instant("min_start_time"), call.optional_instant("max_start_time")
    found = [
        event
        for event in _events_in_question(call)
        if (status is None or event.active == (status == "active"))
        and (email is None or _has_invitee(call, event, email))
        and _starts_between(call, event, after, before)
    ]
    descending = call.choice("sort", ("start_time:asc", "start_time:desc")) == "start_time:desc"
    found.sort(key=lambda event: (event.start, event.uuid), reverse=descending)
    return page(call, "/scheduled_events", found, call.wire.event)


def _events_in_question(call: Call) -> list[ScheduledEvent]:
    events = list(call.state.events.values())
    if "group" in call.query:
        raise denied(NO_PERMISSION)
    if "organization" in call.query:
        call.require_organization("organization")
    if "user" in call.query or "organization" not in call.query:
        user = call.user_in("user")
        if user != call.user and "organization" not in call.query:
            raise denied(SPECIFY_ORGANIZATION)
        events = [event for event in events if user.uuid in event.hosts]
    return events


def _has_invitee(call: Call, event: ScheduledEvent, email: str) -> bool:
    return any(_is_at(call, invitee, email) for invitee in call.state.invitees_of(event))


def _is_at(call: Call, invitee: Invitee, email: str) -> bool:
    if call.state.settings.assumptions.email_filters_exact:
        return invitee.email == email
    return invitee.email.lower() == email.lower()


def _starts_between(
    call: Call, event: ScheduledEvent, after: datetime | None, before: datetime | None
) -> bool:
    if event.start in {after, before} and not call.state.settings.assumptions.time_filters_inclusive:
        return False
    return (after is None or event.start >= after) and (before is None or event.start <= before)


def list_invitees(call: Call) -> dict[str, Any]:
    event = call.visible_event(call.path["uuid"], NOT_YOURS)
    status = call.choice("status", STATUSES)
    email = call.query.get("email")
    found = [
        invitee
        for invitee in call.state.invitees_of(event)
        if (status is None or invitee.active == (status == "active"))
        and (email is None or _is_at(call, invitee, email))
    ]
    if call.choice("sort", ("created_at:asc", "created_at:desc")) == "created_at:desc":
        found.reverse()
    return page(call, f"/scheduled_events/{event.uuid}/invitees", found, call.wire.invitee)


def get_invitee(call: Call) -> dict[str, Any]:
    event = call.visible_event(call.path["uuid"], NOT_YOURS)
    invitee = call.state.invitees.get(call.path["invitee_uuid"])
    if invitee is None or invitee.event != event.uuid:
        raise not_found()
    return {"resource": call.wire.invitee(invitee)}


def cancel_event(call: Call) -> dict[str, Any]:
    event = call.visible_event(call.path["uuid"], "You are not allowed to cancel this event")
    reason = _reason(call)
    if not event.active:
        raise denied("Event is already canceled")
    if event.start <= call.now:
        raise denied("Event in the past")
    cancellation = Cancellation(
        canceled_by=call.user.name, reason=reason, canceler_type="host", created_at=call.now
    )
    cancel(call.state, [invitee for invitee in call.state.invitees_of(event) if invitee.active], cancellation)
    return {"resource": to_builtins(cancellation) | {"created_at": instant(call.now)}}


def _reason(call: Call) -> str | None:
    if not call.body:
        return None
    body = call.json_object()
    unknown = sorted(set(body) - {"reason"})
    if unknown and call.state.settings.strict:
        raise strictly_unknown(unknown)
    reason = body.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise invalid_parameter("reason", "must be a string")
    if reason is not None and len(reason) > MAX_REASON:
        raise invalid_parameter("reason", f"is too long (maximum is {MAX_REASON} characters)")
    return reason
