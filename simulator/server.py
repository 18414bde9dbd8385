"""Serving the simulator by uvicorn, with the one thing ASGI lacks: cutting a connection."""

import asyncio
import socket
import struct
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.play import CUT_CONNECTION

LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing then sends a TCP reset."""


class CuttableProtocol(HttpToolsProtocol):
    """Lends every request of its connection the extension `CUT_CONNECTION`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = cast("asyncio.Transport", transport)
        super().connection_made(connection)
        app = cast("ASGIApp", self.app)

        def cut(*, reset: bool) -> None:
            if reset:
                connection.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT_AT_ALL
                )
                connection.abort()
            else:
                connection.close()

        async def cuttable(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), CUT_CONNECTION: cut}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = cuttable


def server_config(app: ASGIApp, *, host: str, port: int) -> uvicorn.Config:
    """No `Date` or `Server` of uvicorn's own: the simulator has its own clock. No access log."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=CuttableProtocol,
        date_header=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=1,
    )
