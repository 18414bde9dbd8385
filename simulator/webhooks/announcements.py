"""What has happened, told to everybody who subscribed to it."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec

from simulator.model import EventType, Invitee
from simulator.state import State
from simulator.webhooks.deliveries import Delivery
from simulator.webhooks.hooks import DAY
from simulator.webhooks.payloads import envelope, event_type_payload, invitee_payload
from simulator.wire import Wire

Draw = Callable[[Wire], dict[str, Any]]


def announce_invitee(state: State, event: str, invitee: Invitee) -> None:
    """`event` is one of the `invitee…` events; the state already shows what happened."""
    scheduled = state.events[invitee.event]
    until = state.now() + DAY
    if state.settings.assumptions.retries_last_until_after_the_event:
        until = max(until, scheduled.end + DAY)
    _announce(state, event, scheduled.hosts, until, lambda wire: invitee_payload(wire, invitee, scheduled))


def announce_event_type(state: State, event: str, event_type: EventType, hosts: Collection[str]) -> None:
    _announce(state, event, hosts, state.now() + DAY, lambda wire: event_type_payload(wire, event_type))


def _announce(state: State, event: str, hosts: Collection[str], until: datetime, draw: Draw) -> None:
    now = state.now()
    for subscription in state.hooks.listeners(event, hosts):
        links = subscription.links
        content = envelope(
            event, draw(Wire(state, links, now)), now=now, links=links, creator=subscription.creator
        )
        message = Delivery(
            number=state.hooks.outbox.number(),
            subscription=subscription.uuid,
            url=subscription.callback_url,
            event=event,
            body=msgspec.json.encode(content),
            created_at=now,
            due_at=now,
            gives_up_at=until,
        )
        state.hooks.enqueue(message, state.settings.webhook_mischief)
    state.outbox_changed.set()
