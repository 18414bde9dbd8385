"""A front end that listens to an event stream, and reads it as browsers do (WHATWG HTML, 9.2)."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from app import API

PATIENCE = 15.0
"""Seconds for an event, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    data: Any
    id: str


@dataclass
class EventSource:
    """`last_id` is what a browser would send when it comes back."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes
    last_id: str = ""
    retry: int = 0
    comments: int = 0
    _chunk: bytes = b""

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    async def next(self) -> Event:
        """Raises `EOFError` where the stream ends, `TimeoutError` where nothing comes."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event = self._dispatched(await self._block())
                if event is not None:
                    return event

    async def begun(self) -> None:
        """Wait until it has been told how far it hears."""
        async with asyncio.timeout(PATIENCE):
            while not self.last_id:
                self._dispatched(await self._block())

    async def ended(self) -> bool:
        """Whether the stream ended as it should, and was not cut off."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    self._dispatched(await self._block())
            except EOFError:
                return True
            except (OSError, asyncio.IncompleteReadError):
                return False

    async def body(self) -> bytes:
        """Of an answer that is no stream."""
        length = re.search(rb"(?i)content-length: (\d+)", self.head)
        return await self.reader.readexactly(int(length[1]) if length else 0)

    async def _block(self) -> list[bytes]:
        """The lines before the next empty one."""
        while b"\n\n" not in self._chunk:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            chunk = (await self.reader.readexactly(size + 2))[:-2]
            if not chunk:
                raise EOFError
            self._chunk += chunk
        block, _, self._chunk = self._chunk.partition(b"\n\n")
        return block.split(b"\n")

    def _dispatched(self, block: list[bytes]) -> Event | None:
        fields: dict[str, str] = {}
        for line in block:
            name, _, value = line.decode().partition(":")
            fields[name] = value.removeprefix(" ")
        self.comments += "" in fields
        self.retry = int(fields.get("retry", self.retry))
        self.last_id = fields.get("id", self.last_id)
        if "data" not in fields:
            return None
        return Event(fields["event"], msgspec.json.decode(fields["data"]), self.last_id)


@asynccontextmanager
async def listening(
    port: int, event_type: str = "intro-call", *, last_id: str = "", headers: Mapping[str, str] | None = None
) -> AsyncIterator[EventSource]:
    lines = {"Host": "bff.example.test", "Accept": "text/event-stream", **(headers or {})}
    if last_id:
        lines["Last-Event-ID"] = last_id
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {API}/event-types/{event_type}/availability/events HTTP/1.1\r\n{head}\r\n".encode())
    try:
        async with asyncio.timeout(PATIENCE):
            answered = await reader.readuntil(b"\r\n\r\n")
        yield EventSource(reader, writer, answered)
    finally:
        writer.close()
