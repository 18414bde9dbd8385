"""The OAuth server's addresses: from HTTP to one call of it, and back."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.errors import CalendlyError
from simulator.forms import is_form, single_fields
from simulator.html import page, paragraph
from simulator.oauth.authorization import (
    AuthorizationRequest,
    UnknownApplicationError,
    check_request,
    granted,
    read_request,
    refused,
)
from simulator.oauth.call import OAuthCall
from simulator.oauth.consent import consent_page
from simulator.oauth.errors import OAuthError, invalid_request
from simulator.oauth.token_status import introspect_token, revoke_token
from simulator.oauth.tokens import Answer, create_token
from simulator.operations import json_response
from simulator.state import State

NOT_STORED = {"cache-control": "no-store", "pragma": "no-cache"}
"""RFC 6749 section 5.1 asks for both."""

DENIED = OAuthError("access_denied", "The resource owner denied the request.")

Act = Callable[[OAuthCall], Answer]


def oauth_routes(state: State) -> list[Route]:
    return [
        _authorize_route(state),
        _form_route(state, "/oauth/token", create_token),
        _form_route(state, "/oauth/revoke", _without_headers(revoke_token)),
        _form_route(state, "/oauth/introspect", _without_headers(introspect_token)),
    ]


def _without_headers(act: Callable[[OAuthCall], dict[str, Any]]) -> Act:
    return lambda call: (act(call), {})


def _authorize_route(state: State) -> Route:
    async def respond(request: Request) -> Response:
        sent = request.query_params if request.method == "GET" else single_fields(await request.body())
        try:
            asked = read_request(state, sent)
        except UnknownApplicationError as error:
            return HTMLResponse(page("This request cannot be answered", paragraph(str(error))), 400)
        decision = sent.get("decision", "") if request.method == "POST" else ""
        return _decide(state, asked, sent, decision or state.settings.oauth_consent)

    return Route("/oauth/authorize", respond, methods=["GET", "POST"])


def _decide(state: State, asked: AuthorizationRequest, sent: Mapping[str, str], decision: str) -> Response:
    """A decision that is none shows the page; so does a user whom nobody knows."""
    try:
        check_request(state, asked)
    except OAuthError as error:
        return RedirectResponse(refused(asked, error), 302)
    if decision == "refuse":
        return RedirectResponse(refused(asked, DENIED), 302)
    slug = sent.get("user", state.settings.oauth_user)
    user = next((user for user in state.users.values() if user.slug == slug), None)
    if decision != "grant" or user is None:
        return HTMLResponse(consent_page(state, asked, sent))
    return RedirectResponse(granted(state, asked, user.uuid, state.now()), 302)


def _form_route(state: State, path: str, act: Act) -> Route:
    async def respond(request: Request) -> Response:
        try:
            content, headers = act(_call(state, request, await request.body()))
        except OAuthError as error:
            return json_response(state, error.status, error.body, NOT_STORED | _challenge(error))
        except CalendlyError as error:
            return json_response(state, error.status, error.body, {**NOT_STORED, **error.headers})
        return json_response(state, 200, content, NOT_STORED | headers)

    return Route(path, respond, methods=["POST"])


def _challenge(error: OAuthError) -> dict[str, str]:
    return {"www-authenticate": 'Basic realm="Calendly"'} if error.status == HTTPStatus.UNAUTHORIZED else {}


def _call(state: State, request: Request, body: bytes) -> OAuthCall:
    """Raises 400 `invalid_request` for a body that is no form."""
    if not is_form(request.headers.get("content-type", "")):
        raise invalid_request("The Content-Type must be application/x-www-form-urlencoded.")
    return OAuthCall(
        state=state,
        base=str(request.base_url).rstrip("/"),
        now=state.now(),
        form=single_fields(body),
        authorization=request.headers.get("authorization", ""),
    )
