"""The HTTP client in use, and its replacement when its pool can no longer be trusted."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from app.calendly.options import TransportOptions


@dataclass(slots=True, eq=False)
class _Line:
    client: httpx.AsyncClient
    users: int = 0
    retired: bool = False


class Connections:
    """Lends one client to all calls; it is there before the first, which need not wait for it to be made.

    A call that is cancelled inside the client, and one that waits for a connection in vain, are signs
    that the pool has lost some for good. The client is then retired: those who use it finish, the next
    call opens another.
    """

    def __init__(self, open_client: Callable[[], httpx.AsyncClient]) -> None:
        self._open_client = open_client
        self._line: _Line | None = _Line(open_client())

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[httpx.AsyncClient]:
        line = self._line = self._line or _Line(self._open_client())
        line.users += 1
        try:
            yield line.client
        except (asyncio.CancelledError, httpx.PoolTimeout):
            self._retire(line)
            raise
        finally:
            line.users -= 1
            if line.retired and not line.users:
                await line.client.aclose()

    async def aclose(self) -> None:
        line, self._line = self._line, None
        if line:
            await line.client.aclose()

    def _retire(self, line: _Line) -> None:
        line.retired = True
        if self._line is line:
            self._line = None


def client_opener(options: TransportOptions) -> Callable[[], httpx.AsyncClient]:
    """Makes clients that keep nothing between calls but connections.

    Nothing is read from the environment but `SSL_CERT_FILE` and `SSL_CERT_DIR`; cookies of the edge are
    not kept; and the two loggers that would print whole URLs, an invitee's address among them, are told
    to be quiet.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = _trust()
    limits = httpx.Limits(
        max_connections=options.max_connections,
        max_keepalive_connections=options.max_keepalive_connections,
        keepalive_expiry=options.keepalive.total_seconds(),
    )

    def open_client() -> httpx.AsyncClient:
        jar = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        return httpx.AsyncClient(
            verify=context, limits=limits, cookies=jar, trust_env=False, follow_redirects=False
        )

    return open_client


@cache
def _trust() -> ssl.SSLContext:
    """One for all clients of a process, however many accounts it serves: to read all authorities takes 20 ms of CPU."""
    return httpx.create_ssl_context()
