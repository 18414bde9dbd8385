"""The body of `POST /webhook_subscriptions`: its form, and what it says together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from simulator.call import Body, Call
from simulator.errors import NO_PERMISSION, Detail, denied, invalid, not_found, strictly_unknown
from simulator.ids import ORGANIZATION
from simulator.webhooks.events import EVENTS, SCOPES, Scope

KNOWN_FIELDS = frozenset({"url", "events", "organization", "scope", "user", "group", "signing_key"})
WHICH_EVENTS = f"must be one of: {', '.join(EVENTS)}"


def read_subscription(call: Call) -> Body:
    """A body whose form is right. Raises 400 with a detail for each fault."""
    body = call.json_object()
    unknown = sorted(set(body) - KNOWN_FIELDS)
    if unknown and call.state.settings.strict:
        raise strictly_unknown(unknown)
    faults = list(_faults(body))
    if faults:
        raise invalid(*(faults if call.state.settings.assumptions.all_details else faults[:1]))
    return body


def _faults(body: Body) -> Iterator[Detail]:
    for name in ("url", "organization", "scope"):
        yield from _text(body, name)
    if isinstance(body.get("url"), str) and not _is_web_address(body["url"]):
        yield Detail("is not a valid URL", "url")
    yield from _events(body)
    scope = body.get("scope")
    if isinstance(scope, str) and scope not in SCOPES:
        yield Detail(f"must be one of: {', '.join(SCOPES)}", "scope")
    for name in ("user", "group"):
        yield from _text(body, name, required=scope == name)
    yield from _text(body, "signing_key", required=False)


def _text(body: Body, name: str, *, required: bool = True) -> Iterator[Detail]:
    value = body.get(name)
    if value is None:
        if required:
            yield Detail("is missing", name)
    elif not isinstance(value, str):
        yield Detail("must be a string", name)
    elif not value:
        yield Detail("must be filled", name)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def _events(body: Body) -> Iterator[Detail]:
    events = body.get("events")
    if events is None:
        yield Detail("is missing", "events")
    elif not isinstance(events, list) or not events:
        yield Detail("must be an array that is not empty", "events")
    else:
        for index, event in enumerate(events):
            if event not in EVENTS:
                yield Detail(WHICH_EVENTS, f"events[{index}]")
            elif body.get("scope") in SCOPES and body["scope"] not in EVENTS[event].scopes:
                yield Detail(f"cannot be subscribed to in the scope {body['scope']}", f"events[{index}]")


def require_organization(call: Call, uri: str) -> None:
    """Raises 400 for what is no organisation's URI, 404 for any but the one there is."""
    if call.id_in("organization", uri, "organizations") != ORGANIZATION:
        raise not_found()


def user_of_scope(call: Call, scope: Scope, user: str | None) -> str | None:
    """Whom a subscription is for: null for the organisation, or for anybody. Raises 403 for what one may not ask."""
    if scope == "user":
        return call.visible_user(call.id_in("user", user, "users")).uuid if user else None
    if scope == "group":  # there are none
        raise denied(NO_PERMISSION)
    needs_admin = call.state.settings.assumptions.organization_hooks_need_admin
    if needs_admin and not call.is_admin:
        raise denied(NO_PERMISSION)
    return None
