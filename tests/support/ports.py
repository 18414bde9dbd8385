"""Ports of the loopback."""

import socket
import time
from collections.abc import Callable

START_SECONDS = 60.0
"""Several workers of one program take most of this on a machine that is busy with other things."""


def free_port() -> int:
    """One that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def await_listener(port: int, last_words: Callable[[], str | None] = lambda: None) -> None:
    """Raises `TimeoutError` where nobody comes, and at once where `last_words` says why nobody will."""
    deadline = time.monotonic() + START_SECONDS
    while not is_taken(port):
        ended = last_words()
        if ended is not None or time.monotonic() > deadline:
            raise TimeoutError(f"nobody listens on port {port}: {ended}")
        time.sleep(0.01)
