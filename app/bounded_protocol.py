"""HTTP as uvicorn speaks it, on no more connections than there is room for. See `app.connections` for why."""

from asyncio import AbstractEventLoop, Transport
from functools import lru_cache
from time import monotonic
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.lane import LANE, READS, Lane

LEAVES_WITHIN = 1.0
"""Seconds that a connection has to ask something, where there is no room for it, and to hear that."""


class BoundedProtocol(HttpToolsProtocol):
    """One for each connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.lane: Lane | None = app_state.get(LANE)
        self.rested_at = monotonic()
        self.has_room = True
        self._is_told = False
        """That it has none."""

    def rests_since(self) -> float | None:
        return self.rested_at if self.cycle is None or self.cycle.response_complete else None

    def leave(self) -> None:
        self.transport.close()

    def shutdown(self) -> None:
        """The process is to end: told to each connection, while others may still be answered."""
        if self.lane is not None:
            self.lane.end_streams()
        super().shutdown()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in the class above
        super().connection_made(transport)
        if self.lane is None or self.lane.connections.add(self):
            return
        self.has_room = False
        if self.lane.connections.is_overrun:
            transport.abort()
        else:
            self.wait(LEAVES_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.lane is not None:
            self.lane.connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_told:
            super().data_received(data)

    def on_headers_complete(self) -> None:
        if self.has_room:
            super().on_headers_complete()
        elif self.lane is not None and not self._is_told:
            if self.url.startswith(READS):
                self._tell(self.lane)
            else:
                self._squeeze_in()

    def on_body(self, body: bytes) -> None:
        if self.has_room:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.has_room:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self.rested_at = monotonic()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self.has_room and self.rests_since() is None:
            return  # it begins to rest when that has been answered
        left = self.rested_at + self.timeout_keep_alive - monotonic()
        if left > 0 and self.has_room:
            self.wait(left)
        else:
            super().timeout_keep_alive_handler()

    def wait(self, seconds: float) -> None:
        """Until it is looked whether the connection rests."""
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def write(self, status: int, lines: bytes, body: bytes) -> None:
        """An answer, at once."""
        server = self.server_state
        common = _common(tuple(server.default_headers))
        self.transport.write(b"".join((STATUS_LINE[status], common, lines, b"\r\n", body)))
        server.total_requests += 1

    def _unset_keepalive_if_required(self) -> None:
        # Whoever is to leave does so, whatever comes of it meanwhile.
        if self.has_room:
            super()._unset_keepalive_if_required()

    def _squeeze_in(self) -> None:
        """For this one request: there is room left for what comes before reads."""
        self.has_room = True
        self.on_headers_complete()
        self.cycle.keep_alive = False

    def _tell(self, lane: Lane) -> None:
        self._is_told = True
        status, lines, body = lane.refusal(lane.wish(dict(self.headers)))
        lines += b"connection: close\r\n"
        self.write(status, lines, b"" if self.parser.get_method() == b"HEAD" else body)
        # Closed altogether, it would answer what is still on its way with a reset, and nobody would read the above.
        self.transport.write_eof()


@lru_cache(maxsize=1)
def _common(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """What the server says in every answer: the date, which is another each second."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
