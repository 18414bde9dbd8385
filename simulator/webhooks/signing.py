"""The header `Calendly-Webhook-Signature` (section 9.2 of the reference)."""

import hmac
from datetime import datetime, timedelta

from simulator.webhooks.deliveries import Delivery
from simulator.webhooks.subscriptions import Subscription

HEADER = "calendly-webhook-signature"
FORGERS_KEY = "simulator-forgers-key"
REPLAYED_AFTER = timedelta(hours=1)
"""Far beyond the three minutes that Calendly's examples tolerate."""


def signature(key: str, body: bytes, now: datetime) -> str:
    """`t=<unix seconds>,v1=<hex>`, over the seconds, a dot and the raw body."""
    seconds = int(now.timestamp())
    digest = hmac.new(key.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()
    return f"t={seconds},v1={digest}"


def signature_headers(subscription: Subscription, delivery: Delivery, now: datetime) -> dict[str, str]:
    """None where the subscription has no key."""
    key, body = subscription.signing_key, delivery.body
    match delivery.forgery:
        case "wrong key":
            key = FORGERS_KEY
        case "no signature":
            key = None
        case "altered body":
            body = delivery.genuine_body
        case "replayed":
            now -= REPLAYED_AFTER
    return {} if key is None else {HEADER: signature(key, body, now)}
