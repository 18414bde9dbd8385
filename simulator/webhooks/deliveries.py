"""One message on its way to one subscription, and what became of it."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from simulator.instants import instant
from simulator.links import Links

Kind = Literal["genuine", "duplicate", "forged"]
Forgery = Literal["wrong key", "no signature", "altered body", "replayed"]
Outcome = Literal["waiting", "delivered", "given up", "dropped", "refused"]


class Attempt(Struct, frozen=True, kw_only=True):
    """`status` is what was answered, or `error` says why nothing was; in milliseconds of real time."""

    at: datetime
    milliseconds: int
    status: int | None = None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Any 3xx, 4xx or 5xx is a failure."""
        return self.status is not None and self.status < HTTPStatus.MULTIPLE_CHOICES


class Delivery(Struct, kw_only=True):
    """`due_at` is when it is tried next, while it waits. A forged one is tried once: refused is as it should be."""

    number: int
    subscription: str
    url: str
    event: str
    body: bytes
    created_at: datetime
    due_at: datetime
    gives_up_at: datetime
    kind: Kind = "genuine"
    forgery: Forgery | None = None
    genuine_body: bytes = b""
    """Of a forged one: what its body was made from."""
    held: bool = False
    """Until a later one has been tried."""
    in_flight: bool = False
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    outcome: Outcome = "waiting"

    @property
    def waiting(self) -> bool:
        return self.outcome == "waiting"


def delivery_json(links: Links, delivery: Delivery) -> dict[str, object]:
    return {
        "number": delivery.number,
        "subscription": links.webhook_subscription(delivery.subscription),
        "url": delivery.url,
        "event": delivery.event,
        "kind": delivery.kind,
        "forgery": delivery.forgery,
        "outcome": delivery.outcome,
        "createdAt": instant(delivery.created_at),
        "dueAt": instant(delivery.due_at) if delivery.waiting else None,
        "attempts": [
            {
                "at": instant(attempt.at),
                "milliseconds": attempt.milliseconds,
                "status": attempt.status,
                "error": attempt.error,
            }
            for attempt in delivery.attempts
        ],
        "message": Raw(delivery.body),
    }
