"""HTTP as uvicorn speaks it, except that what is ready is sent before there is a request to hand on.

Why: to make a task, an event and a scope for a request, and to look at each header on the way out,
costs more than everything else that a ready answer takes. See `app.fast_lane` for what it may never do. And when
more comes than can be worked out, or than there is room for, it is refused here, where that costs least.

Only what uvicorn's parser has found to be a plain GET of HTTP/1.1 on a connection that is free, stays open and takes
what it is sent. All else goes the usual way, and so does this wherever another server or protocol runs.

Nothing is parsed here. But whoever asks again says most of it in the same words: headers that, byte by byte, were found
to be those of a plain request once are so again, and need not be parsed.
"""

from asyncio import AbstractEventLoop, Transport
from functools import lru_cache
from time import monotonic
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.fast_lane import LANE, Given, Lane, Reply, Wish

NOT_PLAIN = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests of which more is to come. Nor is one plain that says something twice."""


LEAVES_WITHIN = 1.0
"""Seconds that a connection has to ask something, where there is no room for it."""

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
        self._rested_at = monotonic()
        self._has_room = True
        self._is_told = False
        """That it has none."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in the class above
        super().connection_made(transport)
        if self._lane is not None and not self._lane.connections.add(self):
            self._has_room = False
            self._wait(LEAVES_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lane is not None:
            self._lane.connections.discard(self)
        super().connection_lost(exc)

    def rests_since(self) -> float | None:
        return self._rested_at if self.cycle is None or self.cycle.response_complete else None

    def leave(self) -> None:
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        lane, begun = self._lane, self._begun
        if self._is_told:
            return
        if lane is None or begun > self._ended or not self._has_room:
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
        lane = self._lane
        if lane is not None:
            self._wish = self._sent(lane) if self._has_room else self._sent_away(lane)
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
        self._rested_at = monotonic()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        left = self._rested_at + self.timeout_keep_alive - monotonic()
        if left > 0 and self._has_room:
            self._wait(left)
        else:
            super().timeout_keep_alive_handler()

    def _answered(self, data: bytes, lane: Lane) -> bool:
        """Whether these bytes are one request that need not be parsed, and has been answered."""
        end = data.find(b"\r\n")
        wish = lane.known.find(data[end:])
        if wish is None or not data.startswith(GET) or not data.endswith(VERSION, 0, end):
            return False
        place = data[len(GET) : end - len(VERSION)]
        ready = lane.found(place)
        if not self._is_free() or (ready is None and not lane.turns_away(place)):
            return False
        self._send(lane.refusal(wish) if ready is None else lane.reply(ready, wish))
        return True

    def _sent(self, lane: Lane) -> Wish | None:
        """What the request that has been parsed says, if there was something to be sent."""
        parser = self.parser
        if (
            not self._is_free()
            or parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
        ):
            return None
        given: Given = dict(self.headers)
        if len(given) < len(self.headers) or not NOT_PLAIN.isdisjoint(given):
            return None
        ready = lane.found(self.url)
        if ready is None and not lane.turns_away(self.url):
            lane.announce(self.url)
            return None
        wish = lane.wish(given)
        self._send(lane.refusal(wish) if ready is None else lane.reply(ready, wish))
        return wish

    def _sent_away(self, lane: Lane) -> Wish:
        """What the request says, which is the last of its connection."""
        wish = lane.wish(dict(self.headers))
        if not self._is_told:
            self._is_told = True
            status, lines, body = lane.refusal(wish)
            lines += b"connection: close\r\n"
            self._write(status, lines, b"" if self.parser.get_method() == b"HEAD" else body)
            # Closed altogether, it would answer what is still on its way with a reset, and nobody would read the above.
            self.transport.write_eof()
        return wish

    def _unset_keepalive_if_required(self) -> None:
        # Whoever is to leave does so, whatever comes of it meanwhile.
        if self._has_room:
            super()._unset_keepalive_if_required()

    def _is_free(self) -> bool:
        """For an answer that is sent at once."""
        before = self.cycle
        return (before is None or before.response_complete) and not self.flow.write_paused

    def _send(self, reply: Reply) -> None:
        self._write(*reply)
        self._rested_at = monotonic()
        if self.timeout_keep_alive_task is None:
            self._wait(self.timeout_keep_alive)

    def _write(self, status: int, lines: bytes, body: bytes) -> None:
        server = self.server_state
        common = _common(tuple(server.default_headers))
        self.transport.write(b"".join((STATUS_LINE[status], common, lines, b"\r\n", body)))
        server.total_requests += 1

    def _wait(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)


@lru_cache(maxsize=1)
def _common(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """What the server says in every answer: the date, which is another each second."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)


def _is_one(data: bytes) -> bool:
    """Whether these bytes of one request are all of it, and nothing but it."""
    return data.startswith(GET) and data.index(END) == len(data) - len(END)
