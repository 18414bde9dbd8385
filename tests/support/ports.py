"""Ports of the loopback."""

import socket
import time

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


def await_listener(port: int) -> None:
    """Raises `TimeoutError` where nobody comes."""
    deadline = time.monotonic() + START_SECONDS
    while not is_taken(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody listens on port {port}")
        time.sleep(0.01)
