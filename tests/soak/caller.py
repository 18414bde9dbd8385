"""A caller that costs next to nothing: one connection a request, from whatever address of the loopback."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds for an answer: longer than the service takes for any."""


class NoAnswerError(Exception):
    """Nobody was there, or they died before they had said all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body) if self.body else None

    @property
    def code(self) -> str:
        """Of a problem; empty for anything else."""
        told = self.json if self.status >= 400 else None
        return str(told.get("code", "")) if isinstance(told, dict) else ""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: Any = None
    """Sent as JSON; None sends nothing."""
    headers: Mapping[str, str] | None = None

    def encoded(self) -> bytes:
        body = b"" if self.body is None else msgspec.json.encode(self.body)
        lines = {
            "Host": HOST,
            "Connection": "close",
            "Content-Length": str(len(body)),
            **(self.headers or {}),
        }
        if body:
            lines["Content-Type"] = "application/json"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def call(port: int, request: Request, *, source: str = HOST, patience: float = PATIENCE) -> Answer:
    """Raises `NoAnswerError`."""
    try:
        async with asyncio.timeout(patience):
            return _read(await _exchanged(port, request.encoded(), source))
    except (OSError, TimeoutError, ValueError) as error:
        raise NoAnswerError from error


async def _exchanged(port: int, sent: bytes, source: str) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port, local_addr=(source, 0))
    try:
        writer.write(sent)
        return await reader.read(-1)
    finally:
        writer.close()


def _read(said: bytes) -> Answer:
    """Raises `ValueError` for less than a whole answer."""
    head, end, body = said.partition(b"\r\n\r\n")
    if not end:
        raise ValueError("no whole head")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(body) != int(headers.get("content-length", "0")):
        raise ValueError("no whole body")
    return Answer(int(status.split(" ", 2)[1]), headers, body)
