"""Where the token meets a request: the address looked at, the headers set, the reply fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import SecretStr

from app import __version__
from app.calendly.access import Access, AccessLateError, GrantDeadError
from app.calendly.addresses import Origin
from app.calendly.call import Call
from app.calendly.connections import Connections, pool_opener
from app.calendly.exchange import Reply, exchange, timeouts
from app.calendly.failures import GrantLostError
from app.calendly.fence import fenced
from app.calendly.options import Deadline, TransportOptions
from app.errors import UpstreamBusyError, UpstreamFailedError

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"calendly-bff/{__version__} python-httpx/{httpx.__version__}",
}
"""A user agent of our own: Calendly's edge has been seen to refuse the stock ones of HTTP libraries."""


class Sender:
    """Sends to one origin, for one account. Opens nothing until the first request."""

    def __init__(self, origin: Origin, access: Access, options: TransportOptions) -> None:
        self._origin = origin
        self._access = access
        self._options = options
        self._connections = Connections(options.open_pool or pool_opener(options))

    async def send(self, call: Call[Any], deadline: Deadline) -> Reply:
        """Once more with another token, where Calendly did not know the first: nothing has been done then.

        Raises `httpx.HTTPError` or `ReplyError`, and an `AppError` where there is no token.
        """
        with _explained():
            token = await self._access.current()
        reply = await self._sent(call, token, deadline)
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        with _explained():
            renewed = await self._access.renewed(token)
        return reply if renewed is None else await self._sent(call, renewed, deadline)

    async def _sent(self, call: Call[Any], token: SecretStr, deadline: Deadline) -> Reply:
        async with self._connections.lend() as pool:
            request = self._request(call, deadline)
            self._authorise(request, token)
            return await exchange(pool, request, deadline, self._options.body_limit)

    async def aclose(self) -> None:
        await self._connections.aclose()

    def _request(self, call: Call[Any], deadline: Deadline) -> httpx.Request:
        content_type = {} if call.body is None else {"Content-Type": "application/json"}
        fence = fenced(call.may_send) if call.is_write else {}
        return httpx.Request(
            call.method,
            self._origin.url(call.path, call.params),
            headers=HEADERS | content_type,
            content=call.body,
            extensions=timeouts(self._options, deadline) | fence,
        )

    def _authorise(self, request: httpx.Request, token: SecretStr) -> None:
        """The one place where the token is attached, and so the place where the address is looked at."""
        if not self._origin.owns(request.url):
            raise UpstreamFailedError(detail="A call was about to leave Calendly's address.")
        request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"


@contextmanager
def _explained() -> Iterator[None]:
    """Where there is no token to send: whether it makes sense to come back in a moment."""
    try:
        yield
    except GrantDeadError as error:
        raise GrantLostError from error
    except AccessLateError as error:
        raise UpstreamBusyError(retry_after=error.retry_after) from error
