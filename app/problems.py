"""A failure as the caller sees it: `application/problem+json` (RFC 9457).

How each error looks is decided here, for the answer and for the
OpenAPI document alike. Nothing that a visitor sent and nothing that Calendly
said is repeated in it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from starlette.responses import Response

from app.errors import (
    AppError,
    BookingsClosedError,
    FormChangedError,
    InvalidRequestError,
    ManageTokenRequiredError,
    OperatorKeyRequiredError,
    OverloadedError,
    SlotTakenError,
    UpstreamBusyError,
    UpstreamFailedError,
    UpstreamRefusedUsError,
    UpstreamTimeoutError,
)
from app.shapes import Shape

MEDIA_TYPE = "application/problem+json"

READING = (
    UpstreamFailedError,
    UpstreamRefusedUsError,
    UpstreamBusyError,
    BookingsClosedError,
    OverloadedError,
    UpstreamTimeoutError,
)
"""What any route can answer that reads from Calendly."""


class ProblemFault(Shape):
    """One thing wrong with the request."""

    pointer: str = Field(
        description="RFC 6901 pointer into the body; `/query/…` and `/header/…` for what stands outside it.",
        examples=["/location/value"],
    )
    code: str = Field(description="Never changes.", examples=["required"])
    message: str = Field(description="For a developer; may be reworded.", examples=["This is needed."])


class ProblemSlot(Shape):
    """A slot that can be booked instead, in the visitor's zone."""

    start: str = Field(examples=["2026-12-01T09:30:00+01:00"])
    spots_left: int = Field(examples=[1])


class Problem(Shape):
    """Why a request was not served (RFC 9457). Branch on `code`; it never changes."""

    type: str = Field(description="Path of a page about this problem.", examples=["/problems/not_found"])
    title: str
    status: int
    code: str
    detail: str | None = Field(default=None, description="What is particular to this case.")
    request_id: str = Field(description="Names this request in the log.", examples=["0f8fad5b7d6b4f0f"])
    errors: list[ProblemFault] | None = Field(default=None, description="Each fault of an invalid request.")
    alternatives: list[ProblemSlot] | None = Field(
        default=None, description="Slots that are free now, nearest first, at most six."
    )
    retry_after: int | None = Field(
        default=None, description="Seconds to wait, as in the Retry-After header."
    )
    hosted_url: str | None = Field(
        default=None,
        description="Calendly's own page, to go on there instead: of this very slot or booking where that is"
        " known, else of the event type.",
    )
    form_version: str | None = Field(default=None, description="Version of the form as it is now.")


def problem_from(error: AppError, request_id: str) -> Problem:
    return Problem(
        type=f"/problems/{error.code}",
        title=error.title,
        status=error.status,
        code=error.code,
        detail=error.detail,
        request_id=request_id,
        retry_after=error.retry_after,
        hosted_url=error.hosted_url,
        **_particulars(error),
    )


def _particulars(error: AppError) -> dict[str, Any]:
    match error:
        case InvalidRequestError():
            faults = [ProblemFault(pointer=f.pointer, code=f.code, message=f.message) for f in error.faults]
            return {"errors": faults}
        case SlotTakenError():
            slots = [ProblemSlot(start=s.start, spots_left=s.spots_left) for s in error.alternatives]
            return {"alternatives": slots}
        case FormChangedError():
            return {"form_version": error.form_version}
        case _:
            return {}


def response_from(error: AppError, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    problem = problem_from(error, request_id)
    answer = Response(
        problem.model_dump_json(by_alias=True, exclude_none=True),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, ManageTokenRequiredError | OperatorKeyRequiredError):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def declared(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """What a route says in the OpenAPI document about the problems it can answer."""
    by_status: dict[int | str, list[type[AppError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {status: _declaration(group) for status, group in by_status.items()}


def _declaration(errors: list[type[AppError]]) -> dict[str, Any]:
    return {
        "description": " ".join(f"`{error.code}`: {error.title}" for error in errors),
        "headers": _HEADERS,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {error.code: {"value": _example(error)} for error in errors},
            }
        },
    }


_HEADERS: Mapping[str, Any] = {
    "X-Request-Id": {"description": "As `requestId`.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds to wait, where the problem has a `retryAfter`.",
        "schema": {"type": "integer"},
    },
}


def _example(error: type[AppError]) -> dict[str, Any]:
    sample = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "requestId": "0f8fad5b7d6b4f0f",
    }
    return {**sample, **_EXAMPLE_PARTICULARS.get(error.code, {})}


_HOSTED: dict[str, Any] = {"hostedUrl": "https://calendly.com/ada/intro-call"}
_RETRY: dict[str, Any] = {"retryAfter": 60}
_EXAMPLE_PARTICULARS: Mapping[str, dict[str, Any]] = {
    "slot_taken": {"alternatives": [{"start": "2026-12-01T09:30:00+01:00", "spotsLeft": 1}], **_HOSTED},
    "form_changed": {"formVersion": "5e0c1d6a9f21"},
    "use_hosted_page": _HOSTED,
    "invalid_request": {
        "errors": [{"pointer": "/location/value", "code": "required", "message": "This is needed."}]
    },
    "booking_in_flight": {"retryAfter": 2},
    "upstream_busy": {**_RETRY, **_HOSTED},
    "overloaded": {"retryAfter": 2},
    "state_away": {"retryAfter": 10},
    "booking_quota_spent": {**_RETRY, **_HOSTED},
    "bookings_closed": {**_RETRY, **_HOSTED},
    "delivery_not_kept": _RETRY,
}
