"""Webhook subscriptions: what each is told of, and whether it still is. Frozen: a change is a new record."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from simulator.instants import instant
from simulator.links import Links
from simulator.webhooks.events import Scope


class Subscription(Struct, frozen=True, kw_only=True):
    """`base` is the URL at which it was made: the addresses in its messages stand there."""

    uuid: str
    callback_url: str
    events: tuple[str, ...]
    scope: Scope
    user: str | None
    creator: str
    signing_key: str | None
    base: str
    created_at: datetime
    updated_at: datetime
    state: Literal["active", "disabled"] = "active"
    retry_started_at: datetime | None = None
    """The first failure since the last message that was delivered."""

    @property
    def active(self) -> bool:
        return self.state == "active"

    @property
    def links(self) -> Links:
        return Links(self.base)

    def hears(self, event: str, hosts: Collection[str]) -> bool:
        """Whether it is told of this event, which concerns these users."""
        return self.active and event in self.events and (self.user is None or self.user in hosts)


def subscription_json(links: Links, subscription: Subscription) -> dict[str, Any]:
    """The resource of section 9.1 of the reference: the signing key is never told."""
    retry = subscription.retry_started_at
    return {
        "uri": links.webhook_subscription(subscription.uuid),
        "callback_url": subscription.callback_url,
        "created_at": instant(subscription.created_at),
        "updated_at": instant(subscription.updated_at),
        "retry_started_at": retry and instant(retry),
        "state": subscription.state,
        "events": list(subscription.events),
        "scope": subscription.scope,
        "organization": links.organization(),
        "user": subscription.user and links.user(subscription.user),
        "group": None,
        "creator": links.user(subscription.creator),
    }
