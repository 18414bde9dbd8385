"""Everything that happens to a call around its answer: the log, latency, faults."""

import asyncio

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.calls import LoggedCall, readable
from simulator.control import PREFIX
from simulator.faults import Fault
from simulator.instants import instant
from simulator.play import play
from simulator.state import State


class Traffic:
    """Pure ASGI. Control calls pass untouched."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        call = self._state.calls.add(_logged(scope, body, instant(self._state.now())))

        async def send_logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
            await send(message)

        fault = self._state.faults.draw(scope["method"], scope["path"])
        await asyncio.sleep(self._state.settings.latency_ms / 1000)
        await self._serve(fault, scope, _replay(body, receive), send_logged)

    async def _serve(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await play(fault, self._app, scope, receive, send)


async def _whole_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body again, whole; then whatever the connection says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _logged(scope: Scope, body: bytes, at: str) -> LoggedCall:
    headers = Headers(scope=scope)
    return LoggedCall(
        method=scope["method"],
        path=scope["path"],
        query=dict(QueryParams(scope["query_string"])),
        body=readable(body, headers.get("content-type", "")),
        user_agent=headers.get("user-agent"),
        at=at,
    )
