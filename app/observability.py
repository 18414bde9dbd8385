"""What operators see of a request: an id, one log line, two metrics. Pure ASGI.

Nothing personal is recorded: the path is logged as the route's template, the
query and the body not at all.
"""

import logging
import re
import secrets
import sys
import time
import traceback
from functools import partial
from typing import TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict

from app.errors import AppError, InternalError
from app.log_stream import LINES
from app.problems import response_from
from app.request_figures import RequestFigures

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
"""A caller's own that does no harm."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those with a name in the figures. Whether others get this far depends on the server's parser: some take any word."""

STREAM = "text/event-stream"

log = structlog.get_logger()


def configure_logging(level: str) -> None:
    """JSON lines on standard error, those of libraries too: these are kept at warnings, for they log addresses."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_it_failed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(cast("TextIO", LINES)),
    )
    logging.basicConfig(handlers=[_Retold()], level=logging.WARNING, force=True)


class _Retold(logging.Handler):
    """What libraries have to say, as lines of ours: without the values that they would put into it."""

    def emit(self, record: logging.LogRecord) -> None:
        log.log(
            record.levelno,
            "library.said",
            library=record.name,
            said=str(record.msg),
            exc_info=record.exc_info,
        )


def _where_it_failed(_logger: object, _name: str, event: EventDict) -> EventDict:
    """The class of an exception and the lines it passed, without its text or any values: those may be personal."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    if error is not None:
        event["exception"] = type(error).__name__
        event["frames"] = [
            f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)
        ]
    return event


class Metrics:
    """What `/metrics` shows; one registry an application, so that two can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = RequestFigures()
        self.registry.register(self.requests)
        self.registry.register(LINES)
        # When it started, for one that starts again and again; and what it takes of the machine.
        ProcessCollector(registry=self.registry)
        gauge, counter = partial(Gauge, registry=self.registry), partial(Counter, registry=self.registry)

        self.loop_lag = gauge(
            "bff_loop_lag_seconds",
            "Longest time in the last minute for which the process did nothing for anybody, for it was busy.",
        )
        self.overloaded = gauge(
            "bff_overloaded", "1 while reads are refused, for more come than can be worked out."
        )
        self.connections = gauge("bff_connections", "Connections that are open to this process.")
        self.event_streams = gauge("bff_event_streams", "Event streams that are open to this process.")
        self.event_streams_dropped = counter(
            "bff_event_streams_dropped",
            "Event streams that were cut off, for nobody took what was sent on them.",
        )

        self.accounts = gauge(
            "bff_accounts",
            "Accounts that are served (open), that have to be connected again (dead), that no key opens (unreadable).",
            ("state",),
        )
        self.budget_left = gauge(
            "bff_calendly_budget_left",
            "Calls that may still be made to Calendly, by the window of its quota.",
            ("account", "window"),
        )
        self.breaker = gauge(
            "bff_calendly_breaker",
            "1 for the state that it is in: open where Calendly does not answer, and is not asked for free times.",
            ("account", "state"),
        )
        self.renewals = counter(
            "bff_warm_up_renewals",
            "Times that an event type's free times were read from Calendly before they aged.",
        )

        self.bookings_unsettled = gauge(
            "bff_bookings_unsettled",
            "Bookings whose end is not known yet; overdue ones should have been looked after by now.",
            ("which",),
        )
        self.bookings_discarded = gauge(
            "bff_bookings_discarded",
            "Records of bookings that nobody could read, and that were deleted from the state store.",
        )

        self.relay_notices = counter(
            "bff_relay_notices",
            "Notices of bookings to your own backend, by what became of an attempt, or of them for good.",
            ("outcome",),
        )
        self.relay_waiting = gauge(
            "bff_relay_waiting", "Notices that are not delivered yet, in all replicas."
        )
        self.relay_dead = gauge(
            "bff_relay_dead_letters",
            "Notices that are not sent again by themselves; calendly-bff relay shows them.",
        )

        self.deliveries = counter(
            "bff_webhook_deliveries", "Deliveries of Calendly's, by what became of them.", ("outcome",)
        )
        self.deliveries_left = gauge(
            "bff_webhook_deliveries_left",
            "Deliveries that are not carried out yet, and those set aside because they never could be.",
            ("which",),
        )
        self.subscription = gauge(
            "bff_webhook_subscription",
            "1 for the state in which Calendly's subscription was when it was last looked at; of several, the worst.",
            ("state",),
        )

        self.ready_answers = gauge("bff_ready_answers", "Answers about free times that are ready to be sent.")
        self.ready_bytes = gauge("bff_ready_bytes", "Memory that these answers take at most.")


class Observability:
    """Gives each request an id, and records how it ended.

    A caller's own `X-Request-Id` is kept when it is harmless.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        # A dictionary of its own: a server may lend the same one to all requests.
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        started = time.perf_counter()
        status = 0
        is_recorded = False

        async def send_with_id(message: Message) -> None:
            nonlocal status, is_recorded
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                # Whoever stores an answer that says nothing of caching would have to guess how long it holds.
                headers.setdefault("Cache-Control", "no-cache")
                if headers.get("Content-Type") == STREAM:
                    # It goes on for as long as somebody listens: what took time is over.
                    is_recorded = True
                    self._record(scope, status, time.perf_counter() - started)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                if not is_recorded:
                    self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = _template(scope)
        method = scope["method"] if route and scope["method"] in METHODS else "OTHER"
        self._metrics.requests.add(method, route, status, seconds)
        log.info(
            "request.answered",
            method=method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
        )


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "").encode("latin-1")
    return given.decode() if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _template(scope: Scope) -> str:
    """The route's pattern; empty where none matched: a path that somebody made up names no metric."""
    return getattr(scope.get("route"), "path", "")


class Failures:
    """Turns what a request raised into a problem: the outermost handler, yet inside CORS.

    The framework's own answer to an unforeseen exception would be sent outside
    all middleware, so that a browser could not even read its status.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except AppError as error:
            failure = error
        except Exception:
            log.exception("request.crashed")
            if started:
                raise
            failure = InternalError()
        else:
            return
        await response_from(failure, scope["state"]["request_id"])(scope, receive, send)
