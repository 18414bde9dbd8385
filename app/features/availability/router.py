"""Free times of one event type, the next of them, and those of several event types at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app import API
from app.errors import InvalidRequestError, NotFoundError
from app.fast_lane import WAITS_SINCE
from app.features.availability.answers import Answering
from app.features.availability.ranges import Asked, LocalDate
from app.features.availability.schemas import Availability, MergedAvailability, NextSlots, View
from app.features.availability.service import AvailabilityService
from app.problems import READING, declared
from app.ready import AFTER, MARK
from app.resources import Owned
from app.shapes import documented
from app.time_zones import TimeZoneName

router = APIRouter(prefix=API, tags=["Availability"])


async def availability_service(request: Request, owned: Owned) -> AvailabilityService:
    return AvailabilityService(
        accounts=owned.accounts,
        clock=owned.clock,
        waits_since=request.scope.get(WAITS_SINCE),
    )


async def answering(request: Request, owned: Owned) -> Answering:
    return Answering(request, answers=owned.answers, stale_if_error=owned.lives.old)


Answers = Annotated[Answering, Depends(answering)]
Service = Annotated[AvailabilityService, Depends(availability_service)]
EventTypeId = Annotated[
    str, Path(alias="eventTypeId", description="The event type's id, or its slug.", examples=["visit"])
]
First = Annotated[
    LocalDate | None,
    Query(alias="from", description="First local date. Default: today. May be past: such dates are empty."),
]
Last = Annotated[
    LocalDate | None,
    Query(description="Last local date, included; at most 62 dates in all. Default: `from` + 30 days."),
]
TimeZone = Annotated[
    TimeZoneName | None,
    Query(
        alias="timeZone", description="The visitor's zone. Default: the host's.", examples=["Asia/Kolkata"]
    ),
]
After = Annotated[
    str | None,
    Query(
        alias=AFTER,
        pattern=f"^{MARK}$",
        description=(
            "The `id` of the last event that was heard of these free times, or anything else that was not said "
            "before. The answer does not depend on it: what was kept before, by a browser or a shared cache, is "
            "not an answer to this question."
        ),
        examples=["5e0c1d6a-1764579612345-0"],
    ),
]
"""Only caches on the way have any use for it."""


@router.get(
    "/event-types/{eventTypeId}/availability",
    summary="Free times",
    response_model=documented(Availability),
    responses=declared(NotFoundError, InvalidRequestError, *READING),
)
async def get_availability(
    service: Service,
    answering: Answers,
    event_type_id: EventTypeId,
    from_: First = None,
    to: Last = None,
    time_zone: TimeZone = None,
    view: Annotated[
        View, Query(description="`days`: only how many slots each date has, without the slots themselves.")
    ] = "slots",
    _after: After = None,
) -> Response:
    """What can be booked, as local dates and times of the visitor's zone.

    Every date of the range is there once, in order; a date without slots is one
    on which nothing is free. A failure is a problem, never an empty list, and
    names Calendly's own page (`hostedUrl`) wherever the event type is known.
    """
    asked = Asked(first=from_, last=to, time_zone=time_zone)
    return await answering.give(service.get_availability(event_type_id, asked, view))


@router.get(
    "/event-types/{eventTypeId}/availability/next",
    summary="The next free times",
    response_model=documented(NextSlots),
    responses=declared(NotFoundError, InvalidRequestError, *READING),
)
async def list_next_slots(
    service: Service,
    answering: Answers,
    event_type_id: EventTypeId,
    time_zone: TimeZone = None,
    limit: Annotated[int, Query(ge=1, le=20, description="At most so many slots.")] = 5,
    _after: After = None,
) -> Response:
    """The first slots from now on, at most 90 days ahead.

    Looks 30 days at a time and no farther than it must; `searchedUntil` says how
    far that was. Where nothing was found and a part could not be read, that is a
    problem, never an empty list.
    """
    return await answering.give(service.list_next_slots(event_type_id, time_zone, limit))


@router.get(
    "/availability",
    summary="Free times of several event types",
    response_model=documented(MergedAvailability),
    responses=declared(NotFoundError, InvalidRequestError, *READING),
)
async def get_merged_availability(
    service: Service,
    answering: Answers,
    event_type_ids: Annotated[
        str,
        Query(
            alias="eventTypeIds",
            description="Ids or slugs, separated by commas: at most 10, each event type once.",
            examples=["visit,intro-call"],
        ),
    ],
    from_: First = None,
    to: Last = None,
    time_zone: Annotated[
        TimeZoneName | None,
        Query(
            alias="timeZone",
            description="The visitor's zone. Default: that of the first event type's host.",
            examples=["Asia/Kolkata"],
        ),
    ] = None,
    _after: After = None,
) -> Response:
    """When at least one of these can be booked: each date once, each start once.

    A slot's `offers` name the event types that can be booked then: send one of
    them with the slot's `start` to book it. Where one of the event types cannot
    be read, the answer is a problem: none is left out in silence.
    """
    asked = Asked(first=from_, last=to, time_zone=time_zone)
    return await answering.give(service.get_merged_availability(event_type_ids, asked))
