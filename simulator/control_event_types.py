"""Control calls that make and change event types."""

from typing import Any

from msgspec import convert, to_builtins
from msgspec.structs import asdict

from simulator.control_call import ControlCall, ControlError
from simulator.ids import letters_id
from simulator.model import EventType
from simulator.webhooks.announcements import announce_event_type

FIXED_FIELDS = frozenset({"uuid", "uri", "created_at", "updated_at"})
DERIVED_FIELDS = frozenset({"profile", "scheduling_url"})
"""Of Calendly's, but worked out here from the hosts: setting one is an entry in `overrides`."""


def post_event_type(call: ControlCall) -> object:
    """Any field of Calendly's or the engine's; `slug` and `name` are needed, `hosts` are user slugs."""
    slug = call.body.get("slug")
    if not isinstance(slug, str) or not slug:
        raise ControlError("slug is needed")
    now = call.state.now()
    defaults = {
        "uuid": letters_id(f"event-type-{slug}"),
        "hosts": ["ada"],
        "position": len(call.state.event_types),
    }
    if defaults["uuid"] in call.state.event_types:
        raise ControlError("there is an event type with this slug", 409)
    event_type = _event_type(call, defaults, {"created_at": now, "updated_at": now})
    call.state.event_types[event_type.uuid] = event_type
    announce_event_type(call.state, "event_type.created", event_type, event_type.hosts)
    return call.wire.event_type(event_type)


def patch_event_type(call: ControlCall) -> object:
    """Setting `deleted_at` deletes it."""
    event_type = call.state.event_types.get(call.path["uuid"])
    if event_type is None:
        raise ControlError("there is no such event type", 404)
    current = asdict(event_type)
    changed = _event_type(call, to_builtins(current), {"updated_at": call.state.now()})
    call.state.event_types[changed.uuid] = changed
    deleted = changed.deleted_at is not None and event_type.deleted_at is None
    name = "event_type.deleted" if deleted else "event_type.updated"
    announce_event_type(call.state, name, changed, {*event_type.hosts, *changed.hosts})
    return call.wire.event_type(changed)


def _event_type(call: ControlCall, current: dict[str, Any], stamps: dict[str, Any]) -> EventType:
    if FIXED_FIELDS & set(call.body):
        raise ControlError(f"these cannot be set: {', '.join(sorted(FIXED_FIELDS))}")
    derived = {name: value for name, value in call.body.items() if name in DERIVED_FIELDS}
    given = {name: value for name, value in call.body.items() if name not in DERIVED_FIELDS}
    plain = current | given | stamps
    if derived:
        plain["overrides"] = plain.get("overrides", {}) | derived
    hosts = plain["hosts"]
    if not isinstance(hosts, list) or not hosts:
        raise ControlError("hosts is a list of user slugs")
    plain["hosts"] = [_user_id(call, host) for host in hosts]
    return convert(plain, EventType)


def _user_id(call: ControlCall, host: object) -> str:
    for user in call.state.users.values():
        if host in {user.slug, user.uuid}:
            return user.uuid
    raise ControlError("hosts is a list of user slugs")
