"""`POST /bookings` and `POST /bookings/preflight`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from app import API
from app.admission import JsonRoute
from app.errors import (
    BodyTooLargeError,
    BookingInFlightError,
    BookingQuotaSpentError,
    BookingsClosedError,
    FormChangedError,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    MalformedRequestError,
    NotFoundError,
    SlotTakenError,
    UnsupportedMediaTypeError,
    UseHostedPageError,
)
from app.features.bookings.outcomes import Outcomes
from app.features.bookings.planner import BookingPlanner
from app.features.bookings.schemas import Booking, Preflight
from app.features.bookings.service import BookingService
from app.form.submission import Submission
from app.problems import READING, declared
from app.resources import Owned
from app.store.state import StateStore

router = APIRouter(prefix=API, tags=["Bookings"], route_class=JsonRoute)

CHECKING = (
    MalformedRequestError,
    NotFoundError,
    SlotTakenError,
    FormChangedError,
    UseHostedPageError,
    BodyTooLargeError,
    UnsupportedMediaTypeError,
    InvalidRequestError,
    *READING,
)


def booking_service(owned: Owned) -> BookingService:
    return BookingService(
        client=owned.calendly,
        planner=BookingPlanner(catalogue=owned.catalogue, buckets=owned.buckets, clock=owned.clock),
        outcomes=Outcomes(StateStore(owned.state)),
        clock=owned.clock,
    )


def idempotency_key(
    given: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            description="Chosen by you for this attempt, a UUID for example. A repetition with the same key and"
            " body is answered with the first outcome and never books again.",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
            pattern=r"^[\x21-\x7e]{1,255}$",
        ),
    ],
) -> str:
    return given


Service = Annotated[BookingService, Depends(booking_service)]


@router.post(
    "/bookings",
    status_code=201,
    summary="Book a slot",
    response_model=Booking,
    responses={
        201: {
            "headers": {
                "Idempotency-Replayed": {
                    "description": "`true` where an earlier try with this key made the booking.",
                    "schema": {"type": "string", "const": "true"},
                }
            }
        },
        **declared(
            IdempotencyKeyMissingError,
            BookingInFlightError,
            IdempotencyKeyReusedError,
            BookingQuotaSpentError,
            BookingsClosedError,
            *CHECKING,
        ),
    },
)
async def create_booking(
    submission: Submission, service: Service, key: Annotated[str, Depends(idempotency_key)]
) -> Response:
    """Book one slot for one invitee. `GET /event-types/{id}/form` says what the body must hold.

    With 409 `slot_taken` come times that are free now; where a problem has a
    `hostedUrl`, the visitor can still book on Calendly's own page. After 504 the
    booking may exist: repeat with the same key, never with a new one.
    """
    outcome = await service.create_booking(submission, key)
    headers = {"Cache-Control": "no-store"} | ({"Idempotency-Replayed": "true"} if outcome.replayed else {})
    return Response(outcome.answer, status_code=201, media_type="application/json", headers=headers)


@router.post(
    "/bookings/preflight", summary="Check a booking without making it", responses=declared(*CHECKING)
)
async def preflight_booking(submission: Submission, service: Service, response: Response) -> Preflight:
    """The answer booking would give, without booking: 200, or the same problem.

    Spends nothing of Calendly's booking quota and needs no Idempotency-Key.
    """
    response.headers["Cache-Control"] = "no-store"
    return await service.preflight_booking(submission)
