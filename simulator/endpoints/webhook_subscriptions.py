"""Who wants to be told of what, and what such a message looks like."""

from typing import Any

from simulator.call import Call
from simulator.errors import (
    NO_PERMISSION_FOR_RESOURCE,
    STRICT_CODE,
    Detail,
    already_exists,
    denied,
    invalid,
    invalid_parameter,
    not_found,
)
from simulator.paging import page
from simulator.webhooks.events import EVENTS, SCOPES, Scope
from simulator.webhooks.requests import read_subscription, require_organization, user_of_scope
from simulator.webhooks.sample import sample
from simulator.webhooks.subscriptions import Subscription, subscription_json

TAKEN = "Hook with this url already exists"


def create_subscription(call: Call) -> dict[str, Any]:
    """Raises 409 where the URL has one, disabled or not."""
    body = read_subscription(call)
    require_organization(call, body["organization"])
    for event in body["events"]:
        call.access.require(EVENTS[event].read_scope)
    user = user_of_scope(call, body["scope"], body.get("user"))
    subscription = Subscription(
        uuid=call.state.fresh_id("webhook-subscription"),
        callback_url=body["url"],
        events=tuple(dict.fromkeys(body["events"])),
        scope=body["scope"],
        user=user,
        creator=call.user.uuid,
        signing_key=_signing_key(call, body.get("signing_key")),
        base=call.base,
        created_at=call.now,
        updated_at=call.now,
    )
    if any(_collides(call, subscription, other) for other in call.state.hooks.subscriptions.values()):
        raise already_exists(TAKEN)
    call.state.hooks.put(subscription)
    return {"resource": subscription_json(call.links, subscription)}


def _signing_key(call: Call, sent: str | None) -> str | None:
    """The application's own key, for a subscription that was made with an OAuth token."""
    client = call.state.grants.clients.get(call.access.client or "")
    if client is None:
        return sent
    own_wins = call.state.settings.assumptions.sent_signing_key_wins
    return (own_wins and sent) or client.webhook_signing_key


def _collides(call: Call, new: Subscription, other: Subscription) -> bool:
    if new.callback_url != other.callback_url:
        return False
    everywhere = call.state.settings.assumptions.hook_urls_unique_everywhere
    return everywhere or (new.scope, new.user) == (other.scope, other.user)


def list_subscriptions(call: Call) -> dict[str, Any]:
    require_organization(call, call.required("organization"))
    scope = _scope_in_query(call)
    user = user_of_scope(call, scope, call.query.get("user"))
    call.state.hooks.disable_unreachable(call.now)
    found = [
        subscription
        for subscription in call.state.hooks.subscriptions.values()
        if subscription.scope == scope and user in {None, subscription.user} and _visible(call, subscription)
    ]
    if call.choice("sort", ("created_at:asc", "created_at:desc")) == "created_at:desc":
        found.reverse()
    return page(call, "/webhook_subscriptions", found, lambda one: subscription_json(call.links, one))


def get_subscription(call: Call) -> dict[str, Any]:
    return {"resource": subscription_json(call.links, _subscription(call))}


def delete_subscription(call: Call) -> None:
    """Messages that wait for it are dropped."""
    call.state.hooks.remove(_subscription(call))


def get_sample(call: Call) -> dict[str, Any]:
    """The message itself, not wrapped in `resource`."""
    event = call.choice("event", tuple(EVENTS)) or call.required("event")
    require_organization(call, call.required("organization"))
    user = user_of_scope(call, _scope_in_query(call), call.query.get("user"))
    if not EVENTS[event].played:
        raise invalid(Detail("is not played by the simulator", "event", STRICT_CODE))
    return sample(call, event, user or call.user.uuid)


def _scope_in_query(call: Call) -> Scope:
    asked = call.choice("scope", SCOPES)
    for scope in SCOPES:
        if scope == asked:
            return scope
    raise invalid_parameter("scope", "is missing")


def _subscription(call: Call) -> Subscription:
    call.state.hooks.disable_unreachable(call.now)
    subscription = call.state.hooks.subscriptions.get(call.path["uuid"])
    if subscription is None:
        raise not_found()
    if not _visible(call, subscription):
        raise denied(NO_PERMISSION_FOR_RESOURCE)
    return subscription


def _visible(call: Call, subscription: Subscription) -> bool:
    return call.is_admin or call.user.uuid in {subscription.creator, subscription.user}
