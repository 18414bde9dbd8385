"""Any ASGI application behind a real socket, in a thread of its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

START_SECONDS = 10.0


@contextmanager
def serve(app: ASGIApp, *, patience: float = 0.0) -> Iterator[str]:
    """Its base URL on a free port of the loopback, until the block ends.

    Its lifespan ends properly where all requests do within `patience` seconds.
    """
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False, ws="none")
    with serve_config(config, patience=patience) as base_url:
        yield base_url


@contextmanager
def serve_config(config: uvicorn.Config, *, patience: float = 0.0) -> Iterator[str]:
    """As `serve`, for a caller with wishes about the server. Its port should be 0."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(server, thread)}"
    finally:
        server.should_exit = True
        thread.join(patience)
        server.force_exit = True
        thread.join(START_SECONDS)


def _port(server: uvicorn.Server, thread: threading.Thread) -> int:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the server did not start")
        time.sleep(0.005)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
