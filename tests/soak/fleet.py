"""Service processes that are there in a moment and may be killed at any."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.soak.caller import Request, call
from tests.soak.service import Options

START_SECONDS = 30.0

NOT_INHERITED = ("BFF_", "CALENDLY_", "COVERAGE_")
"""Whoever is killed can tell nothing of what was covered: measuring it would only slow the trials."""


@dataclass(frozen=True, slots=True)
class Replica:
    pid: int
    port: int


class Fleet:
    def __init__(self, parent: Process) -> None:
        self._parent = parent
        self._asking = asyncio.Lock()

    async def start(self) -> Replica:
        """One that answers."""
        async with self._asking:
            self._tell("start")
            told = await asyncio.wait_for(self._out.readline(), START_SECONDS)
        pid, port = map(int, told.split())
        await call(port, Request("GET", "/livez"), patience=START_SECONDS)
        return Replica(pid, port)

    def kill(self, replica: Replica) -> None:
        """With `kill -9`: whatever it was about to do, it does not."""
        os.kill(replica.pid, signal.SIGKILL)
        self._tell(f"bury {replica.pid}")

    @property
    def _out(self) -> asyncio.StreamReader:
        assert self._parent.stdout is not None
        return self._parent.stdout

    def _tell(self, line: str) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{line}\n".encode())


@asynccontextmanager
async def running_fleet(folder: Path, settings: Mapping[str, str], options: Options) -> AsyncIterator[Fleet]:
    """No setting of whoever runs this reaches it. What it logs goes to `service.log`; at the end all are killed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    with (folder / "service.log").open("ab") as log:
        parent = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.soak.service",
            msgspec.json.encode(options).decode(),
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            env={**own, **settings},
        )
    try:
        yield Fleet(parent)
    finally:
        assert parent.stdin is not None
        parent.stdin.close()
        await parent.wait()
