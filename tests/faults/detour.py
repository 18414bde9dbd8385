"""A way to Calendly that breaks where it is told to, byte by byte, and remembers who took it."""

import asyncio
import re
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

HOP = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Passage:
    """One request on its way. `reply` is what Calendly answered; empty where it was not let through."""

    writer: StreamWriter
    reply: bytes = b""

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Closed with RST instead of FIN."""
        self.writer.transport.abort()

    def close(self) -> None:
        self.writer.close()


Talk = Callable[[Passage], Awaitable[None]]


@dataclass(slots=True)
class _Block:
    method: str
    path: re.Pattern[str]
    talk: Talk
    lets_through: bool
    times: int


class Detour:
    """Listens on one port of the loopback for as long as it lives, dug up or not."""

    def __init__(self, calendly: str) -> None:
        self._calendly = urlsplit(calendly).netloc.split(":")
        self._blocks: list[_Block] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._plugs: list[socket.socket] = []
        self.port = 0
        self.taken: list[tuple[str, str]] = []
        """Method and path of each request that came as far as here."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def block(
        self, method: str, path: str, talk: Talk, *, lets_through: bool = False, times: int = 1_000_000
    ) -> None:
        """Requests that match get `talk` for an answer. Let through: Calendly has acted on it before."""
        self._blocks.append(_Block(method, re.compile(path), talk, lets_through, times))

    async def mend(self) -> None:
        self._blocks.clear()
        if self._plugs:
            await self.close()
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Who comes is refused, and who is here is thrown out."""
        while self._plugs:
            self._plugs.pop().close()
        if self._server is not None:
            self._server.close()
            self._server = None
        current = asyncio.current_task()
        others = [task for task in self._tasks if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def swallow(self) -> None:
        """Who comes gets no answer at all, not even to the first packet: the queue of the port is full."""
        await self.close()
        self._plugs = [socket.create_server(("127.0.0.1", self.port), backlog=0)]
        for _ in range(4):
            plug = socket.socket()
            plug.settimeout(0)
            with suppress(BlockingIOError):
                plug.connect(("127.0.0.1", self.port))
            self._plugs.append(plug)

    def _accepted(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while not writer.is_closing():
                await self._pass(await _request(reader), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _pass(self, request: bytes, writer: StreamWriter) -> None:
        method, target, _ = request.split(b" ", 2)
        path = target.decode().partition("?")[0]
        self.taken.append((method.decode(), path))
        block = self._drawn(method.decode(), path)
        if block is None:
            reply = await self._forwarded(request)
            writer.write(reply)
            if not reply:
                writer.transport.abort()
            return
        reply = await self._forwarded(request) if block.lets_through else b""
        await block.talk(Passage(writer, reply))

    def _drawn(self, method: str, path: str) -> _Block | None:
        for block in self._blocks:
            if block.times > 0 and block.method == method and block.path.search(path):
                block.times -= 1
                return block
        return None

    async def _forwarded(self, request: bytes) -> bytes:
        """The whole answer; nothing where the connection was cut."""
        host, port = self._calendly
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(HOP.sub(b"", request, count=1).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            return HOP.sub(b"", await reader.read(), count=1)
        except ConnectionError:
            return b""
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _request(reader: StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    return head + await reader.readexactly(int(length[1])) if length else head


@asynccontextmanager
async def detour_to(calendly: str) -> AsyncIterator[Detour]:
    way = Detour(calendly)
    await way.mend()
    try:
        yield way
    finally:
        await way.close()
