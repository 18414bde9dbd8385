"""Calendly's operations on webhook subscriptions, which cannot be changed: only made and deleted."""

from dataclasses import replace

import msgspec

from app.calendly.addresses import id_from, segment
from app.calendly.call import Call
from app.calendly.envelopes import Collection, Resource
from app.calendly.models import Instant
from app.calendly.paging import list_call, read_list
from app.calendly.quota import Purpose
from app.calendly.transport import Transport
from app.calendly.wire import Listing, decode

PAGE_SIZE = "100"


class WebhookSubscription(msgspec.Struct, frozen=True):
    """`GET /webhook_subscriptions`; `state` is `active` or `disabled`. The signing key is never told."""

    uri: str
    callback_url: str
    state: str
    events: list[str]
    scope: str
    created_at: Instant
    user: str | None = None
    retry_started_at: Instant | None = None
    """Since when deliveries fail."""


class NewWebhookSubscription(msgspec.Struct, frozen=True):
    """The body of `POST /webhook_subscriptions`. Without a key, that of the application signs, or none does."""

    url: str
    events: list[str]
    organization: str
    user: str
    scope: str = "user"
    signing_key: str | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        """Without the key."""
        return f"<NewWebhookSubscription {self.events}>"


_SUBSCRIPTIONS = Listing(Collection[WebhookSubscription], WebhookSubscription)


class WebhookSubscriptions:
    """As `CalendlyClient`, whose transport it shares."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_webhook_subscriptions(self, *, organization: str, user: str) -> list[WebhookSubscription]:
        """Those of this user alone. One that cannot be read fails the list: it must not be made a second time."""
        params = {
            "organization": self._reference(organization),
            "scope": "user",
            "user": self._reference(user),
            "count": PAGE_SIZE,
        }
        call = list_call("list_webhook_subscriptions", "/webhook_subscriptions", params, _SUBSCRIPTIONS)
        return await read_list(self._transport, replace(call, purpose=Purpose.LOOKUP), complete=True)

    async def get_webhook_subscription(self, uuid: str) -> WebhookSubscription:
        call = Call(
            operation="get_webhook_subscription",
            path=f"/webhook_subscriptions/{segment(uuid)}",
            decode=_one,
            purpose=Purpose.LOOKUP,
        )
        return await self._transport.read(call)

    async def create_webhook_subscription(self, new: NewWebhookSubscription) -> WebhookSubscription:
        """Raises `AddressTakenError` where Calendly delivers to the address already."""
        self._reference(new.organization)
        self._reference(new.user)
        call = Call(
            operation="create_webhook_subscription",
            path="/webhook_subscriptions",
            body=msgspec.json.encode(new),
            decode=_one,
            purpose=Purpose.LOOKUP,
        )
        return await self._transport.write(call)

    async def delete_webhook_subscription(self, uuid: str) -> None:
        """What it had not delivered yet, it never will. Raises `NotFoundError` where there is none."""
        call = Call(
            operation="delete_webhook_subscription",
            path=f"/webhook_subscriptions/{segment(uuid)}",
            decode=_nothing,
            deletes=True,
            purpose=Purpose.LOOKUP,
        )
        await self._transport.write(call)

    def id_of(self, subscription: WebhookSubscription) -> str:
        return id_from(self._transport.origin, subscription.uri)

    def _reference(self, uri: str) -> str:
        id_from(self._transport.origin, uri)
        return uri


def _one(body: bytes) -> WebhookSubscription:
    return decode(body, Resource[WebhookSubscription]).resource


def _nothing(_: bytes) -> None:
    return None
