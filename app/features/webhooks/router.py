"""Where Calendly delivers what has happened."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from app.admission import raw_body
from app.errors import (
    BodyTooLargeError,
    BodyTooSlowError,
    DeliveryNotKeptError,
    InternalError,
    InvalidRequestError,
    MalformedRequestError,
    NotFoundError,
    SignatureRefusedError,
)
from app.problems import declared
from app.receiving import Webhooks
from app.resources import Owned
from app.webhooks.signatures import HEADER
from app.webhooks.subscriptions import PATH

MAX_BODY = 256 * 1024
"""Bytes of a delivery. A booking with every answer at its longest has a fraction of it."""

_DELIVERY: dict[str, Any] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": True,
            "description": "`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over the seconds, a dot and the body.",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {
        "required": True,
        "description": "Calendly's envelope: `event`, `created_at`, `created_by`, `payload`. At most 256 KiB.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}

_ANSWERS: dict[int | str, dict[str, Any]] = {
    204: {"description": "It need not come again."},
    **declared(
        MalformedRequestError,
        SignatureRefusedError,
        NotFoundError,
        BodyTooSlowError,
        BodyTooLargeError,
        DeliveryNotKeptError,
        InternalError,
    ),
}

router = APIRouter(tags=["Operation"])


async def webhooks(owned: Owned) -> Webhooks:
    return owned.webhooks


Ours = Annotated[Webhooks, Depends(webhooks)]
AccountId = Annotated[
    str,
    Path(
        alias="account",
        description="Last segment of the user's URI at Calendly.",
        examples=["ADAAAAAAAAAAAAAA"],
    ),
]


@router.post(
    PATH,
    status_code=204,
    response_class=Response,
    summary="For Calendly: what has happened to the account of CALENDLY_TOKEN",
    responses=_ANSWERS,
    openapi_extra=_DELIVERY,
)
async def receive_own_delivery(request: Request, ours: Ours) -> Response:
    """A signed delivery of Calendly's. 204 where it is written down, was before, or nothing follows from it."""
    return await _taken(request, ours, None)


@router.post(
    PATH + "/{account}",
    status_code=204,
    response_class=Response,
    summary="For Calendly: what has happened to one account",
    responses=_ANSWERS | declared(InvalidRequestError),
    openapi_extra=_DELIVERY,
)
async def receive_delivery(request: Request, ours: Ours, account: AccountId) -> Response:
    """As above, for an account that has an address of its own."""
    return await _taken(request, ours, account)


async def _taken(request: Request, ours: Webhooks, account: str | None) -> Response:
    body = await raw_body(request, limit=MAX_BODY, within=ours.within)
    signatures = request.headers.getlist(HEADER)
    await ours.receiver.take(account, signatures[0] if len(signatures) == 1 else None, body)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
