"""Answers what is ready to be sent before the framework is asked.

Why: a route of the framework costs several times what it takes to send an answer that is
there already, and nearly every read of free times is such a one. What is here is looked up by the path and
the query as they were sent; a query that is spelt differently is another question, and is answered by its route.

What it may never do: answer anything that its route would not answer at that moment, bit by bit, headers
included; hold an answer longer than what it was made of is true; leave out what is true of every request:
who may read it from a browser, its id, its line in the log, its place in the figures. Personal answers and
problems are never ready.
"""

import itertools
import secrets
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access_log import AccessLog
from app.observability import REQUEST_ID, Metrics
from app.ready import Encodings, Ready, ReadyAnswers, is_unchanged

Given: TypeAlias = dict[bytes, bytes]

VARY = (b"vary", b"Accept-Encoding, Origin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What is true of every request, whichever way it is answered. `exposed`: headers that front ends may read."""

    origins: Collection[str]
    exposed: Collection[str]
    metrics: Metrics
    log: AccessLog


class FastLane:
    """`is_trusted`: whether anything that became untrue would be known here."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        answers: ReadyAnswers,
        is_trusted: Callable[[], bool],
        clock: Callable[[], datetime],
        manners: Manners,
    ) -> None:
        self._app = app
        self._find = answers.find
        self._is_trusted = is_trusted
        self._clock = clock
        self._origins = frozenset(origin.encode() for origin in manners.origins)
        self._exposed = (b"access-control-expose-headers", ", ".join(manners.exposed).encode())
        self._metrics = manners.metrics
        self._log = manners.log
        self._encodings = Encodings()
        self._ids = _request_ids()
        self._counted: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            ready = self._find((scope["path"], scope["query_string"]))
            if ready is not None and self._is_trusted() and self._clock() < ready.until:
                await self._send(ready, scope, send)
                return
        await self._app(scope, receive, send)

    async def _send(self, ready: Ready, scope: Scope, send: Send) -> None:
        started = time.perf_counter()
        given: Given = dict(scope["headers"])
        form = ready.form(self._encodings.best(given.get(b"accept-encoding")))
        unchanged = is_unchanged(given.get(b"if-none-match"), form.etag)
        status = 304 if unchanged else 200
        request_id = self._request_id(given.get(b"x-request-id"))
        headers = [*(form.unchanged if unchanged else form.headers), VARY, (b"x-request-id", request_id)]
        origin = given.get(b"origin")
        if origin is not None:
            headers.append(self._exposed)
            if origin in self._origins:
                headers.append((b"access-control-allow-origin", origin))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if unchanged else form.body})
        self._record(ready.route, status, time.perf_counter() - started, request_id)

    def _request_id(self, given: bytes | None) -> bytes:
        if given is not None and REQUEST_ID.fullmatch(given):
            return given
        return next(self._ids)

    def _record(self, route: str, status: int, seconds: float, request_id: bytes) -> None:
        counted = self._counted.get((route, status))
        if counted is None:
            counted = self._counted[route, status] = (
                self._metrics.requests.labels("GET", route, str(status)),
                self._metrics.seconds.labels("GET", route),
            )
        counted[0].inc()
        counted[1].observe(seconds)
        if self._log.is_on:
            self._log.note(route, status, seconds, request_id.decode())


def _request_ids() -> Iterator[bytes]:
    """As many as anybody needs, none of which another process gives; no secrets."""
    mine = secrets.token_hex(5)
    return (f"{mine}{number & 0xFFFFFF:06x}".encode() for number in itertools.count())
