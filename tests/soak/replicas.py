"""Two replicas as an operator runs them, restarted one after the other to be told of something new."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.square import serving
from tests.support.ports import free_port
from tests.support.programs import said_by


@dataclass
class Replicas:
    """At ports that they keep. `told`: the settings of those that are started next."""

    folder: Path
    told: dict[str, str]
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    _running: dict[int, ExitStack] = field(default_factory=dict)

    async def tell(self, **changes: str) -> None:
        """Each is ended as an operator ends it, and is back before the next one is."""
        self.told |= changes
        for port in self.ports:
            await asyncio.to_thread(self._restart, port)

    async def command(self, *words: str) -> str:
        """What `calendly-bff` prints, with the settings of those that were started last."""
        return await asyncio.to_thread(said_by, words, self.folder, self.told)

    def _restart(self, port: int) -> None:
        self._end(port)
        stack = self._running[port] = ExitStack()
        stack.enter_context(serving(self.folder, port, self.told))

    def _end(self, port: int) -> None:
        if port in self._running:
            self._running.pop(port).close()

    def end(self) -> None:
        for port in list(self._running):
            self._end(port)


@asynccontextmanager
async def running_replicas(folder: Path, told: Mapping[str, str]) -> AsyncIterator[Replicas]:
    """Not started before they are first told something."""
    replicas = Replicas(folder, dict(told))
    try:
        yield replicas
    finally:
        await asyncio.to_thread(replicas.end)
