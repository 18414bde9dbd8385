"""HTTP as uvicorn speaks it, except that what is ready is sent before there is a request to hand on.

Why: to make a task, an event and a scope for a request, and to look at each header on the way out,
costs more than everything else that a ready answer takes. See `app.fast_lane` for what it may never do.

Only what uvicorn's parser has found to be a plain GET of HTTP/1.1 on a connection that is free, stays open and takes
what it is sent. All else goes the usual way, and so does this wherever another server or protocol runs.
"""

from asyncio import AbstractEventLoop
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.fast_lane import LANE, Given, Lane

NOT_PLAIN = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests of which more is to come. Nor is one plain that says something twice."""


class ReadyProtocol(HttpToolsProtocol):
    """One for each connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._lane: Lane | None = app_state.get(LANE)
        self._sent = False

    def on_message_begin(self) -> None:
        self._sent = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._sent = self._lane is not None and self._send(self._lane)
        if not self._sent:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._sent:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._sent:
            super().on_message_complete()

    def _send(self, lane: Lane) -> bool:
        """Whether there was something to be sent."""
        ready = lane.found(self.url)
        if ready is None or not self._is_free():
            return False
        given: Given = dict(self.headers)
        if len(given) < len(self.headers) or not NOT_PLAIN.isdisjoint(given):
            return False
        status, lines, body = lane.reply(ready, given)
        common = [
            part
            for name, value in self.server_state.default_headers
            for part in (name, b": ", value, b"\r\n")
        ]
        self.transport.write(b"".join((STATUS_LINE[status], *common, lines, b"\r\n", body)))
        self.on_response_complete()
        return True

    def _is_free(self) -> bool:
        """For a GET that has the connection to itself."""
        parser, before = self.parser, self.cycle
        return (
            parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and (before is None or before.response_complete)
            and not self.flow.write_paused
        )
