"""Control calls under `/_simulator`: no part of Calendly, and never in the call log.

A refusal is `{"error": message}`, and then nothing was done, not even in part.
"""

import msgspec
from msgspec import UNSET, convert, to_builtins
from msgspec.structs import asdict, replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.control_call import Act, ControlCall, ControlError
from simulator.control_event_types import patch_event_type, post_event_type
from simulator.control_oauth import (
    delete_oauth_grants,
    get_oauth_grants,
    patch_oauth_client,
    post_oauth_client,
)
from simulator.control_webhooks import delete_deliveries, get_deliveries
from simulator.faults import PlannedFault
from simulator.json_bodies import parse_json
from simulator.links import Links
from simulator.model import UserChanges
from simulator.operations import json_response
from simulator.seed import fill
from simulator.settings import Settings
from simulator.state import State
from simulator.wire import Wire

PREFIX = "/_simulator"


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
    if strangers or settings.oauth_user not in slugs:
        raise ControlError("scopes are keyed by token, roles by user slug; oauthUser is a user slug")
    call.state.settings = settings
    call.state.outbox_changed.set()
    return to_builtins(settings)


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
    ("POST", "/oauth_clients", 201, post_oauth_client),
    ("PATCH", "/oauth_clients/{client_id}", 200, patch_oauth_client),
    ("GET", "/oauth_grants", 200, get_oauth_grants),
    ("DELETE", "/oauth_grants/{slug}", 204, delete_oauth_grants),
    ("GET", "/deliveries", 200, get_deliveries),
    ("DELETE", "/deliveries", 204, delete_deliveries),
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
