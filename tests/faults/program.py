"""The program as an operator runs it, to be spoken to and to be looked at from outside."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.soak.waiting import until
from tests.support.keys import SECRET_KEY
from tests.support.ports import free_port
from tests.support.programs import BIN, running
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.simulation import ADA, Simulation

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Program:
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def files(self) -> int:
        """How many it has open, sockets included."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def workers(self) -> set[int]:
        """Those that were started to serve, by process id."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return {int(pid) for pid in listed if "spawn_main" in _command_of(pid)}

    async def has_workers(self, number: int, *, but: int | None = None) -> None:
        """Waits until so many are there, and this one is none of them."""

        async def are_there() -> bool:
            return len(self.workers() - {but}) == number

        async with asyncio.timeout(PATIENCE):
            await until(are_there, every=0.02)


def _command_of(pid: str) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


@contextmanager
def served_program(
    calendly: Simulation, redis: RedisServer, log: Path, files: int | None = None, **settings: str
) -> Iterator[Program]:
    """`files`: how many it may have open, sockets included."""
    port = free_port()
    told = {
        "CALENDLY_TOKEN": ADA,
        "CALENDLY_API_URL": str(calendly.http.base_url),
        "BFF_REDIS_URL": redis.url(CACHE),
        "BFF_STATE_URL": redis.url(STATE),
        "BFF_SECRET_KEYS": SECRET_KEY,
        "BFF_PORT": str(port),
    }
    limited = ["prlimit", f"--nofile={files}"] if files else []
    command = [*limited, str(BIN / "calendly-bff"), "serve"]
    with running(command, port=port, log=log, settings=told | settings) as process:
        yield Program(process.pid, port)
