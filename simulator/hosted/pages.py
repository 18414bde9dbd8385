"""Pages that only show: a host, an event type, a conference, a booking that was made."""

from collections.abc import Sequence
from datetime import timedelta

from simulator.availability import Slot, open_slots
from simulator.hosted.visit import Visit, spoken
from simulator.html import link, page, paragraph
from simulator.instants import iso
from simulator.model import EventType

LISTED = timedelta(days=31)
SLOTS_ON_A_PAGE = 100
"""The next ones. Any other can be reached by its own address."""


def user_page(visit: Visit) -> str | None:
    user = visit.user
    if user is None:
        return None
    offered = [
        _item(f"/{user.slug}/{one.slug or one.uuid}", one.name or "")
        for one in visit.state.event_types.values()
        if one.hosts[0] == user.uuid and not one.secret and is_offered(one)
    ]
    return page(user.name, paragraph(f"What {user.name} offers."), "<ul>", *offered, "</ul>")


def is_offered(event_type: EventType) -> bool:
    return event_type.active and event_type.deleted_at is None


def event_type_page(visit: Visit) -> str | None:
    event_type = visit.event_type
    if event_type is None:
        return None
    slots = slots_listed(visit, event_type) if is_offered(event_type) else []
    address = f"/{visit.path['user']}/{visit.path['event_type']}"
    return page(
        event_type.name or "",
        paragraph(f"{event_type.duration} minutes. Choose a time."),
        "<ul>",
        *(_item(f"{address}/{iso(slot.start, 'seconds')}", spoken(slot.start)) for slot in slots),
        "</ul>",
    )


def slots_listed(visit: Visit, event_type: EventType) -> Sequence[Slot]:
    return open_slots(visit.state, event_type, visit.now, visit.now + LISTED)[:SLOTS_ON_A_PAGE]


def _item(address: str, text: str) -> str:
    return f"<li>{link(address, text)}</li>"


def conference_page(visit: Visit) -> str | None:
    event = visit.state.events.get(visit.path["uuid"])
    return page(f"Join: {event.name}", paragraph(f"Begins {spoken(event.start)}.")) if event else None


def confirmation_page(visit: Visit) -> str | None:
    invitee = visit.invitee
    if invitee is None:
        return None
    event = visit.event_of(invitee)
    return page(
        f"{'Booked' if invitee.active else 'Canceled'}: {event.name}",
        paragraph(f"{invitee.name}, {spoken(event.start)}."),
        link(f"/reschedulings/{invitee.uuid}", "Reschedule"),
        link(f"/cancellations/{invitee.uuid}", "Cancel"),
    )
