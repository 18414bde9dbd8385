"""The two pages that every invitee has a link to: cancel, and reschedule."""

from simulator.call import read_instant
from simulator.canceling import cancel
from simulator.errors import invalid, invalid_parameter, not_found
from simulator.hosted.pages import slots_listed
from simulator.hosted.visit import Visit, spoken
from simulator.html import button, choice, form, page, paragraph, text_area
from simulator.instants import instant
from simulator.model import Cancellation, Invitee
from simulator.rescheduling import reschedule

OVER = "This has been canceled."
MOVED = "This has been rescheduled."
PAST = "This has already begun."
MAX_REASON = 10_000


def cancellation_page(visit: Visit) -> str | None:
    return _page(visit, "Cancel", button("Cancel Event"))


def rescheduling_page(visit: Visit) -> str | None:
    return _page(visit, "Reschedule", _times(visit), button("Update Event"))


def _page(visit: Visit, verb: str, *fields: str) -> str | None:
    invitee = visit.invitee
    if invitee is None:
        return None
    event, obstacle = visit.event_of(invitee), _obstacle(visit, invitee)
    reason = text_area("reason", "Reason", value=visit.field("reason"))
    return page(
        f"{verb}: {event.name}",
        paragraph(f"{invitee.name}, {spoken(event.start)}."),
        visit.complaints,
        paragraph(obstacle) if obstacle else form(*fields[:-1], reason, fields[-1]),
    )


def _obstacle(visit: Visit, invitee: Invitee) -> str | None:
    if not invitee.active:
        return MOVED if invitee.rescheduled else OVER
    return PAST if visit.event_of(invitee).start <= visit.now else None


def _times(visit: Visit) -> str:
    if visit.invitee is None:
        return ""
    event_type = visit.state.event_types[visit.event_of(visit.invitee).event_type]
    options = [(instant(slot.start), spoken(slot.start)) for slot in slots_listed(visit, event_type)]
    return choice("start_time", "New time", options, chosen=visit.field("start_time"))


def cancel_booking(visit: Visit) -> str:
    """The address of the page that says so. Raises `CalendlyError` where it is too late."""
    invitee, cancellation = _changeable(visit)
    cancel(visit.state, [invitee], cancellation)
    return f"/cancellations/{invitee.uuid}"


def move_booking(visit: Visit) -> str:
    """The address of the confirmation. Raises `CalendlyError` where it is too late, or the time is taken."""
    invitee, cancellation = _changeable(visit)
    start = read_instant("start_time", visit.field("start_time"))
    call = visit.call_for(visit.event_of(invitee).hosts[0])
    return f"/confirmations/{reschedule(call, invitee, start, cancellation).uuid}"


def _changeable(visit: Visit) -> tuple[Invitee, Cancellation]:
    invitee = visit.invitee
    if invitee is None:
        raise not_found()
    obstacle = _obstacle(visit, invitee)
    if obstacle:
        raise invalid(message=obstacle)
    reason = visit.field("reason")
    if len(reason) > MAX_REASON:
        raise invalid_parameter("reason", f"is too long (maximum is {MAX_REASON} characters)")
    cancellation = Cancellation(
        canceled_by=invitee.name, reason=reason or None, canceler_type="invitee", created_at=visit.now
    )
    return invitee, cancellation
