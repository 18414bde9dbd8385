"""Servers on loopback that misbehave as told, and remember who came and what was said."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec

Talk = Callable[["Visit"], Awaitable[None]]


@dataclass(slots=True)
class Visit:
    """One request on one connection. `number` counts the server's requests from 1."""

    writer: asyncio.StreamWriter
    number: int

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Closed with RST instead of FIN."""
        self.writer.transport.abort()

    def close(self) -> None:
        self.writer.close()


@dataclass(slots=True)
class Server:
    origin: str = ""
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    strays: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    """Of each connection that its client has closed: what came after its last whole request."""


@asynccontextmanager
async def serving(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    seen = Server()
    talks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        try:
            while not writer.is_closing():
                seen.heads.append(await _request(reader))
                await talk(Visit(writer, len(seen.heads)))
        except asyncio.IncompleteReadError as end:
            seen.strays.put_nowait(end.partial)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(converse(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    seen.origin = f"{'https' if context else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield seen
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> bytes:
    """Its head. Raises `IncompleteReadError` with all that came where it is cut short."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            try:
                await reader.readexactly(int(line.partition(b":")[2]))
            except asyncio.IncompleteReadError as end:
                raise asyncio.IncompleteReadError(head + end.partial, end.expected) from end
    return head


def reply(
    body: bytes, *, status: int = 200, content_type: str = "application/json", headers: tuple[str, ...] = ()
) -> bytes:
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def json_reply(thing: object, *, status: int = 200) -> bytes:
    return reply(msgspec.json.encode(thing), status=status)


def always(data: bytes) -> Talk:
    async def talk(visit: Visit) -> None:
        await visit.say(data)

    return talk


def first(bad: Talk, then: Talk) -> Talk:
    """Misbehaves on the first request only."""

    async def talk(visit: Visit) -> None:
        await (bad if visit.number == 1 else then)(visit)

    return talk


async def silence(_: Visit) -> None:
    await asyncio.sleep(3600)


def drip(opening: bytes, drop: bytes, every: float) -> Talk:
    """Never silent for long, and never done."""

    async def talk(visit: Visit) -> None:
        await visit.say(opening)
        while True:
            await asyncio.sleep(every)
            await visit.say(drop)

    return talk


def cut(data: bytes, *, reset: bool = False) -> Talk:
    """Says so much and hangs up."""

    async def talk(visit: Visit) -> None:
        await visit.say(data)
        if reset:
            visit.reset()
        else:
            visit.close()

    return talk
