"""Answers that are ready to be sent: bytes, with the headers that go with them, and how long they hold."""

import gzip
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, NamedTuple, Self, TypeAlias
from zlib import crc32

import brotli
import msgspec
from starlette.types import Scope

from app.negotiation import BR, GZIP, IDENTITY

HeaderList: TypeAlias = list[tuple[bytes, bytes]]
Place: TypeAlias = bytes
"""What was asked for: path and query as they were sent (RFC 9112, 3.2.1), but for `AFTER`."""

Lines: TypeAlias = bytes
"""Of headers, as they are sent: each with its end."""

BR_QUALITY = 5
"""Of 11: it costs a third of what 9 does, for a tenth more bytes."""

AFTER = "after"
MARK = r"[A-Za-z0-9._~-]{1,64}"
"""A parameter of questions about free times, and what it may say: the id of an event. No answer depends on it. It makes
another question for every cache between here and whoever asks, and the same for us.
"""

LONGEST_PLACE = 300
"""Bytes. The longest sensible question is half of it; what is longer is answered, and not remembered."""

CHECK = 4
"""Bytes before what is stored, by which damage shows (CRC-32): it is to be sent without being unpacked."""

MOST_BYTES = 48 * 1024 * 1024
EACH = 2500
"""Bytes of every answer beside its body, with the headers of both encodings."""

BOTH_BODIES = 3.5
"""Times the smaller one: what is packed with gzip takes up to two and a half times the room."""


class Term(NamedTuple):
    """When an answer may be sent: not before `begins`, for then the clock was set back since, nor from `ends` on."""

    begins: datetime
    ends: datetime


class Form(NamedTuple):
    """An answer in one encoding. `unchanged`: the headers of a 304. Both are without `Vary`."""

    etag: bytes
    headers: Lines
    unchanged: Lines
    body: bytes


class _Stored(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    begins: Annotated[datetime, msgspec.Meta(tz=True)]
    ends: Annotated[datetime, msgspec.Meta(tz=True)]
    route: str
    is_marked: bool
    cache_control: bytes
    digest: str
    packed: bytes


_AFTER = f"{AFTER}=".encode()
_MARKED = re.compile(f"{AFTER}={MARK}".encode())
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class Ready:
    """`begins`, `ends`: see `Term`. `route`: the pattern of the path that it is an answer to.

    `is_marked`: a part of it is old, and may be read anew at any moment. `generation`: the latest news of what became
    untrue that was known when it was made; None for what other processes need not be given. `accounts`: whose event
    types it is about. `look_again`: where this process has made it; says whether anything
    of it is old.
    """

    __slots__ = (
        "_forms",
        "_stored",
        "accounts",
        "begins",
        "ends",
        "generation",
        "is_marked",
        "look_again",
        "route",
    )

    def __init__(self, stored: _Stored) -> None:
        self.begins = stored.begins
        self.ends = stored.ends
        self.route = stored.route
        self.is_marked = stored.is_marked
        self.generation: int | None = None
        self.accounts: tuple[str, ...] = ()
        self.look_again: Callable[[], bool] | None = None
        self._stored = stored
        self._forms: dict[str, Form] = {}

    @classmethod
    def of(cls, body: bytes, *, term: Term, is_marked: bool, cache_control: str, route: str) -> Self:
        digest = blake2b(body, digest_size=12).hexdigest()
        packed = brotli.compress(body, quality=BR_QUALITY)
        return cls(_Stored(*term, route, is_marked, cache_control.encode(), digest, packed))

    @classmethod
    def restored(cls, stored: bytes) -> Self:
        """What `stored` gave. Raises `ValueError` for anything else, were it a bit of it."""
        told, written = stored[:CHECK], stored[CHECK:]
        if told != _check(written):
            raise ValueError("not what was stored")
        return cls(_decode(written))

    def stored(self) -> bytes:
        written = _encode(self._stored)
        return _check(written) + written

    def holds_at(self, now: datetime) -> bool:
        return self.begins <= now < self.ends

    @property
    def weight(self) -> int:
        """No less than it takes once it has been asked for in every encoding."""
        return EACH + int(BOTH_BODIES * len(self._stored.packed))

    def form(self, encoding: str) -> Form:
        found = self._forms.get(encoding)
        if found is None:
            found = self._made(encoding)
            # Anybody can ask for the plain one, and hardly anybody does: it is not worth the room.
            if encoding != IDENTITY:
                self._forms[encoding] = found
        return found

    def _made(self, encoding: str) -> Form:
        body = self._stored.packed if encoding == BR else brotli.decompress(self._stored.packed)
        if encoding == GZIP:
            body = gzip.compress(body, compresslevel=6, mtime=0)
        etag = f'"{self._stored.digest}-{encoding}"'.encode()
        unchanged = b"etag: %b\r\ncache-control: %b\r\n" % (etag, self._stored.cache_control)
        headers = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body) + unchanged
        if encoding != IDENTITY:
            headers += b"content-encoding: %b\r\n" % encoding.encode()
        return Form(etag, headers, unchanged, body)


def _check(written: bytes) -> bytes:
    return crc32(written).to_bytes(CHECK, "big")


def place_of(scope: Scope) -> Place:
    """Of a request that is on its way through ASGI."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return question(path + b"?" + query if query else path)


def question(target: bytes) -> Place:
    """`target`: path and query as they were sent. One that its route may refuse for what it says after which event it
    is asked, or that says so in other bytes, stays as it is.
    """
    if _AFTER not in target:
        return target
    path, _, query = target.partition(b"?")
    parts = query.split(b"&")
    marks = [part for part in parts if _MARKED.fullmatch(part)]
    said = [part for part in parts if part.startswith(_AFTER)]
    if len(said) != len(marks) or len(marks) != 1 or any(b"%" in part.partition(b"=")[0] for part in parts):
        return target
    parts.remove(marks[0])
    return b"?".join([path, b"&".join(parts)]) if parts else path


def header_list(lines: Lines) -> HeaderList:
    """As ASGI wants them."""
    parts = (line.split(b": ", 1) for line in lines.split(b"\r\n")[:-1])
    return [(name, value) for name, value in parts]


def is_sensible(place: Place) -> bool:
    """Whether its answer is worth remembering: nobody asks in such words but to fill our memory."""
    return len(place) <= LONGEST_PLACE


class ReadyAnswers:
    """No more of them than fit: the oldest go first. None that was made before something changed."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._weight = 0
        self._answers: dict[Place, Ready] = {}
        self._marked: set[Place] = set()
        self._places = defaultdict[str, set[Place]](set)
        """Of answers about one account's event types."""
        self.find = self._answers.get

    def keep(self, place: Place, answer: Ready) -> None:
        if not is_sensible(place):
            return
        if place in self._answers:
            self._drop(place)
        if answer.is_marked:
            self._marked.add(place)
        self._answers[place] = answer
        for account in answer.accounts:
            self._places[account].add(place)
        self._weight += answer.weight
        while self._weight > self._most:
            self._drop(next(iter(self._answers)))

    def drop_marked(self) -> None:
        """Something has been read anew."""
        for place in list(self._marked):
            self._drop(place)

    def drop_account(self, account: str) -> None:
        """Something of it has become untrue."""
        places = self._places.get(account, set())
        if len(places) == len(self._answers):
            self.clear()
            return
        for place in list(places):
            self._drop(place)

    def clear(self) -> None:
        self._answers.clear()
        self._marked.clear()
        self._places.clear()
        self._weight = 0

    @property
    def weight(self) -> int:
        return self._weight

    def __len__(self) -> int:
        return len(self._answers)

    def _drop(self, place: Place) -> None:
        dropped = self._answers.pop(place, None)
        self._marked.discard(place)
        if dropped is None:
            return
        self._weight -= dropped.weight
        for account in dropped.accounts:
            self._places[account].discard(place)
