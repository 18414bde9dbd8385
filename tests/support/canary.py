"""Canaries: secrets that every test carries and that may come out nowhere, in whatever disguise.

The token is the one that all tests' services hold; the addresses are the host's,
which Calendly tells us and no visitor may learn, and a visitor's, which only
that visitor's own booking may repeat.
"""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

TOKEN = "simulator-token-ada"
HOST_EMAIL = "ada@example.test"
VISITOR_EMAIL = "canary-visitor@example.test"

CANARIES: Mapping[str, str] = {
    "the token": TOKEN,
    "the host's e-mail": HOST_EMAIL,
    "the visitor's e-mail": VISITOR_EMAIL,
}

PUBLISHED = frozenset({"/openapi.json"})
"""Answers that are the same whoever asks: their examples use the names of the tests."""


@dataclass(frozen=True, slots=True)
class Leak:
    """`canary` came out at `place`."""

    canary: str
    place: str


_found: list[Leak] = []


def report(found: list[Leak]) -> None:
    """These make the running test fail."""
    _found.extend(found)


def drained() -> list[Leak]:
    """What was reported and has made no test fail yet."""
    taken = list(_found)
    _found.clear()
    return taken


def leaks(place: str, content: bytes | str, canaries: Iterable[str] = tuple(CANARIES)) -> list[Leak]:
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    folded = text.casefold()
    return [
        Leak(name, place)
        for name in canaries
        if any(disguise in folded for disguise in _plain(CANARIES[name]))
        or any(disguise in text for disguise in _encoded(CANARIES[name]))
    ]


def answer_leaks(path: str, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> list[Leak]:
    """`path` is the request's. A booking may repeat to the visitor whom they invited, and themselves."""
    shown = "\n".join(f"{name}: {value}" for name, value in headers)
    place = f"{status} to {path.partition('?')[0]}"
    found = leaks(f"headers of {place}", shown)
    if path in PUBLISHED:
        return found + leaks(f"body of {place}", body, ["the token"])
    return found + leaks(f"body of {place}", _without_own_people(body) if status == 201 else body)


def _without_own_people(body: bytes) -> bytes:
    booking = json.loads(body)
    people = {"invitee": {**booking["invitee"], "email": None}, "guests": []}
    return json.dumps(booking | people).encode()


@cache
def _plain(secret: str) -> frozenset[str]:
    """Forms in which case does not matter."""
    raw = secret.encode()
    every_byte = "".join(f"%{byte:02x}" for byte in raw)
    escaped = "".join(f"\\u{byte:04x}" for byte in raw)
    return frozenset({secret.casefold(), raw.hex(), quote(secret, safe="").casefold(), every_byte, escaped})


@cache
def _encoded(secret: str) -> frozenset[str]:
    return frozenset(_base64_cores(secret.encode()))


def _base64_cores(raw: bytes) -> Iterator[str]:
    """The characters that base64 has for these bytes wherever they stand in a longer text."""
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        last = (offset + len(raw)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(offset) + raw).decode()[first:last]
