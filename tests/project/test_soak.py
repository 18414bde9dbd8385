"""A minute of steady traffic against the programs: nothing fails and nothing piles up. `make soak` runs it."""

import os
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.support.ports import free_port
from tests.support.programs import BIN, running, running_simulator_program

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
WARM_UP = 2000
"""Requests until caches, pools and the allocator have what they keep."""

MAY_GROW = 8 * 1024
"""KiB of resident memory. A leak of a hundred bytes a request shows within a minute."""

PATHS = (
    "/livez",
    "/api/v1/event-types",
    "/api/v1/event-types/visit/form",
    "/api/v1/event-types/visit/availability?timeZone=Asia/Kolkata",
    "/api/v1/event-types/intro-call/availability?timeZone=America/New_York",
    "/metrics",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a process holds."""

    memory: int
    files: int

    @classmethod
    def of(cls, process: int) -> Self:
        status = Path(f"/proc/{process}/status").read_text()
        memory = status.partition("VmRSS:")[2].split()[0]
        return cls(memory=int(memory), files=len(list(Path(f"/proc/{process}/fd").iterdir())))


def read_for(client: httpx.Client, *, requests: int = 0, seconds: float = 0) -> set[int]:
    """The statuses seen, in at least so many requests and so much time."""
    until = time.monotonic() + seconds
    seen = set()
    for number, path in enumerate(cycle(PATHS)):
        if number >= requests and time.monotonic() >= until:
            break
        seen.add(client.get(path).status_code)
    return seen


@pytest.mark.soak
def test_steady_reading_neither_fails_nor_piles_up(tmp_path: Path) -> None:
    port = free_port()
    command = [str(BIN / "calendly-bff"), "serve", "--port", str(port)]
    with running_simulator_program(tmp_path) as simulator:
        told = {"CALENDLY_TOKEN": "simulator-token-ada", "CALENDLY_API_URL": simulator}
        with (
            running(command, port=port, log=tmp_path / "service.log", settings=told) as service,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
        ):
            read_for(client, requests=WARM_UP)
            before = Holdings.of(service.pid)

            statuses = read_for(client, seconds=SECONDS)

            after = Holdings.of(service.pid)
    assert statuses == {200}
    assert after.files <= before.files + 4
    assert after.memory <= before.memory + MAY_GROW
