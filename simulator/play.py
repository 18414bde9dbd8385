"""Playing a fault: what the caller gets to see instead of, or around, the answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.faults import Fault

CUT_CONNECTION = "simulator.cut_connection"
"""The ASGI extension by which the server lets us end a connection: called with `reset: bool`."""

HANG_SECONDS = 3600.0
HTML_PAGE = "<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"


async def play(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await PLAYERS[fault.kind](fault, app, scope, receive, send)


async def _status(fault: Fault, _app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
    await _send_fault(fault, send, default_status=500)


async def _html(fault: Fault, _app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
    body = (fault.body if isinstance(fault.body, str) else HTML_PAGE).encode()
    await _send(
        send, fault.status or 200, {"content-type": "text/html; charset=utf-8", **fault.headers}, body
    )


async def _delay(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(1.0 if fault.seconds is None else fault.seconds)
    await app(scope, receive, send)


async def _drip(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    start, body = await _answer(app, scope, receive)
    await send(start)
    for index in range(len(body)):
        await asyncio.sleep(0.1 if fault.seconds is None else fault.seconds)
        await send({"type": "http.response.body", "body": body[index : index + 1], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _reset(_fault: Fault, _app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
    await _cut(scope, receive, reset=True)


async def _truncate(_fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """The headers promise the whole body; half of it comes."""
    start, body = await _answer(app, scope, receive)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await _cut(scope, receive, reset=False)


async def _commit_then_hang(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
    """Silence until the time is up or the caller leaves; then the connection ends without an answer."""
    await _answer(app, scope, receive)
    seconds = HANG_SECONDS if fault.seconds is None else fault.seconds
    with suppress(TimeoutError):
        await asyncio.wait_for(_disconnected(receive), seconds)
    await _cut(scope, receive, reset=False)


async def _commit_then_reset(
    _fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, _send: Send
) -> None:
    await _answer(app, scope, receive)
    await _cut(scope, receive, reset=True)


async def _commit_then_status(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _answer(app, scope, receive)
    await _send_fault(fault, send, default_status=502)


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """What the application would have sent; its effects have happened."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """End the connection. In process there is none: the caller gets the error that a socket would give."""
    cut = scope.get("extensions", {}).get(CUT_CONNECTION)
    if cut is None:
        raise ConnectionResetError("the simulator cut the connection")
    cut(reset=reset)
    await _disconnected(receive)


async def _send_fault(fault: Fault, send: Send, *, default_status: int) -> None:
    status = fault.status or default_status
    if isinstance(fault.body, str):
        kind, body = "text/plain; charset=utf-8", fault.body.encode()
    else:
        default = {
            "title": "Internal Server Error",
            "message": "The server encountered an unexpected condition.",
        }
        kind, body = "application/json", json.dumps(default if fault.body is None else fault.body).encode()
    await _send(send, status, {"content-type": kind, **fault.headers}, body)


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    named = {name.lower(): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


Player = Callable[[Fault, ASGIApp, Scope, Receive, Send], Awaitable[Any]]

PLAYERS: dict[str, Player] = {
    "status": _status,
    "delay": _delay,
    "drip": _drip,
    "reset": _reset,
    "truncate": _truncate,
    "html": _html,
    "commit_then_hang": _commit_then_hang,
    "commit_then_reset": _commit_then_reset,
    "commit_then_status": _commit_then_status,
}
