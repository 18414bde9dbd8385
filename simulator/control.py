"""Control calls under `/_simulator`: no part of Calendly, and never in the call log.

A refusal is `{"error": message}`, and then nothing was done, not even in part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, convert, to_builtins
from msgspec.structs import asdict, replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.faults import PlannedFault
from simulator.json_bodies import parse_json
from simulator.model import EventType, UserChanges
from simulator.operations import json_response
from simulator.seed import fill
from simulator.settings import Settings
from simulator.state import State, letters_id
from simulator.wire import Links, Wire

PREFIX = "/_simulator"
FIXED_FIELDS = frozenset({"uuid", "uri", "created_at", "updated_at"})
DERIVED_FIELDS = frozenset({"profile", "scheduling_url"})
"""Of Calendly's, but worked out here from the hosts: setting one is an entry in `overrides`."""


class ControlError(Exception):
    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCall:
    state: State
    wire: Wire
    body: Mapping[str, Any]
    path: Mapping[str, str]


Act = Callable[[ControlCall], object]


def reset(call: ControlCall) -> None:
    """Back to the seed: settings, faults, log and quotas too."""
    fill(call.state)


def get_settings(call: ControlCall) -> object:
    return to_builtins(call.state.settings)


def patch_settings(call: ControlCall) -> object:
    """What is not named stays; inside `assumptions` too."""
    current = to_builtins(call.state.settings)
    assumptions = call.body.get("assumptions", {})
    if not isinstance(assumptions, dict):
        raise ControlError("assumptions is an object")
    merged = current | call.body | {"assumptions": current["assumptions"] | assumptions}
    settings = convert(merged, Settings)
    slugs = {user.slug for user in call.state.users.values()}
    strangers = (set(settings.scopes) - set(call.state.tokens)) | (set(settings.roles) - slugs)
    if strangers:
        raise ControlError("scopes are keyed by token, roles by user slug")
    call.state.settings = settings
    return to_builtins(settings)


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
    return call.wire.event_type(event_type)


def patch_event_type(call: ControlCall) -> object:
    event_type = call.state.event_types.get(call.path["uuid"])
    if event_type is None:
        raise ControlError("there is no such event type", 404)
    current = asdict(event_type)
    changed = _event_type(call, to_builtins(current), {"updated_at": call.state.now()})
    call.state.event_types[changed.uuid] = changed
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


def patch_user(call: ControlCall) -> object:
    """A host's `name`, `timezone`, `locale`, `avatar_url` or the `rules` of the working hours."""
    slugs = {user.slug: user for user in call.state.users.values()}
    user = slugs.get(call.path["slug"])
    if user is None:
        raise ControlError("there is no such user", 404)
    changes = convert(call.body, UserChanges)
    given = {name: value for name, value in asdict(changes).items() if value is not UNSET}
    rules = given.pop("rules", user.schedule.rules)
    zone = given.get("timezone", user.timezone)
    changed = replace(user, **given, schedule=replace(user.schedule, timezone=zone, rules=rules))
    call.state.users[user.uuid] = changed
    return call.wire.user(changed) | {"schedule": call.wire.schedule(changed)}


def get_calls(call: ControlCall) -> object:
    return {"items": call.state.calls.items}


def delete_calls(call: ControlCall) -> None:
    call.state.calls.clear()


def get_bookings(call: ControlCall) -> object:
    """Every event booked or changed since the seed, in the order of booking, with its invitees."""
    events = (event for event in call.state.events.values() if not event.seeded)
    return {
        "items": [
            call.wire.event(event)
            | {"invitees": [call.wire.invitee(invitee) for invitee in call.state.invitees_of(event)]}
            for event in events
        ]
    }


def post_fault(call: ControlCall) -> object:
    planned = convert(call.body, PlannedFault)
    call.state.faults.add(planned)
    return to_builtins(planned)


def delete_faults(call: ControlCall) -> None:
    call.state.faults.clear()


CONTROL_CALLS: tuple[tuple[str, str, int, Act], ...] = (
    ("POST", "/reset", 204, reset),
    ("GET", "/settings", 200, get_settings),
    ("PATCH", "/settings", 200, patch_settings),
    ("POST", "/event_types", 201, post_event_type),
    ("PATCH", "/event_types/{uuid}", 200, patch_event_type),
    ("PATCH", "/users/{slug}", 200, patch_user),
    ("GET", "/calls", 200, get_calls),
    ("DELETE", "/calls", 204, delete_calls),
    ("GET", "/bookings", 200, get_bookings),
    ("POST", "/faults", 201, post_fault),
    ("DELETE", "/faults", 204, delete_faults),
)


def control_routes(state: State) -> list[Route]:
    return [_route(state, *entry) for entry in CONTROL_CALLS]


def _route(state: State, method: str, path: str, status: int, act: Act) -> Route:
    async def respond(request: Request) -> Response:
        body = await request.body()
        try:
            content = act(_call(state, request, body))
        except ControlError as error:
            return json_response(state, error.status, {"error": str(error)})
        except msgspec.ValidationError as error:
            return json_response(state, 400, {"error": str(error)})
        if content is None:
            return Response(status_code=status)
        return json_response(state, status, content)

    return Route(PREFIX + path, respond, methods=[method])


def _call(state: State, request: Request, body: bytes) -> ControlCall:
    try:
        parsed = parse_json(body) if body else {}
    except ValueError as error:
        raise ControlError("the body is not JSON") from error
    if not isinstance(parsed, dict):
        raise ControlError("the body is not a JSON object")
    wire = Wire(state, Links(str(request.base_url).rstrip("/")), state.now())
    return ControlCall(state=state, wire=wire, body=parsed, path=request.path_params)
