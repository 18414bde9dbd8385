"""The pool of connections in use, and its replacement when it can no longer be trusted."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import httpx

from app.calendly.options import TransportOptions


@dataclass(slots=True, eq=False)
class _Line:
    pool: httpx.AsyncBaseTransport
    users: int = 0
    retired: bool = False


class Connections:
    """Lends one pool to all calls; it is there before the first, which need not wait for it to be made.

    A call that is cancelled inside the pool, and one that waits for a connection in vain, are signs
    that it has lost some for good. The pool is then retired: those who use it finish, the next
    call opens another.
    """

    def __init__(self, open_pool: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._open_pool = open_pool
        self._line: _Line | None = _Line(open_pool())

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[httpx.AsyncBaseTransport]:
        line = self._line = self._line or _Line(self._open_pool())
        line.users += 1
        try:
            yield line.pool
        except (asyncio.CancelledError, httpx.PoolTimeout):
            self._retire(line)
            raise
        finally:
            line.users -= 1
            if line.retired and not line.users:
                await line.pool.aclose()

    async def aclose(self) -> None:
        line, self._line = self._line, None
        if line:
            await line.pool.aclose()

    def _retire(self, line: _Line) -> None:
        line.retired = True
        if self._line is line:
            self._line = None


def pool_opener(options: TransportOptions) -> Callable[[], httpx.AsyncBaseTransport]:
    """Makes pools that keep nothing between calls but connections.

    They are used without the client of httpx around them, whose own work is for what must not happen here: to keep
    cookies, to follow redirects, to add to a request. Nothing is read from the environment but
    `SSL_CERT_FILE` and `SSL_CERT_DIR`; and the two loggers that would print whole URLs, an invitee's address among
    them, are told to be quiet.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = _trust()
    limits = httpx.Limits(
        max_connections=options.max_connections,
        max_keepalive_connections=options.max_keepalive_connections,
        keepalive_expiry=options.keepalive.total_seconds(),
    )

    def open_pool() -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=context, limits=limits, trust_env=False)

    return open_pool


@cache
def _trust() -> ssl.SSLContext:
    """One for all pools of a process, however many accounts it serves: to read all authorities takes 20 ms of CPU."""
    return httpx.create_ssl_context()
