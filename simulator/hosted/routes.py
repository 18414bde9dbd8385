"""The addresses of the hosted pages: shown on GET, done on POST, and then sent on to what came of it."""

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.errors import CalendlyError, not_found
from simulator.forms import parse_form
from simulator.hosted.booking_page import book_slot, slot_page
from simulator.hosted.change_pages import (
    cancel_booking,
    cancellation_page,
    move_booking,
    rescheduling_page,
)
from simulator.hosted.pages import conference_page, confirmation_page, event_type_page, user_page
from simulator.hosted.visit import Visit
from simulator.operations import json_response
from simulator.state import State

Show = Callable[[Visit], str | None]
Submit = Callable[[Visit], str]

PAGES: tuple[tuple[str, Show, Submit | None], ...] = (
    ("/cancellations/{uuid}", cancellation_page, cancel_booking),
    ("/reschedulings/{uuid}", rescheduling_page, move_booking),
    ("/confirmations/{uuid}", confirmation_page, None),
    ("/conferences/{uuid}", conference_page, None),
    ("/{user}", user_page, None),
    ("/{user}/{event_type}", event_type_page, None),
    ("/{user}/{event_type}/{start}", slot_page, book_slot),
)
"""The most specific first: the last three match any path of their length."""


def page_routes(state: State) -> list[Route]:
    return [_route(state, path, show, submit) for path, show, submit in PAGES]


def _route(state: State, path: str, show: Show, submit: Submit | None) -> Route:
    async def respond(request: Request) -> Response:
        visit = _visit(state, request, await request.body())
        if request.method != "POST" or submit is None:
            return _shown(visit, show)
        try:
            return RedirectResponse(submit(visit), 303)
        except CalendlyError as error:
            return _shown(replace(visit, faults=_faults(error)), show, error.status)

    return Route(path, respond, methods=["GET", "POST"] if submit else ["GET"])


def _shown(visit: Visit, show: Show, status: int = 200) -> Response:
    html = show(visit)
    if html is None:
        return json_response(visit.state, 404, not_found().body)
    return HTMLResponse(html, status)


def _faults(error: CalendlyError) -> list[str]:
    details = error.body.get("details", [])
    return [error.body["message"], *(f"{one.get('parameter', '')}: {one['message']}" for one in details)]


def _visit(state: State, request: Request, body: bytes) -> Visit:
    return Visit(
        state=state,
        base=str(request.base_url).rstrip("/"),
        now=state.now(),
        path=request.path_params,
        query=request.query_params,
        form=parse_form(body),
    )
