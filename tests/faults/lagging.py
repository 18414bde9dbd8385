"""A way to a server on which replies lag, and clients may hang up at any moment."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass


@dataclass(slots=True)
class Lag:
    """The port to use in place of the server's own, and for how many seconds replies lag from now on."""

    seconds: float
    port: int = 0


@asynccontextmanager
async def lagging(port: int, seconds: float) -> AsyncIterator[Lag]:
    lag = Lag(seconds)
    running: set[asyncio.Task[None]] = set()

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        for way in ((reader, there[1], Lag(0)), (there[0], writer, lag)):
            task = asyncio.create_task(_carried(*way))
            running.add(task)
            task.add_done_callback(running.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        lag.port = server.sockets[0].getsockname()[1]
        yield lag
    finally:
        server.close()
        await asyncio.gather(*running)


async def _carried(reader: StreamReader, writer: StreamWriter, lag: Lag) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            await asyncio.sleep(lag.seconds)
            writer.write(data)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
