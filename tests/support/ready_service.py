"""The service under the server's own protocol, behind a real socket, and what gets as far as the application."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from app.protocol import ReadyProtocol
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import settings_for
from tests.support.serving import serve_config
from tests.support.simulation import Simulation
from tests.support.wire import Wire, status_of, wire_to

HEARS_WITHIN = 500
"""Hundredths of a second."""


@dataclass
class Counted:
    """The application, and what gets as far as it."""

    app: ASGIApp
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.asked.append(scope["path"])
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Served:
    port: int
    app: Counted

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        async with wire_to(self.port) as wire:
            yield wire

    async def made_ready(self, *targets: str, **headers: str) -> None:
        async with self.wire() as wire:
            for target in targets:
                head, _ = await wire.ask(target, **headers)
                assert status_of(head) == 200, head
        self.app.asked.clear()


@contextmanager
def serving(
    calendly: Simulation, redis: RedisServer, *, bff: Mapping[str, Any] | None = None, **config: Any
) -> Iterator[Served]:
    """`bff`: settings, `config`: what uvicorn is to do otherwise."""
    usual = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    settings = settings_for(str(calendly.http.base_url), **(usual | dict(bff or {})))
    service = create_app(settings, clock=calendly.clock)
    app = Counted(service)
    wishes: dict[str, Any] = {
        "http": ReadyProtocol,
        "server_header": False,
        "log_config": None,
        "access_log": False,
    }
    running = uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", **(wishes | config))
    with serve_config(running, patience=2.0) as base_url:
        # Whatever it knows by then, it drops when it begins to hear what becomes untrue.
        for _ in range(HEARS_WITHIN):
            if not service.state.resources.answers.is_to_be_asked():
                break
            time.sleep(0.01)
        yield Served(int(base_url.rsplit(":", 1)[1]), app)
