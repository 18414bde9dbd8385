"""`GET /sample_webhook_data`: a message about a booking or an event type that nobody made."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from simulator.call import Call
from simulator.ids import uuid_id
from simulator.model import Cancellation, EventType, Invitee, NoShow, ScheduledEvent
from simulator.webhooks.payloads import envelope, event_type_payload, invitee_payload

DAY_AHEAD = timedelta(days=1)


def sample(call: Call, event: str, user: str) -> dict[str, Any]:
    event_type = _event_type_of(call, user)
    if event.startswith("event_type."):
        deleted_at = call.now if event == "event_type.deleted" else None
        payload = event_type_payload(call.wire, replace(event_type, deleted_at=deleted_at))
    else:
        payload = _invitee_sample(call, event, _event(call, event_type, user))
    return envelope(event, payload, now=call.now, links=call.links, creator=call.user.uuid)


def _event_type_of(call: Call, user: str) -> EventType:
    kinds = list(call.state.event_types.values())
    return next((kind for kind in kinds if user in kind.hosts), kinds[0])


def _event(call: Call, event_type: EventType, user: str) -> ScheduledEvent:
    start = call.now.replace(minute=0, second=0, microsecond=0) + DAY_AHEAD
    return ScheduledEvent(
        uuid=uuid_id("sample-event"),
        event_type=event_type.uuid,
        name=event_type.name,
        hosts=[user],
        start=start,
        end=start + event_type.length,
        before=event_type.before,
        after=event_type.after,
        seats=1,
        created_at=call.now,
        updated_at=call.now,
    )


def _invitee_sample(call: Call, event: str, scheduled: ScheduledEvent) -> dict[str, Any]:
    invitee = Invitee(
        uuid=uuid_id("sample-invitee"),
        event=scheduled.uuid,
        email="guest@example.test",
        name="Sample Guest",
        timezone="Europe/Berlin",
        created_at=call.now,
        updated_at=call.now,
    )
    if event == "invitee.canceled":
        cancellation = Cancellation(
            canceled_by=invitee.name, reason=None, canceler_type="invitee", created_at=call.now
        )
        invitee = replace(invitee, cancellation=cancellation)
        scheduled = replace(scheduled, cancellation=cancellation)
    if event == "invitee_no_show.created":
        no_show = NoShow(uuid=uuid_id("sample-no-show"), created_at=call.now)
        invitee = replace(invitee, no_show=no_show)
    payload = invitee_payload(call.wire, invitee, scheduled)
    counter = {"total": 1, "active": int(invitee.active), "limit": 1}
    payload["scheduled_event"]["invitees_counter"] = counter
    return payload
