"""An answer that does not end: events, for as long as somebody listens."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.fast_lane import CUT
from app.observability import STREAM
from app.streams.hub import Hub
from app.streams.listener import Listener

HEADERS = [
    (b"content-type", STREAM.encode()),
    (b"cache-control", b"no-store"),
    # nginx would keep what is said until it has a page of it.
    (b"x-accel-buffering", b"no"),
]


class Subject(NamedTuple):
    """What a stream tells of: an event type, by its id, in the account through which it is offered."""

    account: str
    event_type: str


class EventStream(Response):
    """What `find` finds to tell of. It costs a task of the server's and what `Listener` costs.

    Before anything is sent it raises what `find` raises, and `OverloadedError` where there are too many.
    """

    media_type = STREAM

    def __init__(self, hub: Hub, find: Callable[[], Awaitable[Subject]], last_event_id: str | None) -> None:
        super().__init__()
        self._hub = hub
        self._find = find
        self._last_event_id = last_event_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def tell(said: bytes, goes_on: bool) -> None:  # noqa: FBT001 - as `listener.Send` has it
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                # Not before it is known from where on this one hears: who is told that it has opened reads at once.
                await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await send({"type": "http.response.body", "body": said, "more_body": goes_on})

        subject = await self._found()
        listener = Listener(subject.event_type, tell, scope.get(CUT, _nothing))
        self._hub.enter(subject.account, listener)
        try:
            await self._hub.join(listener, self._last_event_id)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._hub.leave(listener)

    async def _found(self) -> Subject:
        """To be entered under at once. An account that leaves while another is still being read ends the streams that
        are there, and this one is not.
        """
        while True:
            turn = self._hub.turn
            subject = await self._find()
            if turn == self._hub.turn:
                return subject


def _nothing() -> None:
    """Where the server cannot be told, whoever takes nothing is merely forgotten."""
