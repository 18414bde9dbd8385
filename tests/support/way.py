"""A way to a server on which replies lag, some connections fall silent, and clients may hang up at any moment."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

REMEMBERED = 1000
"""Bytes of what the client of a connection has said: enough to know it by."""


@dataclass(slots=True)
class Way:
    """`port` is the one to use in place of the server's own.

    `lag`: seconds for which replies take longer from now on. `silenced`: whoever has
    ever said this hears nothing and is not heard from now on; empty means everybody.
    """

    lag: float = 0.0
    silenced: bytes | None = None
    port: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once anything was."""

    def is_silent_for(self, said: bytes) -> bool:
        return self.silenced is not None and self.silenced in said


@asynccontextmanager
async def way_to(port: int, *, lag: float = 0.0) -> AsyncIterator[Way]:
    way = Way(lag)
    running: set[asyncio.Task[None]] = set()

    def begin(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(_Connection(way, port).carry(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        way.port = server.sockets[0].getsockname()[1]
        yield way
    finally:
        server.close()
        await asyncio.gather(*running)


class _Connection:
    def __init__(self, way: Way, port: int) -> None:
        self._way = way
        self._port = port
        self._said = b""

    async def carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Until both sides have hung up. Where the server is away, who comes is thrown out."""
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self._port)
        except ConnectionError:
            await _close(writer)
            return
        await asyncio.gather(self._carry_there(reader, onward), self._carry_back(there, writer))

    async def _carry_there(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                self._said = (self._said + data)[:REMEMBERED]
                self._pass(data, writer)
        await _close(writer)

    async def _carry_back(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await asyncio.sleep(self._way.lag)
                self._pass(data, writer)
        await _close(writer)

    def _pass(self, data: bytes, writer: StreamWriter) -> None:
        if self._way.is_silent_for(self._said):
            self._way.lost.set()
        else:
            writer.write(data)


async def _close(writer: StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
