"""Users, the organisation, and when users work."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from simulator.call import Call
from simulator.errors import NO_PERMISSION_FOR_RESOURCE, denied, invalid_parameter, not_found
from simulator.ids import ORGANIZATION
from simulator.instants import instant
from simulator.model import ScheduledEvent

BUSY_WINDOW = timedelta(days=7)


def get_user(call: Call) -> dict[str, Any]:
    uuid = call.path["uuid"]
    user = call.user if uuid == "me" else call.visible_user(uuid)
    return {"resource": call.wire.user(user)}


def get_organization(call: Call) -> dict[str, Any]:
    if call.path["uuid"] != ORGANIZATION:
        raise not_found()
    created_at = instant(call.user.created_at)
    return {
        "resource": {
            "uri": call.links.organization(),
            "name": "Example Organisation",
            "plan": call.state.settings.tier,
            "stage": "trial" if call.state.settings.tier == "trial" else "paid",
            "kind": "organization",
            "created_at": created_at,
            "updated_at": created_at,
        }
    }


def list_locations(call: Call) -> dict[str, Any]:
    """Every kind there is: the seeded hosts have connected them all."""
    call.user_in("user")
    conferences = ("google", "zoom", "gotomeeting", "microsoft_teams", "webex")
    plain = ("physical", "custom", "ask_invitee", "outbound_call", "inbound_call")
    connected = [{"kind": f"{name}_conference", "connected": True} for name in conferences]
    return {"collection": [*({"kind": kind} for kind in plain), *connected]}


def list_schedules(call: Call) -> dict[str, Any]:
    return {"collection": [call.wire.schedule(call.user_in("user"))]}


def get_schedule(call: Call) -> dict[str, Any]:
    for user in call.state.users.values():
        if user.schedule.uuid == call.path["uuid"]:
            if user != call.user and not call.is_admin:
                raise denied(NO_PERMISSION_FOR_RESOURCE)
            return {"resource": call.wire.schedule(user)}
    raise not_found()


def list_busy_times(call: Call) -> dict[str, Any]:
    user = call.user_in("user")
    start, end = call.instant("start_time"), call.instant("end_time")
    if start < call.now:
        raise invalid_parameter("start_time", "must be in the future")
    if not start < end or end - start > BUSY_WINDOW:
        raise invalid_parameter("end_time", "must be after start_time and at most 7 days later")
    events = call.state.active_events_of(user.uuid)
    touching = sorted(
        (event.start, event.uuid) for event in events if event.start < end and start < event.end
    )
    return {"collection": list(_busy(call, (call.state.events[uuid] for _, uuid in touching)))}


def _busy(call: Call, events: Iterator[ScheduledEvent]) -> Iterator[dict[str, Any]]:
    for event in events:
        yield {
            "type": "calendly",
            "start_time": instant(event.start),
            "end_time": instant(event.end),
            "buffered_start_time": instant(event.start - event.before),
            "buffered_end_time": instant(event.end + event.after),
            "event": {"uri": call.links.event(event.uuid)},
        }
