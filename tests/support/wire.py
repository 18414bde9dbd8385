"""A connection, raw: what a client of HTTP/1.1 sends and is sent, byte by byte."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Wire:
    """What it gets is read as HTTP/1.1 has it, by length."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, target: str, method: str = "GET", version: str = "1.1", **headers: str) -> None:
        lines = [f"{name}: {value}" for name, value in ({"Host": "bff.example.test"} | headers).items()]
        self.writer.write("\r\n".join([f"{method} {target} HTTP/{version}", *lines, "", ""]).encode())

    async def receive(self, *, has_body: bool = True) -> tuple[bytes, bytes]:
        """Head and body."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            body = await self.reader.readexactly(int(length[1]) if length and has_body else 0)
        return head, body

    async def ask(self, target: str, method: str = "GET", **headers: str) -> tuple[bytes, bytes]:
        self.send(target, method, **headers)
        return await self.receive(has_body=method != "HEAD")

    async def status(self, target: str) -> int:
        """Of the answer to a GET."""
        return status_of((await self.ask(target))[0])

    async def rest(self) -> bytes:
        """What still comes until it is closed."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


def status_of(head: bytes) -> int:
    return int(head[9:12])


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
