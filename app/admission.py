"""What may come in: bodies of JSON, of a bounded size, that every parser reads alike.

Strictness here keeps the rest simple: behind this door there is no NaN, no lone
surrogate, no duplicate key and no nesting that could exhaust a stack.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import Message, Receive

from app.errors import BodyTooLargeError, BodyTooSlowError, MalformedRequestError, UnsupportedMediaTypeError

MAX_BODY = 64 * 1024
"""Bytes. The largest honest booking is a tenth of this."""

MAX_DEPTH = 16
"""Nested arrays and objects. A booking needs four."""


class JsonRoute(APIRoute):
    """The route of a write: its body is read and judged before the framework parses it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def admit(request: Request) -> Response:
            _refuse_declared_size(request.headers, MAX_BODY)
            _refuse_other_types(request.headers)
            body = await _read(request.receive, MAX_BODY)
            _refuse_malformed(body)
            return await handle(Request(request.scope, _replaying(body, request.receive)))

        return admit


async def raw_body(request: Request, *, limit: int, within: float) -> bytes:
    """Just as it came: at most `limit` bytes, which are all there after so many seconds.

    Raises `BodyTooLargeError`, `BodyTooSlowError` and, where whoever sends it has gone, `MalformedRequestError`.
    """
    _refuse_declared_size(request.headers, limit)
    try:
        async with asyncio.timeout(within):
            return await _read(request.receive, limit)
    except TimeoutError:
        raise BodyTooSlowError from None


def _refuse_declared_size(headers: Headers, limit: int) -> None:
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > limit:
        raise BodyTooLargeError


def _refuse_other_types(headers: Headers) -> None:
    if len(headers.getlist("content-type")) > 1:
        raise UnsupportedMediaTypeError
    essence, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if essence.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise UnsupportedMediaTypeError
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaTypeError


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedRequestError
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLargeError
        if not message.get("more_body", False):
            return bytes(body)


def _replaying(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _refuse_malformed(body: bytes) -> None:
    try:
        value = json.loads(body.decode(), parse_constant=_refused, object_pairs_hook=_object)
        _refuse_hostile(value)
    except (ValueError, RecursionError):
        # `UnicodeError` is a ValueError: bytes that are no UTF-8, and lone surrogates.
        raise MalformedRequestError from None


def _refused(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    members = list(pairs)
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("two members of one name: parsers disagree about which one counts")
    return value


def _refuse_hostile(value: object, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    match value:
        case str():
            value.encode()
        case float() if value in {float("inf"), float("-inf")}:
            raise ValueError("a number beyond what a double holds")
        case list():
            for item in value:
                _refuse_hostile(item, depth + 1)
        case dict():
            for name, item in value.items():
                _refuse_hostile(name, depth + 1)
                _refuse_hostile(item, depth + 1)
