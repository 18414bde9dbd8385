"""An HTTP answer as bytes: where it ends, and whether it is the one that was expected. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import httpx

END_OF_HEAD = b"\r\n\r\n"
NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def plain(self) -> bytes:
        """Decompressed, as far as httpx knows how."""
        coding = self.headers.get("content-encoding")
        headers = {"Content-Encoding": coding} if coding else None
        return httpx.Response(self.status, headers=headers, content=self.body).content


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answer to one request has to be like.

    `length` counts the whole answer: request ids and dates differ, but are of one length.
    """

    status: int
    length: int
    digest: bytes

    @classmethod
    def like(cls, raw: bytes) -> "Expected":
        answer = parsed(raw)
        return cls(answer.status, len(raw), digest_of(raw))

    def fault(self, raw: bytes, *, thoroughly: bool) -> str | None:
        """What is wrong with this answer; a digest costs too much to take each time."""
        status = status_of(raw)
        if status != self.status:
            return f"status {status}"
        if len(raw) != self.length:
            return "another length"
        if thoroughly and digest_of(raw) != self.digest:
            return "other bytes"
        return None


def status_of(raw: bytes) -> int:
    return int(raw[9:12])


def digest_of(raw: bytes) -> bytes:
    """Of the body."""
    return sha256(raw.partition(END_OF_HEAD)[2]).digest()


def is_whole(raw: bytes) -> bool:
    head, found, body = raw.partition(END_OF_HEAD)
    if not found:
        return False
    headers = _headers(head)
    if status_of(raw) in NO_BODY:
        return True
    if headers.get("transfer-encoding") == "chunked":
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(headers.get("content-length", "0"))


def parsed(raw: bytes) -> Answer:
    head, _, body = raw.partition(END_OF_HEAD)
    headers = _headers(head)
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return Answer(status_of(raw), headers, body)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _joined(chunks: bytes) -> bytes:
    body = bytearray()
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        length = int(size, 16)
        body += rest[:length]
        chunks = rest[length + 2 :] if length else b""
    return bytes(body)
