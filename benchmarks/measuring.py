"""Servers as processes, load over loopback, and the CPU time that each request cost the server.

CPU time, because requests per second depend on who else uses the machine.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HEADERS = (
    "Host: 127.0.0.1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0\r\n"
    "Accept: application/json\r\nAccept-Language: en-GB,en;q=0.7\r\nAccept-Encoding: identity\r\n"
    "Origin: https://booking.example.test\r\nReferer: https://booking.example.test/\r\n"
    "Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: cross-site\r\n"
)
CONNECTIONS = 32
START_PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(arguments: list[str], port: int, environment: dict[str, str]) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, *arguments], env=os.environ | environment, stderr=subprocess.DEVNULL
    )
    try:
        _await_start(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _await_start(port: int) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def cost(server: Server, path: str, requests: int) -> float:
    """CPU microseconds of the server for each of `requests` requests."""
    before = server.cpu_seconds()
    asyncio.run(_load(server.port, path, requests))
    return (server.cpu_seconds() - before) / requests * 1e6


async def _load(port: int, path: str, requests: int) -> None:
    request = f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode()
    await asyncio.gather(*(_visitor(port, request, requests // CONNECTIONS) for _ in range(CONNECTIONS)))


async def _visitor(port: int, request: bytes, times: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status, _, fields = head.lower().partition(b"\r\n")
        assert b" 200 " in status, status
        length = int(fields.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
