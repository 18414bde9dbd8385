"""HTTP as uvicorn speaks it, except that what is ready is sent before there is a request to hand on.

Why: to make a task, an event and a scope for a request, and to look at each header on the way out,
costs more than everything else that a ready answer takes. See `app.fast_lane` for what it may never do. And when
more comes than can be worked out, it is refused here, where that costs least.

Only what uvicorn's parser has found to be a plain GET of HTTP/1.1 on a connection that is free, stays open and takes
what it is sent. All else goes the usual way, and so does this wherever another server or protocol runs.

Nothing is parsed here. But whoever asks again says most of it in the same words: headers that, byte by byte, were found
to be those of a plain request once are so again, and need not be parsed. Such a request can be held back, too, while
Redis is asked whether another process has its answer: where it has not, the request goes the usual way after all.
"""

from asyncio import AbstractEventLoop
from functools import partial
from time import monotonic
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.server import ServerState

from app.bounded_protocol import BoundedProtocol
from app.fast_lane import CUT, HAS_GONE, SOUGHT, WAITS_SINCE
from app.lane import READS, InVain, Lane, Reply
from app.ready import Ready, question
from app.wishes import Given, Wish

NOT_PLAIN = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests of which more is to come. Nor is one plain that says something twice."""

GET = b"GET "
VERSION = b" HTTP/1.1"
END = b"\r\n\r\n"


class ReadyProtocol(BoundedProtocol):
    """One for each connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._wish: Wish | None = None
        """Of the request that is being read, where it is a plain one that reads free times or event types."""
        self._is_answered = False
        """Here, and not the usual way."""
        self._begun = self._ended = 0
        """Requests that the parser has seen of this connection."""
        self._held: list[bytes] = []
        """A request that is held back, and what came after it."""
        self._sought: dict[str, Any] = {}
        """What the scope of the request that is being read is to say of its having been held back in vain."""
        self._is_to_leave = False

    def rests_since(self) -> float | None:
        return None if self._held else super().rests_since()

    def connection_lost(self, exc: Exception | None) -> None:
        self._held = []
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._held:
            self._is_to_leave = True
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        lane = self.lane
        if self._held:
            self._held.append(data)
            if sum(map(len, self._held)) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
        elif lane is None or self._begun > self._ended:
            super().data_received(data)
        elif not self._answered(data, lane):
            self._read(data, lane)

    def on_message_begin(self) -> None:
        self._begun += 1
        self._wish, self._is_answered = None, False
        super().on_message_begin()
        ours = {HAS_GONE: self.transport.is_closing, CUT: self.transport.abort, **self._sought}
        self.scope.update(ours)  # type: ignore[typeddict-item]  # names that the server does not know
        self._sought = {}

    def on_headers_complete(self) -> None:
        self._is_answered = self.lane is not None and self._answers(self.lane)
        if not self._is_answered:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._ended += 1
        if not self._is_answered:
            super().on_message_complete()

    def _read(self, data: bytes, lane: Lane) -> None:
        """The usual way, at the beginning of a request."""
        begun = self._begun
        super().data_received(data)
        if self._wish and self._begun == self._ended == begun + 1 and _is_one(data):
            lane.known.keep(data[data.index(b"\r\n") :], self._wish)

    def _answered(self, data: bytes, lane: Lane) -> bool:
        """Whether these bytes are one request that need not be parsed, and has been answered, or is held back."""
        end = data.find(b"\r\n")
        if not data.startswith(GET) or not data.endswith(VERSION, 0, end):
            return False
        wish = lane.known.find(data[end:])
        if wish is None:
            return False
        place = question(data[len(GET) : end - len(VERSION)])
        ready = lane.found(place)
        if not self._is_free():
            return False
        if ready is not None:
            self._send(lane.reply(ready, wish))
        elif lane.turns_away(place):
            self._send(lane.refusal(wish))
        elif lane.may_be_brought(place):
            self._held = [data]
            lane.seek(place, partial(self._found, lane, wish, monotonic()))
        else:
            return False
        return True

    def _found(self, lane: Lane, wish: Wish, since: float, found: Ready | InVain) -> None:
        """What was sought for the request that is held back."""
        held, self._held = self._held, []
        if not held:
            return
        if isinstance(found, Ready):
            self._send(lane.reply(found, wish))
        else:
            self._sought = {WAITS_SINCE: since} if found is InVain.NOT_SHARED else {SOUGHT: True}
            self._read(held[0], lane)
            self._sought = {}
        if len(held) > 1:
            self.flow.resume_reading()
        for data in held[1:]:
            self.data_received(data)
        if self._is_to_leave:
            self.shutdown()

    def _answers(self, lane: Lane) -> bool:
        """Whether the request that has been parsed is answered here."""
        parser = self.parser
        if (
            not self.url.startswith(READS)
            or not self._is_free()
            or parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
        ):
            return False
        given: Given = dict(self.headers)
        if len(given) < len(self.headers) or not NOT_PLAIN.isdisjoint(given):
            return False
        place, wish = question(self.url), lane.wish(given)
        self._wish = wish
        ready = lane.found(place)
        if ready is None and not lane.turns_away(place):
            lane.announce(place)
            return False
        self._send(lane.refusal(wish) if ready is None else lane.reply(ready, wish))
        return True

    def _is_free(self) -> bool:
        """For an answer that is sent at once."""
        before = self.cycle
        return self.has_room and (before is None or before.response_complete) and not self.flow.write_paused

    def _send(self, reply: Reply) -> None:
        self.write(*reply)
        self.rested_at = monotonic()
        if self.timeout_keep_alive_task is None:
            self.wait(self.timeout_keep_alive)


def _is_one(data: bytes) -> bool:
    """Whether these bytes of one request are all of it, and nothing but it."""
    return data.startswith(GET) and data.index(END) == len(data) - len(END)
