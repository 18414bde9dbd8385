"""Looks at all that a service in this process lets out."""

from contextlib import suppress

from fastapi import FastAPI
from prometheus_client import generate_latest
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.resources import Resources
from tests.support.canary import answer_leaks, leaks, report, stored_leaks
from tests.support.contents import contents_of


def watched(app: FastAPI) -> ASGIApp:
    """The same service; its answers are looked at, and when it stops, its metrics and its stores."""

    async def watching(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await app(scope, receive, _looking(scope["path"], send))
        else:
            await app(scope, _before_shutdown(app, receive), send)

    return watching


def _looking(path: str, send: Send) -> Send:
    start: Message = {}
    body = bytearray()

    async def look(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        body.extend(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
            report(answer_leaks(path, start["status"], headers, bytes(body)))
        await send(message)

    return look


def _before_shutdown(app: FastAPI, receive: Receive) -> Receive:
    async def watching() -> Message:
        message = await receive()
        resources = getattr(app.state, "resources", None)
        if message["type"] == "lifespan.shutdown" and resources is not None:
            await _search(resources)
        return message

    return watching


async def _search(resources: Resources) -> None:
    report(leaks("the metrics", generate_latest(resources.metrics.registry)))
    for store in (resources.cache, resources.state):
        with suppress(RedisError):  # a test may have killed it
            report(stored_leaks(await contents_of(store)))
