"""Moving a booking, which Calendly's API cannot do and its pages can (section 6.4 of the reference)."""

from datetime import datetime

from msgspec.structs import replace

from simulator.booking import event_at
from simulator.call import Call
from simulator.canceling import cancel
from simulator.errors import invalid_parameter
from simulator.model import Cancellation, Invitee
from simulator.webhooks.announcements import announce_invitee


def reschedule(call: Call, invitee: Invitee, start: datetime, cancellation: Cancellation) -> Invitee:
    """The new invitee, whom the old one names and who names the old one. Raises 400 where the slot is not open."""
    if start <= call.now:
        raise invalid_parameter("start_time", "must be in the future")
    old_event = call.state.events[invitee.event]
    event_type = call.state.event_types[old_event.event_type]
    event = event_at(call, event_type, start, old_event.place)
    guests = [] if event_type.is_group else old_event.guests
    call.state.put_event(replace(event, guests=[*event.guests, *guests], updated_at=call.now))
    new = replace(
        invitee,
        uuid=call.state.fresh_id("invitee"),
        event=event.uuid,
        created_at=call.now,
        updated_at=call.now,
        scheduled_by=None,
        no_show=None,
        old_invitee=invitee.uuid,
    )
    call.state.put_invitee(new)
    cancel(call.state, [replace(invitee, rescheduled=True, new_invitee=new.uuid)], cancellation)
    announce_invitee(call.state, "invitee.created", new)
    return new
