"""The simulator as an ASGI application: what it consists of, in reading order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from simulator.api import OPERATIONS
from simulator.control import control_routes
from simulator.errors import not_found
from simulator.hosted.routes import page_routes
from simulator.oauth.routes import oauth_routes
from simulator.operations import json_response, route
from simulator.seed import fill
from simulator.state import Clock, State
from simulator.traffic import Traffic
from simulator.webhooks.sender import sending


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_simulator(*, clock: Clock = utc_now, control: bool = True) -> Starlette:
    """A Calendly of its own with the seed in it. Its `State` is `app.state.simulation`.

    `clock` gives aware datetimes. Without `control`, `/_simulator` is a 404. Webhook messages are sent
    while the application's lifespan runs.
    """
    state = State(clock)
    fill(state)

    async def nothing_here(_request: Request, _error: Exception) -> Response:
        # Calendly's 404 for a method that a path does not know, too.
        return json_response(state, 404, not_found().body)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with sending(state):
            yield

    app = Starlette(
        lifespan=lifespan,
        routes=[
            *(control_routes(state) if control else []),
            *(route(operation, state) for operation in OPERATIONS),
            *oauth_routes(state),
            *page_routes(state),
        ],
        middleware=[Middleware(Traffic, state=state)],
        exception_handlers={404: nothing_here, 405: nothing_here},
    )
    app.state.simulation = state
    return app
