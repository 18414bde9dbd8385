"""Links that connect accounts, for operators; and the pages behind them, for hosts."""

from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Depends, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import HTMLResponse, RedirectResponse

from app.errors import InvalidRequestError, NotFoundError, OperatorKeyRequiredError, StateAwayError
from app.features.connect.pages import PRIVATE, ending_page, headers, invitation_page, status_of
from app.features.connect.schemas import ConnectLink
from app.features.connect.service import CALLBACK, ConnectService, Ended, Ending
from app.problems import declared
from app.resources import Owned

links = APIRouter(tags=["Operation"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_bearer = HTTPBearer(auto_error=False, scheme_name="operatorKey", description="`BFF_OPERATOR_KEY`.")


async def connect_service(owned: Owned) -> ConnectService:
    return ConnectService(owned.connecting, owned.accounts)


Service = Annotated[ConnectService, Depends(connect_service)]


async def operator(
    owned: Owned, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> None:
    """Raises `NotFoundError` where no key is set, for then there is no such call."""
    if owned.operator_key is None:
        raise NotFoundError
    key = owned.operator_key.get_secret_value()
    if given is None or not compare_digest(given.credentials.encode(), key.encode()):
        raise OperatorKeyRequiredError


@links.post(
    "/connect/links",
    status_code=201,
    summary="Make a link that connects an account",
    dependencies=[Depends(operator)],
    responses=declared(OperatorKeyRequiredError, NotFoundError, InvalidRequestError, StateAwayError),
)
async def create_connect_link(service: Service, response: Response) -> ConnectLink:
    """For your own backend, never for a browser. The link works once and for an hour: give it to the host whose
    calendar is to be offered. 404 where `BFF_OPERATOR_KEY` or `CALENDLY_OAUTH_CLIENT_ID` is not set.
    """
    response.headers["Cache-Control"] = "no-store"
    link = await service.make_link()
    return ConnectLink(url=link.url, expires_at=link.expires_at)


@pages.get("/connect/{token}")
async def get_invitation(token: str, service: Service) -> HTMLResponse:
    """Uses nothing up: programs that show previews of links open them, too."""
    ending = await service.looked_at(token)
    if ending is not None:
        return _ended(Ended(ending))
    return HTMLResponse(invitation_page(), headers=headers(leads_to=service.leads_to))


@pages.post("/connect/{token}")
async def follow_invitation(token: str, service: Service) -> Response:
    begun = await service.begin(token)
    if isinstance(begun, Ending):
        return _ended(Ended(begun))
    return RedirectResponse(begun, status_code=303, headers=dict(PRIVATE))


@pages.get(CALLBACK)
async def finish_connecting(
    service: Service, state: str | None = None, code: str | None = None, error: str | None = None
) -> HTMLResponse:
    return _ended(await service.finish(state, code, error))


def _ended(ended: Ended) -> HTMLResponse:
    return HTMLResponse(ending_page(ended), status_code=status_of(ended.ending), headers=headers())
