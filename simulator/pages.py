"""Calendly's own pages, plainly: so that every link in an answer leads somewhere. They only show."""

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from simulator.errors import not_found
from simulator.html import page, paragraph
from simulator.model import EventType, User
from simulator.operations import json_response
from simulator.state import State

Show = Callable[[State, Request], str | None]


def page_routes(state: State) -> list[Route]:
    """The most specific first: the last two match any path of their length."""
    pages: tuple[tuple[str, Show], ...] = (
        ("/cancellations/{uuid}", _cancellation),
        ("/reschedulings/{uuid}", _rescheduling),
        ("/conferences/{uuid}", _conference),
        ("/{user}", _user),
        ("/{user}/{event_type}", _event_type),
        ("/{user}/{event_type}/{start}", _slot),
    )
    return [_route(state, path, show) for path, show in pages]


def _route(state: State, path: str, show: Show) -> Route:
    async def respond(request: Request) -> Response:
        html = show(state, request)
        if html is None:
            return json_response(state, 404, not_found().body)
        return HTMLResponse(html)

    return Route(path, respond, methods=["GET"])


def _page(title: str, text: str) -> str:
    return page(title, paragraph(text))


def _user(state: State, request: Request) -> str | None:
    user = _user_at(state, request)
    return _page(user.name, f"What {user.name} offers.") if user else None


def _event_type(state: State, request: Request) -> str | None:
    event_type = _event_type_at(state, request)
    return (
        _page(event_type.name or "", f"{event_type.duration} minutes. Choose a time.") if event_type else None
    )


def _slot(state: State, request: Request) -> str | None:
    event_type = _event_type_at(state, request)
    try:
        start = datetime.fromisoformat(request.path_params["start"]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return (
        _page(event_type.name or "", f"{event_type.duration} minutes on {_spoken(start)}.")
        if event_type
        else None
    )


def _cancellation(state: State, request: Request) -> str | None:
    return _invitee_page(state, request, "Cancel")


def _rescheduling(state: State, request: Request) -> str | None:
    return _invitee_page(state, request, "Reschedule")


def _invitee_page(state: State, request: Request, verb: str) -> str | None:
    invitee = state.invitees.get(request.path_params["uuid"])
    if invitee is None:
        return None
    event = state.events[invitee.event]
    return _page(f"{verb}: {event.name}", f"{invitee.name}, {_spoken(event.start)}.")


def _conference(state: State, request: Request) -> str | None:
    event = state.events.get(request.path_params["uuid"])
    return _page(f"Join: {event.name}", f"Begins {_spoken(event.start)}.") if event else None


def _user_at(state: State, request: Request) -> User | None:
    return next((user for user in state.users.values() if user.slug == request.path_params["user"]), None)


def _event_type_at(state: State, request: Request) -> EventType | None:
    user, wanted = _user_at(state, request), request.path_params["event_type"]
    for event_type in state.event_types.values():
        if user and event_type.hosts[0] == user.uuid and wanted in {event_type.slug, event_type.uuid}:
            return event_type
    return None


def _spoken(moment: datetime) -> str:
    return f"{moment:%A %d %B %Y, %H:%M} UTC"
