"""`POST /bookings`, and what may be done with a booking afterwards."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app import API
from app.admission import JsonRoute
from app.errors import (
    BodyTooLargeError,
    BookingInFlightError,
    BookingNotChangeableError,
    BookingQuotaSpentError,
    FormChangedError,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    MalformedRequestError,
    ManageTokenRequiredError,
    NotFoundError,
    SlotTakenError,
    UnsupportedMediaTypeError,
    UseHostedPageError,
)
from app.features.bookings.desk import RETRY_CONFIRMING, Outcome
from app.features.bookings.desks import Desks
from app.features.bookings.managing import BookingManager
from app.features.bookings.moving import BookingMover
from app.features.bookings.schemas import Booking, CancelPart, MovePart, Preflight, Rescheduled
from app.features.bookings.service import BookingService
from app.form.submission import Submission
from app.problems import READING, declared
from app.resources import Owned

reading = APIRouter(prefix=API, tags=["Bookings"])
writing = APIRouter(prefix=API, tags=["Bookings"], route_class=JsonRoute)

WRITING = (MalformedRequestError, BodyTooLargeError, UnsupportedMediaTypeError)
CHECKING = (
    NotFoundError,
    SlotTakenError,
    FormChangedError,
    UseHostedPageError,
    BookingQuotaSpentError,
    InvalidRequestError,
    *WRITING,
    *READING,
)
MANAGING = (ManageTokenRequiredError, NotFoundError, InvalidRequestError, *READING)
CHANGING = (BookingNotChangeableError, BookingInFlightError, UseHostedPageError, *WRITING, *MANAGING)
ICS = "text/calendar; charset=utf-8; method=PUBLISH"


async def desks(owned: Owned) -> Desks:
    return Desks(owned)


AtDesks = Annotated[Desks, Depends(desks)]


async def idempotency_key(
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


Key = Annotated[str, Depends(idempotency_key)]
_bearer = HTTPBearer(
    auto_error=False, scheme_name="manageToken", description="The `manage.token` of the booking."
)


async def manage_token(given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]) -> str:
    if given is None or not given.credentials:
        raise ManageTokenRequiredError
    return given.credentials


Token = Annotated[str, Depends(manage_token)]
Id = Annotated[str, Path(alias="bookingId", description="The `id` of a booking.")]

_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` where an earlier try made the booking.",
        "schema": {"type": "string", "const": "true"},
    }
}
_ASK_AGAIN = {
    "Retry-After": {
        "description": "While it is `confirming`: seconds until it makes sense to ask again.",
        "schema": {"type": "integer"},
    }
}
_CONFIRMING = {
    "model": Booking,
    "description": "`confirming`: it was sent, and Calendly has not said what became of it. Read the booking with"
    " its token, as often as Retry-After says, until it is `confirmed` or `failed`. Do not book again.",
    "headers": _ASK_AGAIN | _REPLAYED,
}


def _response(outcome: Outcome) -> Response:
    headers = {"Cache-Control": "no-store"}
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    if not outcome.certain:
        headers["Retry-After"] = str(RETRY_CONFIRMING)
    status = 201 if outcome.certain else 202
    return Response(outcome.answer, status_code=status, media_type="application/json", headers=headers)


@writing.post(
    "/bookings",
    status_code=201,
    summary="Book a slot",
    response_model=Booking,
    responses={
        201: {"headers": _REPLAYED},
        202: _CONFIRMING,
        **declared(IdempotencyKeyMissingError, BookingInFlightError, IdempotencyKeyReusedError, *CHECKING),
    },
)
async def create_booking(submission: Submission, desks: AtDesks, key: Key) -> Response:
    """Book one slot for one invitee. `GET /event-types/{id}/form` says what the body must hold.

    201: it is booked. 202: it was sent, and nobody knows yet. With 409 `slot_taken` come times that are free now;
    where a problem has a `hostedUrl`, the visitor can still book on Calendly's own page. To repeat an attempt,
    for whatever reason, repeat its key.
    """
    desk = await desks.for_attempt(submission, key)
    return _response(await BookingService(desk).create_booking(submission, key))


@writing.post(
    "/bookings/preflight",
    summary="Check a booking without making it",
    responses=declared(BookingInFlightError, *CHECKING),
)
async def preflight_booking(submission: Submission, desks: AtDesks, response: Response) -> Preflight:
    """The answer booking would give, without booking: 200, or the same problem.

    Spends nothing of Calendly's booking quota and needs no Idempotency-Key.
    """
    response.headers["Cache-Control"] = "no-store"
    desk = await desks.for_event_type(submission.event_type_id)
    return await BookingService(desk).preflight_booking(submission)


@reading.get(
    "/bookings/{bookingId}",
    summary="Read a booking",
    responses={200: {"headers": _ASK_AGAIN}, **declared(*MANAGING)},
)
async def get_booking(id_: Id, token: Token, desks: AtDesks, response: Response) -> Booking:
    """As it stands at Calendly: whether it is confirmed, canceled, and whether the conference has its link by now."""
    booking = await BookingManager(await desks.for_token(token)).read_booking(id_, token)
    response.headers["Cache-Control"] = "no-store"
    if booking.status == "confirming":
        response.headers["Retry-After"] = str(RETRY_CONFIRMING)
    return booking


@writing.post("/bookings/{bookingId}/cancel", summary="Cancel a booking", responses=declared(*CHANGING))
async def cancel_booking(
    id_: Id, part: CancelPart, token: Token, desks: AtDesks, response: Response
) -> Booking:
    """Calendly tells host and invitee. Canceling again answers the same.

    One seat of a group cannot be canceled here: 409 `use_hosted_page`.
    """
    response.headers["Cache-Control"] = "no-store"
    return await BookingManager(await desks.for_token(token)).cancel_booking(id_, token, part.reason)


@writing.post(
    "/bookings/{bookingId}/reschedule",
    status_code=201,
    summary="Move a booking to another time",
    response_model=Rescheduled,
    responses={
        201: {"headers": _REPLAYED},
        202: _CONFIRMING,
        **declared(SlotTakenError, BookingQuotaSpentError, *CHANGING),
    },
)
async def reschedule_booking(id_: Id, part: MovePart, token: Token, desks: AtDesks) -> Response:
    """Book the new time, then cancel the old one; the answer is the new booking, with an id and a token of its own.

    The invitee gets two mails from Calendly. Repeating it with the same start answers the same. Where anything
    fails, the old time stays.
    """
    return _response(
        await BookingMover(await desks.for_token(token)).reschedule_booking(id_, token, part.start)
    )


@reading.get(
    "/bookings/{bookingId}/calendar.ics",
    summary="A booking as a calendar file",
    response_class=Response,
    responses={
        200: {"content": {"text/calendar": {"schema": {"type": "string"}}}},
        **declared(BookingInFlightError, *MANAGING),
    },
)
async def get_calendar_file(id_: Id, token: Token, desks: AtDesks) -> Response:
    """RFC 5545. The same entry after a reschedule and after a cancellation, with a higher SEQUENCE each time."""
    content = await BookingManager(await desks.for_token(token)).calendar_file(id_, token)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="booking.ics"',
    }
    return Response(content, media_type=ICS, headers=headers)


router = APIRouter()
router.include_router(writing)
router.include_router(reading)
