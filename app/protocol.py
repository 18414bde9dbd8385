"""HTTP as uvicorn speaks it, except that what is ready is sent before there is a request to hand on.

Why: to make a task, an event and a scope for a request, and to look at each header on the way out,
costs more than everything else that a ready answer takes. See `app.fast_lane` for what it may never do.

Only what uvicorn's parser has found to be a plain GET of HTTP/1.1 on a connection that is free, stays open and takes
what it is sent. All else goes the usual way, and so does this wherever another server or protocol runs.

Nothing is parsed here. But whoever asks again says most of it in the same words: headers that, byte by byte, were found
to be those of a plain request once are so again, and need not be parsed.
"""

from asyncio import AbstractEventLoop
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.fast_lane import LANE, Given, Lane, Wish
from app.ready import Ready

NOT_PLAIN = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests of which more is to come. Nor is one plain that says something twice."""


GET = b"GET "
VERSION = b" HTTP/1.1"
END = b"\r\n\r\n"


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
        self._wish: Wish | None = None
        """Of the request that is being read, where it has been answered here."""
        self._begun = self._ended = 0
        """Requests that the parser has seen of this connection."""
        self._rested_at = 0.0

    def data_received(self, data: bytes) -> None:
        lane, begun = self._lane, self._begun
        if lane is None or begun > self._ended:
            super().data_received(data)
        elif not self._answered(data, lane):
            super().data_received(data)
            if self._wish and self._begun == self._ended == begun + 1 and _is_one(data):
                lane.known.keep(data[data.index(b"\r\n") :], self._wish)

    def on_message_begin(self) -> None:
        self._begun += 1
        self._wish = None
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._wish = None if self._lane is None else self._sent(self._lane)
        if self._wish is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._wish is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._ended += 1
        if self._wish is None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self._rested_at = self.loop.time()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        left = self._rested_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wait(left)
        else:
            super().timeout_keep_alive_handler()

    def _answered(self, data: bytes, lane: Lane) -> bool:
        """Whether these bytes are one request that need not be parsed, and has been answered."""
        end = data.find(b"\r\n")
        wish = lane.known.find(data[end:])
        if wish is None or not data.startswith(GET) or not data.endswith(VERSION, 0, end):
            return False
        ready = lane.found(data[len(GET) : end - len(VERSION)])
        if ready is None or not self._is_free():
            return False
        self._send(lane, ready, wish)
        return True

    def _sent(self, lane: Lane) -> Wish | None:
        """What the request that has been parsed says, if there was something to be sent."""
        ready, parser = lane.found(self.url), self.parser
        if (
            ready is None
            or not self._is_free()
            or parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
        ):
            return None
        given: Given = dict(self.headers)
        if len(given) < len(self.headers) or not NOT_PLAIN.isdisjoint(given):
            return None
        wish = lane.wish(given)
        self._send(lane, ready, wish)
        return wish

    def _is_free(self) -> bool:
        """For an answer that is sent at once."""
        before = self.cycle
        return (before is None or before.response_complete) and not self.flow.write_paused

    def _send(self, lane: Lane, ready: Ready, wish: Wish) -> None:
        status, lines, body = lane.reply(ready, wish)
        common = [
            part
            for name, value in self.server_state.default_headers
            for part in (name, b": ", value, b"\r\n")
        ]
        self.transport.write(b"".join((STATUS_LINE[status], *common, lines, b"\r\n", body)))
        self.server_state.total_requests += 1
        self._rested_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait(self.timeout_keep_alive)

    def _wait(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)


def _is_one(data: bytes) -> bool:
    """Whether these bytes of one request are all of it, and nothing but it."""
    return data.startswith(GET) and data.index(END) == len(data) - len(END)
