"""Answers that are ready to be sent: bytes, with the headers that go with them, and how long they hold."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TypeAlias

import brotli

HeaderList: TypeAlias = list[tuple[bytes, bytes]]
Place: TypeAlias = tuple[str, bytes]
"""A path, and the query as it was sent."""

IDENTITY, GZIP, BR = "identity", "gzip", "br"
BR_QUALITY = 5
"""Of 11: it costs a third of what 9 does, for a tenth more bytes."""

LONGEST_PLACE = 300
"""Bytes. The longest sensible question is half of it; what is longer is answered, and not remembered."""

MOST_BYTES = 48 * 1024 * 1024
EACH = 1500
"""Bytes of every answer beside its body."""

MANY_WISHES = 256
"""Ways to spell `Accept-Encoding` that are remembered."""


@dataclass(frozen=True, slots=True)
class Form:
    """An answer in one encoding. `unchanged`: the headers of a 304. Both are without `Vary`."""

    etag: bytes
    headers: HeaderList
    unchanged: HeaderList
    body: bytes


class Ready:
    """`until`: when something else would be answered. `route`: the pattern of the path that it is an answer to."""

    __slots__ = ("_cache_control", "_digest", "_forms", "_packed", "route", "until")

    def __init__(self, body: bytes, *, until: datetime, cache_control: str, route: str) -> None:
        self.until = until
        self.route = route
        self._cache_control = cache_control.encode()
        self._digest = blake2b(body, digest_size=12).hexdigest()
        self._packed = brotli.compress(body, quality=BR_QUALITY)
        self._forms: dict[str, Form] = {}

    @property
    def weight(self) -> int:
        return EACH + len(self._packed)

    def form(self, encoding: str) -> Form:
        found = self._forms.get(encoding)
        if found is None:
            found = self._made(encoding)
            # Anybody can ask for the plain one, and hardly anybody does: it is not worth the room.
            if encoding != IDENTITY:
                self._forms[encoding] = found
        return found

    def _made(self, encoding: str) -> Form:
        body = self._packed if encoding == BR else brotli.decompress(self._packed)
        if encoding == GZIP:
            body = gzip.compress(body, compresslevel=6, mtime=0)
        etag = f'"{self._digest}-{encoding}"'.encode()
        unchanged = [(b"etag", etag), (b"cache-control", self._cache_control)]
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *unchanged,
        ]
        if encoding != IDENTITY:
            headers.append((b"content-encoding", encoding.encode()))
        return Form(etag, headers, unchanged, body)


class ReadyAnswers:
    """No more of them than fit: the oldest go first. None that was made before something changed."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._weight = 0
        self._answers: dict[Place, Ready] = {}
        self.find = self._answers.get

    def keep(self, place: Place, answer: Ready) -> None:
        if len(place[0]) + len(place[1]) > LONGEST_PLACE:
            return
        self._drop(place)
        self._answers[place] = answer
        self._weight += answer.weight
        while self._weight > self._most:
            self._drop(next(iter(self._answers)))

    def clear(self) -> None:
        self._answers.clear()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._answers)

    def _drop(self, place: Place) -> None:
        dropped = self._answers.pop(place, None)
        if dropped is not None:
            self._weight -= dropped.weight


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
            if len(self._known) < MANY_WISHES:
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
