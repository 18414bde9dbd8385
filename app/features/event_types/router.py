"""`GET /event-types`, one of them, and its form."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from app import API
from app.errors import InvalidRequestError, NotFoundError
from app.features.event_types.schemas import EventType, EventTypes, Form
from app.features.event_types.service import EventTypeService
from app.problems import READING, declared
from app.resources import Owned

router = APIRouter(prefix=API, tags=["Event types"])

CACHE_CONTROL = "public, max-age=60"
"""What a host offers changes rarely, and a booking is checked against the form of the moment."""


async def event_type_service(owned: Owned) -> EventTypeService:
    return EventTypeService(accounts=owned.accounts)


Service = Annotated[EventTypeService, Depends(event_type_service)]
EventTypeId = Annotated[
    str, Path(alias="eventTypeId", description="The event type's id, or its slug.", examples=["visit"])
]


@router.get(
    "/event-types",
    summary="What can be booked",
    responses=declared(InvalidRequestError, *READING),
)
async def list_event_types(
    service: Service,
    response: Response,
    account: Annotated[
        str | None,
        Query(
            description="Only those of this account, those of its teams among them, whoever these are offered through.",
            examples=["ada"],
        ),
    ] = None,
    slug: Annotated[str | None, Query(description="Only the one with this slug.", examples=["visit"])] = None,
) -> EventTypes:
    """The published event types, in the host's order. Secret and inactive ones are not shown."""
    listed = await service.list_event_types(account, slug)
    response.headers["Cache-Control"] = "no-cache" if listed.incomplete else CACHE_CONTROL
    return listed


@router.get(
    "/event-types/{eventTypeId}",
    summary="One event type",
    responses=declared(NotFoundError, InvalidRequestError, *READING),
)
async def get_event_type(service: Service, response: Response, event_type_id: EventTypeId) -> EventType:
    """One event type, with its places and questions. Unknown and hidden ones are answered alike."""
    response.headers["Cache-Control"] = CACHE_CONTROL
    return await service.get_event_type(event_type_id)


@router.get(
    "/event-types/{eventTypeId}/form",
    summary="What a booking must contain",
    responses=declared(NotFoundError, InvalidRequestError, *READING),
)
async def get_form(service: Service, response: Response, event_type_id: EventTypeId) -> Form:
    """The form of one event type: a JSON Schema to check by, and fields to show.

    The schema describes the body of `POST /bookings`; what it cannot say, such as
    whether a phone number exists, booking and preflight check.
    """
    response.headers["Cache-Control"] = CACHE_CONTROL
    return await service.get_form(event_type_id)
