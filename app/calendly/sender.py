"""Where the token meets a request: the address looked at, the headers set, the reply fetched."""

from collections.abc import Callable
from typing import Any

import httpx
from pydantic import SecretStr

from app import __version__
from app.calendly.addresses import Origin
from app.calendly.call import Call
from app.calendly.connections import Connections, client_opener
from app.calendly.exchange import Reply, exchange, timeouts
from app.calendly.fence import fenced
from app.calendly.options import Deadline, TransportOptions
from app.errors import UpstreamFailedError

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"calendly-bff/{__version__} python-httpx/{httpx.__version__}",
}
"""A user agent of our own: Calendly's edge has been seen to refuse the stock ones of HTTP libraries."""


class Sender:
    """Sends to one origin with one token. Opens nothing until the first request."""

    def __init__(
        self, origin: Origin, token: SecretStr | Callable[[], SecretStr], options: TransportOptions
    ) -> None:
        self._origin = origin
        self._token = token
        self._options = options
        self._connections = Connections(options.open_client or client_opener(options))

    async def send(self, call: Call[Any], deadline: Deadline) -> Reply:
        """Raises `httpx.HTTPError` or `ReplyError`."""
        async with self._connections.lend() as client:
            request = self._request(client, call, deadline)
            self._authorise(request)
            return await exchange(client, request, deadline, self._options.body_limit)

    async def aclose(self) -> None:
        await self._connections.aclose()

    def _request(self, client: httpx.AsyncClient, call: Call[Any], deadline: Deadline) -> httpx.Request:
        content_type = {} if call.body is None else {"Content-Type": "application/json"}
        return client.build_request(
            call.method,
            self._origin.url(call.path, call.params),
            headers=_HEADERS | content_type,
            content=call.body,
            timeout=timeouts(self._options, deadline),
            extensions=fenced(call.may_send) if call.is_write else {},
        )

    def _authorise(self, request: httpx.Request) -> None:
        """The one place where the token is attached, and so the place where the address is looked at."""
        if not self._origin.owns(request.url):
            raise UpstreamFailedError(detail="A call was about to leave Calendly's address.")
        token = self._token if isinstance(self._token, SecretStr) else self._token()
        request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
