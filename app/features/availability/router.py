"""`GET /event-types/{id}/availability`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from app import API
from app.errors import InvalidRequestError, NotFoundError
from app.features.availability.ranges import LocalDate
from app.features.availability.schemas import Availability
from app.features.availability.service import AvailabilityService
from app.problems import READING, declared
from app.resources import Owned
from app.time_zones import TimeZoneName

router = APIRouter(prefix=API, tags=["Availability"])


def availability_service(owned: Owned) -> AvailabilityService:
    return AvailabilityService(catalogue=owned.catalogue, buckets=owned.buckets, clock=owned.clock)


@router.get(
    "/event-types/{eventTypeId}/availability",
    summary="Free times",
    responses=declared(NotFoundError, InvalidRequestError, *READING),
)
async def get_availability(
    service: Annotated[AvailabilityService, Depends(availability_service)],
    response: Response,
    event_type_id: Annotated[
        str, Path(alias="eventTypeId", description="The event type's id, or its slug.", examples=["visit"])
    ],
    from_: Annotated[
        LocalDate | None,
        Query(
            alias="from", description="First local date. Default: today. May be past: such dates are empty."
        ),
    ] = None,
    to: Annotated[
        LocalDate | None,
        Query(description="Last local date, included; at most 62 dates in all. Default: `from` + 30 days."),
    ] = None,
    time_zone: Annotated[
        TimeZoneName | None,
        Query(
            alias="timeZone",
            description="The visitor's zone. Default: the host's.",
            examples=["Asia/Kolkata"],
        ),
    ] = None,
) -> Availability:
    """What can be booked, as local dates and times of the visitor's zone.

    Every date of the range is there once, in order; a date without slots is one
    on which nothing is free. A failure is a problem, never an empty list.
    """
    response.headers["Cache-Control"] = "no-cache"
    return await service.get_availability(event_type_id, time_zone, from_, to)
