"""What can be booked, who hosts it, and when it is free."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from simulator.availability import open_slots
from simulator.call import Call
from simulator.errors import invalid_parameter
from simulator.instants import instant
from simulator.model import EventType
from simulator.paging import page

MAX_WINDOW = timedelta(days=31)
FUTURE = "must be in the future"

SORT_KEYS: dict[str, Callable[[EventType], Any]] = {
    "name": lambda event_type: (event_type.name or "").casefold(),
    "position": lambda event_type: event_type.position,
    "created_at": lambda event_type: event_type.created_at,
    "updated_at": lambda event_type: event_type.updated_at,
}


def get_event_type(call: Call) -> dict[str, Any]:
    return {"resource": call.wire.event_type(call.visible_event_type(call.path["uuid"]))}


def list_event_types(call: Call) -> dict[str, Any]:
    found = _sorted(call, [kind for kind in _in_question(call) if kind.deleted_at is None])
    return page(call, "/event_types", found, call.wire.event_type)


def _in_question(call: Call) -> list[EventType]:
    """Whose event types are asked for, and which of them."""
    kinds = list(call.state.event_types.values())
    if "organization" in call.query:
        call.require_organization("organization")
    if "user" in call.query or "organization" not in call.query:
        user = call.user_in("user")
        kinds = [kind for kind in kinds if user.uuid in kind.hosts]
    if "user_availability_schedule" in call.query:
        kinds = [kind for kind in kinds if _uses_schedule(call, kind)]
    for name in ("active", "admin_managed"):
        wanted = call.boolean(name)
        if wanted is not None:
            kinds = [kind for kind in kinds if getattr(kind, name) is wanted]
    return kinds


def _uses_schedule(call: Call, kind: EventType) -> bool:
    uuid = call.id_in(
        "user_availability_schedule",
        call.required("user_availability_schedule"),
        "user_availability_schedules",
    )
    return any(call.state.users[host].schedule.uuid == uuid for host in kind.hosts)


def _sorted(call: Call, kinds: list[EventType]) -> list[EventType]:
    """By the first key first: sorting is stable, so the last key is applied first."""
    for part in reversed(call.query.get("sort", "name:asc").split(",")):
        key, _, direction = part.partition(":")
        if key not in SORT_KEYS or direction not in {"", "asc", "desc"}:
            raise invalid_parameter("sort", "is invalid")
        kinds = sorted(kinds, key=SORT_KEYS[key], reverse=direction == "desc")
    return kinds


def list_memberships(call: Call) -> dict[str, Any]:
    kind = _event_type_in_query(call)

    def draw(host: str) -> dict[str, Any]:
        return {
            "uri": f"{call.base}/event_type_memberships/{kind.uuid}-{host}",
            "event_type": call.links.event_type(kind.uuid),
            "member": call.wire.user(call.state.users[host]),
            "created_at": instant(kind.created_at),
            "updated_at": instant(kind.updated_at),
        }

    return page(call, "/event_type_memberships", kind.hosts, draw)


def list_available_times(call: Call) -> dict[str, Any]:
    kind = _event_type_in_query(call)
    start, end = _window(call)
    assumptions = call.state.settings.assumptions
    if not (kind.active or assumptions.inactive_has_slots):
        return {"collection": []}
    if not assumptions.end_time_inclusive:
        end -= timedelta(microseconds=1)
    slots = open_slots(call.state, kind, start, end)
    return {"collection": call.wire.slots(kind, slots)}


def _event_type_in_query(call: Call) -> EventType:
    uuid = call.id_in("event_type", call.required("event_type"), "event_types")
    return call.visible_event_type(uuid)


def _window(call: Call) -> tuple[datetime, datetime]:
    start, end = call.instant("start_time"), call.instant("end_time")
    if start < call.now:
        raise invalid_parameter("start_time", FUTURE)
    if end <= call.now:
        raise invalid_parameter("end_time", FUTURE)
    if end <= start:
        raise invalid_parameter("end_time", "must be after start_time")
    if end - start > MAX_WINDOW:
        if call.state.settings.assumptions.long_window_refused:
            raise invalid_parameter("end_time", "date range can be no greater than 31 days")
        end = start + MAX_WINDOW
    return start, end
