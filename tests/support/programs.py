"""The programs as an operator runs them: each a process of its own, on a free port of the loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import await_listener, free_port

PATIENCE = 30.0
"""Seconds for a program to stop, on a busy machine."""

BIN = Path(sys.executable).parent


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, settings: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Until the block ends; what it prints goes to `log`. It begins once `port` takes connections.

    No setting of whoever runs the tests reaches it, and no `.env`: it runs in the log's folder.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent, env=_environment(settings)
        )
    try:
        await_listener(port, lambda: _ended_with(process, log))
        yield process
    finally:
        _end(process)


def _environment(settings: Mapping[str, str] | None) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("BFF_", "CALENDLY_"))}
    return {**own, **(settings or {})}


def said_by(words: Sequence[str], folder: Path, settings: Mapping[str, str]) -> str:
    """What `calendly-bff` prints for these words. Fails the test where it does not do as asked."""
    done = subprocess.run(
        [str(BIN / "calendly-bff"), *words],
        cwd=folder,
        env=_environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _ended_with(process: "subprocess.Popen[bytes]", log: Path) -> str | None:
    """Its last words, where it is no more."""
    return None if process.poll() is None else log.read_text()[-2000:]


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running_simulator_program(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "simulator", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, port=port, log=folder / "simulator.log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_service_program(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """`calendly-bff serve`, telling all it ever tells to `service.log`."""
    port = free_port()
    command = [str(BIN / "calendly-bff"), "serve", "--port", str(port)]
    told = {"BFF_LOG_LEVEL": "debug", **settings}
    with running(command, port=port, log=folder / "service.log", settings=told):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_demo(folder: Path) -> Iterator[tuple[str, str]]:
    """`calendly-bff demo`: the service's address and the simulator's."""
    port, simulator_port = free_port(), free_port()
    command = [
        str(BIN / "calendly-bff"),
        "demo",
        "--port",
        str(port),
        "--simulator-port",
        str(simulator_port),
    ]
    with running(command, port=port, log=folder / "demo.log"):
        yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator_port}"
