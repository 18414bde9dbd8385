"""The command: it starts, says where, listens, and stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from typer.testing import CliRunner

from simulator.cli import app


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def answer(url: str) -> httpx.Response:
    deadline = time.monotonic() + 20
    while True:
        try:
            return httpx.get(url)
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_it_says_where_it_listens_and_stops_cleanly() -> None:
    port = free_port()

    with running("--port", str(port)) as process:
        response = answer(f"http://127.0.0.1:{port}/_simulator/settings")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=10)

    assert response.status_code == 200
    assert output.splitlines()[0] == f"Calendly simulator on http://127.0.0.1:{port}"
    assert process.returncode == 0


def test_port_and_control_come_from_the_environment() -> None:
    port = free_port()

    with running(SIMULATOR_PORT=str(port), SIMULATOR_CONTROL="false"):
        response = answer(f"http://127.0.0.1:{port}/_simulator/settings")

    assert response.status_code == 404


@pytest.mark.parametrize("port", ["0", "65536", "many"])
def test_an_impossible_port_is_refused(port: str) -> None:
    result = CliRunner().invoke(app, ["--port", port])

    assert result.exit_code == 2
