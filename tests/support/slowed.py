"""A way to a server on which every reply takes its time."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def slowed(port: int, seconds: float) -> AsyncIterator[int]:
    """The port to use in place of `port`."""
    running: set[asyncio.Task[None]] = set()

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        ways = ((reader, there[1], 0.0), (there[0], writer, seconds))
        running.update(asyncio.create_task(_carried(*way)) for way in ways)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*running)


async def _carried(reader: StreamReader, writer: StreamWriter, delay: float) -> None:
    while data := await reader.read(65_536):
        await asyncio.sleep(delay)
        writer.write(data)
    writer.close()
