"""An answer that does not end: events, for as long as somebody listens."""

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


class EventStream(Response):
    """Of one event type. It costs a task of the server's and what `Listener` costs.

    Raises `OverloadedError`, before anything is sent, where there are too many.
    """

    media_type = STREAM

    def __init__(self, hub: Hub, account: str, event_type: str, last_event_id: str | None) -> None:
        super().__init__()
        self._hub = hub
        self._account = account
        self._event_type = event_type
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

        listener = Listener(self._event_type, tell, scope.get(CUT, _nothing))
        self._hub.enter(self._account, listener)
        try:
            await self._hub.join(listener, self._last_event_id)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._hub.leave(listener)


def _nothing() -> None:
    """Where the server cannot be told, whoever takes nothing is merely forgotten."""
