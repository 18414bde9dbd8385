"""The parts of the service, in the order in which to read them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from app.contract import ABOUT, complete
from app.cors import Cors
from app.errors import InternalError
from app.fast_lane import FastLane
from app.features.availability.router import router as availability
from app.features.availability_events.router import router as availability_events
from app.features.bookings.router import router as bookings
from app.features.connect.router import links as connect_links
from app.features.connect.router import pages as connect_pages
from app.features.demo_page.router import router as demo_page
from app.features.documentation.router import router as documentation
from app.features.event_types.router import router as event_types
from app.features.health.router import router as health
from app.features.webhooks.router import router as webhooks
from app.intents.options import ProtocolOptions
from app.lane import LANE, Lane, Manners
from app.observability import Failures, Metrics, Observability
from app.opening import opened
from app.problems import declared
from app.requests import answer_http, answer_invalid, known_query
from app.resources import Clock, Resources, system_clock
from app.settings import Settings
from app.tally import Tally

EXPOSED = ("Idempotency-Replayed", "Retry-After", "X-Request-Id")
"""Headers that a front end may read."""

MAX_AGE = 600
"""Seconds for which a browser may remember a CORS preflight."""


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock = system_clock,
    protocol: ProtocolOptions | None = None,
    doubts: bool = True,
) -> FastAPI:
    """The service. Opens nothing and reads no environment: that is the lifespan's business.

    Without settings it can only be looked at, as `openapi` does. `protocol`: how bookings are made; by default as
    the settings say. `doubts`: whether what is in memory is doubted while nobody would tell that it is untrue.
    """
    known = settings or Settings()
    booking = protocol or _protocol(known)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Lane]]:
        async with opened(known, metrics, clock, booking, doubts=doubts) as owned, owned.webhooks.running():
            app.state.resources = owned
            lane = _lane(known, metrics, owned)
            app.middleware_stack = FastLane(app.build_middleware_stack(), lane)
            yield {LANE: lane}

    app = FastAPIOffline(
        **ABOUT,
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_middleware(known, metrics),
        exception_handlers={RequestValidationError: answer_invalid, HTTPException: answer_http},
    )
    app.router.routes += _routes(with_demo_page=known.bff.demo_page)
    complete(app)
    return app


def _lane(settings: Settings, metrics: Metrics, owned: Resources) -> Lane:
    """Ahead of everything else that a request passes."""
    manners = Manners(
        origins=settings.bff.allowed_origins,
        exposed=EXPOSED,
        tally=Tally(metrics, settings.bff.log_level),
    )
    lane = Lane(answers=owned.answers, clock=owned.clock, manners=manners, end_streams=owned.hub.close)
    metrics.overloaded.set_function(lambda: lane.queue.is_overloaded)
    metrics.connections.set_function(lane.connections.__len__)
    metrics.event_streams.set_function(owned.hub.__len__)
    return lane


@cache
def _routes(*, with_demo_page: bool) -> Sequence[BaseRoute]:
    """Of every application alike, and so of all in one process the same: to work them out takes longer than all else
    that there is to do for one.
    """
    every = APIRouter(generate_unique_id_function=lambda route: to_camel(route.name))
    for router in (_api(), health, webhooks, documentation, connect_pages):
        every.include_router(router)
    if with_demo_page:
        every.include_router(demo_page)
    return every.routes


def _api() -> APIRouter:
    api = APIRouter(dependencies=[Depends(known_query)], responses=declared(InternalError))
    for router in (event_types, availability, availability_events, bookings, connect_links):
        api.include_router(router)
    return api


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """Outermost first: even a failure has an id, a log line, and the headers that let a browser read it."""
    cors: dict[str, Any] = {
        "allow_origins": settings.bff.allowed_origins,
        "allow_methods": ["GET", "POST"],
        "allow_headers": [
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "Last-Event-ID",
            "X-Request-Id",
        ],
        "expose_headers": EXPOSED,
        "max_age": MAX_AGE,
    }
    return [
        Middleware(Observability, metrics=metrics),
        Middleware(Cors, **cors),
        Middleware(Failures),
    ]


def _protocol(settings: Settings) -> ProtocolOptions:
    return ProtocolOptions.of(
        booking_timeout=settings.calendly.booking_timeout,
        quiet=settings.bff.quiet_period,
        read_timeout=settings.calendly.read_timeout,
    )
