"""What whoever asks wants of the same answer: an encoding, or only to hear that it is unchanged."""

from collections.abc import Mapping

IDENTITY, GZIP, BR = "identity", "gzip", "br"

MANY_WISHES = 256
"""Ways to spell `Accept-Encoding` that are remembered."""

LONGEST_WISH = 200
"""Bytes of one: what a browser sends is far shorter."""


class Encodings:
    """Which encoding to answer in, by `Accept-Encoding` (RFC 9110, 12.5.3)."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def best(self, wish: bytes | None) -> str:
        if wish is None:
            return IDENTITY
        found = self._known.get(wish)
        if found is None:
            found = _best(_weights(wish.decode("latin-1")))
            if len(self._known) < MANY_WISHES and len(wish) <= LONGEST_WISH:
                self._known[wish] = found
        return found


def _best(weights: Mapping[str, float]) -> str:
    """The smallest that is not refused. The plain one is answered even to who refuses it: it can always be read."""
    others = weights.get("*", 0.0)
    for encoding in (BR, GZIP):
        if weights.get(encoding, others) > 0:
            return encoding
    return IDENTITY


def _weights(wish: str) -> dict[str, float]:
    found = {}
    for part in wish.lower().split(","):
        name, _, parameters = part.partition(";")
        found[name.strip()] = _weight(parameters)
    return found


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value.strip())
    except ValueError:
        return 0.0


def is_unchanged(wanted: bytes | None, etag: bytes) -> bool:
    """By `If-None-Match` (RFC 9110, 13.1.2), weakly compared."""
    if wanted is None:
        return False
    if wanted == etag:
        return True
    tags = {tag.strip().removeprefix(b"W/") for tag in wanted.split(b",")}
    return etag in tags or b"*" in tags
