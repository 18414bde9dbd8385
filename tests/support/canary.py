"""Canaries: secrets that every test carries and that may come out nowhere, in whatever disguise.

The token is the one that all tests' services hold; the addresses are the host's,
which Calendly tells us and no visitor may learn, and a visitor's, which only
that visitor's own booking may repeat. Each manage token that a service issues
becomes one more: it may stand in its booking, and nowhere else.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

TOKEN = "simulator-token-ada"
HOST_EMAIL = "ada@example.test"
VISITOR_EMAIL = "canary-visitor@example.test"

CANARIES: Mapping[str, str] = {
    "the token": TOKEN,
    "the host's e-mail": HOST_EMAIL,
    "the visitor's e-mail": VISITOR_EMAIL,
}

BOOKINGS = "/api/v1/bookings"

PUBLISHED = frozenset({"/openapi.json"})
"""Answers that are the same whoever asks: their examples use the names of the tests."""


@dataclass(frozen=True, slots=True)
class Leak:
    """`canary` came out at `place`."""

    canary: str
    place: str


_found: list[Leak] = []
_issued: set[str] = set()

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.(?:test|example|com|org|net)\b",
    re.ASCII | re.IGNORECASE,
)
"""From its first letter on: to try it from every letter of a long word would take the square of its length.

Under the names that addresses in tests are made of: packed bytes look like shorter ones now and then.
"""

_TELLING = slice(24, 64)
"""The part of a manage token by which it is known again, even where it is cut short."""


def report(found: list[Leak]) -> None:
    """These make the running test fail."""
    _found.extend(found)


def drained() -> list[Leak]:
    """What was reported and has made no test fail yet."""
    taken = list(_found)
    _found.clear()
    return taken


def forget_issued() -> None:
    """The manage tokens that were learnt are looked for no longer."""
    _issued.clear()


def leaks(place: str, content: bytes | str, canaries: Iterable[str] = tuple(CANARIES)) -> list[Leak]:
    """Of these canaries, and of every manage token that was issued."""
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    folded = text.casefold()
    secrets = [(name, CANARIES[name]) for name in canaries] + [("a manage token", each) for each in _issued]
    return [
        Leak(name, place)
        for name, secret in secrets
        if any(disguise in folded for disguise in _plain(secret))
        or any(disguise in text for disguise in _encoded(secret))
    ]


def stored_leaks(contents: Mapping[str, str]) -> list[Leak]:
    """`contents`: of a Redis, by name. No address of anybody may be read there, known to us or not."""
    return [
        leak
        for name, value in contents.items()
        for place, text in (("a Redis key", name), ("a Redis value", value))
        for leak in leaks(place, text) + [Leak("an e-mail address", place) for _ in _EMAIL.finditer(text)]
    ]


def answer_leaks(path: str, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> list[Leak]:
    """`path` is the request's. A booking may repeat to the visitor whom they invited, and themselves."""
    path = path.partition("?")[0]
    booking = _booking(path, status, body)
    if booking is not None:
        body = _without_its_own(booking)
    shown = "\n".join(f"{name}: {value}" for name, value in headers)
    place = f"{status} to {path}"
    found = leaks(f"headers of {place}", shown)
    return found + leaks(f"body of {place}", body, ["the token"] if path in PUBLISHED else CANARIES)


def _booking(path: str, status: int, body: bytes) -> dict[str, Any] | None:
    """The booking that this answer tells of."""
    if not path.startswith(BOOKINGS) or status >= 300 or not body.startswith(b"{"):
        return None
    told: dict[str, Any] = json.loads(body)
    return told if "invitee" in told else None


def _without_its_own(booking: dict[str, Any]) -> bytes:
    """Its people and its manage token, which from now on is looked for everywhere else."""
    own: dict[str, Any] = {"invitee": {**booking["invitee"], "email": None}, "guests": []}
    manage = booking.get("manage")
    if manage is not None:
        _issued.add(manage["token"][_TELLING])
        own["manage"] = {**manage, "token": None}
    return json.dumps(booking | own).encode()


@lru_cache(1000)
def _plain(secret: str) -> frozenset[str]:
    """Forms in which case does not matter."""
    raw = secret.encode()
    every_byte = "".join(f"%{byte:02x}" for byte in raw)
    escaped = "".join(f"\\u{byte:04x}" for byte in raw)
    return frozenset({secret.casefold(), raw.hex(), quote(secret, safe="").casefold(), every_byte, escaped})


@lru_cache(1000)
def _encoded(secret: str) -> frozenset[str]:
    return frozenset(_base64_cores(secret.encode()))


def _base64_cores(raw: bytes) -> Iterator[str]:
    """The characters that base64 has for these bytes wherever they stand in a longer text."""
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        last = (offset + len(raw)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(offset) + raw).decode()[first:last]
