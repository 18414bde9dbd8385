"""What every operation of the API has in common: token, quota, scope, strictness, headers, error bodies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.access import Access, access_by
from simulator.call import Call
from simulator.errors import (
    CalendlyError,
    rate_limited,
    strictly_unknown,
    unauthenticated,
)
from simulator.ratelimit import Window, booking_windows, general_window
from simulator.state import State

ANONYMOUS = ""
"""Under this name calls without a valid token are counted: their answers have the headers too."""

AVAILABLE_TIMES_SCOPE = "(available times)"
"""Stands for the scope that the assumptions name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of Calendly's API. `query` lists the parameters it knows; an answer of None has no body."""

    method: str
    path: str
    answer: Callable[[Call], dict[str, Any] | None]
    scope: str
    query: frozenset[str] = frozenset()
    status: int = 200
    books: bool = False
    """It spends the booking quotas too."""


def route(operation: Operation, state: State) -> Route:
    async def respond(request: Request) -> Response:
        return _respond(operation, state, request, await request.body())

    return Route(operation.path, respond, methods=[operation.method])


def json_response(
    state: State, status: int, content: object, headers: Mapping[str, str] | None = None
) -> Response:
    fixed = {"content-type": "application/json", "date": _date(state)}
    return Response(msgspec.json.encode(content), status, fixed | dict(headers or {}))


def _date(state: State) -> str:
    return format_datetime(state.now().replace(microsecond=0), usegmt=True)


def _respond(operation: Operation, state: State, request: Request, body: bytes) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    access = access_by(state, token) if scheme == "Bearer" else None
    user = access.user if access else ANONYMOUS
    windows = _windows(operation, state)
    allowed = state.limits.take(user, windows, state.now())
    shown = _shown(windows, state) if allowed else windows
    headers = state.limits.standing(user, shown, state.now()).headers()
    try:
        if access is None:
            raise unauthenticated()
        if not allowed:
            raise rate_limited(state.settings.assumptions, headers)
        access.require(_scope(operation, state))
        _check_query(operation, state, request)
        content = operation.answer(_call(state, request, access, body))
    except CalendlyError as error:
        if operation.books and allowed and not state.settings.assumptions.failed_bookings_count:
            state.limits.give_back(user, windows[1:], state.now())
        return json_response(state, error.status, error.body, headers)
    if content is None:
        return Response(status_code=operation.status, headers={"date": _date(state)} | headers)
    return json_response(state, operation.status, content, headers)


def _windows(operation: Operation, state: State) -> tuple[Window, ...]:
    general = general_window(state.settings)
    return (general, *booking_windows(state.settings)) if operation.books else (general,)


def _shown(windows: tuple[Window, ...], state: State) -> tuple[Window, ...]:
    return windows if state.settings.assumptions.booking_headers_show_quota else windows[:1]


def _scope(operation: Operation, state: State) -> str:
    if operation.scope == AVAILABLE_TIMES_SCOPE:
        return state.settings.assumptions.available_times_scope
    return operation.scope


def _check_query(operation: Operation, state: State, request: Request) -> None:
    unknown = sorted(set(request.query_params) - operation.query)
    if unknown and state.settings.strict:
        raise strictly_unknown(unknown)


def _call(state: State, request: Request, access: Access, body: bytes) -> Call:
    return Call(
        state=state,
        user=state.users[access.user],
        access=access,
        base=str(request.base_url).rstrip("/"),
        now=state.now(),
        query=request.query_params,
        path=request.path_params,
        body=body,
        content_type=request.headers.get("content-type", ""),
    )
