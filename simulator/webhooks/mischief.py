"""Deliveries that go other ways than they should: which, and how. Always the same ones in the same run."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, get_args

import msgspec

from simulator.webhooks.deliveries import Forgery

FORGERIES: tuple[Forgery, ...] = get_args(Forgery)
OPPOSITE: Mapping[str, str] = {
    "invitee.created": "invitee.canceled",
    "invitee.canceled": "invitee.created",
    "invitee_no_show.created": "invitee_no_show.deleted",
    "invitee_no_show.deleted": "invitee_no_show.created",
    "event_type.created": "event_type.deleted",
    "event_type.updated": "event_type.deleted",
    "event_type.deleted": "event_type.created",
}
STATUS = {"invitee.created": "active", "invitee.canceled": "canceled"}


def befalls(mischief: str, number: int, share: float) -> bool:
    """Whether the delivery with this number is among the share that this happens to."""
    digest = sha256(f"{mischief}-{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def forgery_of(number: int) -> Forgery:
    digest = sha256(f"forgery-{number}".encode()).digest()
    return FORGERIES[digest[0] % len(FORGERIES)]


def forged_body(body: bytes, forgery: Forgery) -> bytes:
    """The opposite of what happened, so that whoever believes it does harm; a replay is genuine but old."""
    if forgery == "replayed":
        return body
    message: dict[str, Any] = msgspec.json.decode(body)
    event = OPPOSITE.get(message["event"], message["event"])
    payload = message["payload"]
    if event in STATUS:
        payload = payload | {"status": STATUS[event]}
    return msgspec.json.encode(message | {"event": event, "payload": payload})
