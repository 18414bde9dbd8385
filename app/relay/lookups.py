"""Names are looked up by the system's resolver, which nobody can call off, in threads of the relay's own."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread

LookUp = Callable[[str, int], Sequence[str]]
"""As `targets.Resolve`, and blocks for as long as a name server is silent."""


def by_the_system(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Lookups:
    """A name has one thread at a time, and whoever asks for it meanwhile gets what that finds: a name server that is
    silent holds up nobody who asks for another name, and threads are no more than names. They end with the process,
    which does not wait for them.
    """

    def __init__(self, look_up: LookUp = by_the_system) -> None:
        self._look_up = look_up
        self._asked: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """As `targets.Resolve`."""
        asked = self._asked.get((host, port)) or self._begun(host, port)
        return await asyncio.shield(asked)

    def _begun(self, host: str, port: int) -> "asyncio.Future[Sequence[str]]":
        loop = asyncio.get_running_loop()
        asked = loop.create_future()
        Thread(target=partial(self._work, loop, asked, host, port), name="relay-lookup", daemon=True).start()
        self._asked[host, port] = asked
        asked.add_done_callback(partial(self._ended, (host, port)))
        return asked

    def _work(
        self, loop: asyncio.AbstractEventLoop, asked: "asyncio.Future[Sequence[str]]", host: str, port: int
    ) -> None:
        try:
            tell = partial(asked.set_result, self._look_up(host, port))
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            tell = partial(asked.set_exception, error)
        # Nobody waits any more where the loop is closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell)

    def _ended(self, name: tuple[str, int], asked: "asyncio.Future[Sequence[str]]") -> None:
        del self._asked[name]
        if not asked.cancelled():
            # Nobody may have waited so long for what went wrong.
            asked.exception()
