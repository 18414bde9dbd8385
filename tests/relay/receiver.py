"""A backend of the customer's: a real HTTP listener on the loopback, which verifies what it gets by its own means."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 20.0
HANG = ""
"""In place of an answer: none ever comes."""


def answer(status: int, *headers: str, body: str = "") -> str:
    lines = [f"HTTP/1.1 {status} Answer", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", body])


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def type(self) -> str:
        return str(self.message["type"])

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.message["data"])

    def is_signed_with(self, secret: str) -> bool:
        """As the standard says it, and not as we wrote it."""
        key = base64.b64decode(secret.split("_", 1)[1])
        content = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Answers with `answers` one after the other, then with `usual`."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    usual: str = field(default_factory=lambda: answer(204))
    pause: float = 0.0
    """Seconds before it answers."""
    received: list[Received] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has answered anything."""
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bookings"

    async def after(self, count: int) -> list[Received]:
        """What was received once there are so many. Raises `TimeoutError` where they do not come."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            pairs = (line.partition(": ") for line in lines if line)
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            said = self.answers.pop(0) if self.answers else self.usual
            async with self._arrived:
                self.received.append(Received(first.split(" ")[1], headers, body))
                self._arrived.notify_all()
            if said == HANG:
                await reader.read()
                return
            await asyncio.sleep(self.pause)
            writer.write(said.encode())
            await writer.drain()
            self.answered.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
