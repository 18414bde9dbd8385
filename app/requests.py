"""What every API route asks of a request, and how the framework's refusals become problems of ours."""

from collections import Counter
from collections.abc import Iterable, Sequence

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.errors import (
    AppError,
    Fault,
    IdempotencyKeyMissingError,
    InternalError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
)
from app.form.faults import Code, fault, fault_from
from app.problems import response_from

Part = str | int

_KEY_HEADER = ("header", "Idempotency-Key")
"""The one missing parameter that has a problem of its own."""


async def known_query(request: Request) -> None:
    """Refuse query parameters that the route does not have, and those given twice.

    A misspelt one would otherwise be ignored, and the answer be to another
    question. What it was called is not repeated: only our own names are.
    """
    route: APIRoute = request.scope["route"]
    known = {parameter.alias for parameter in route.dependant.query_params}
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [fault(f"/query/{name}", Code.DUPLICATE) for name in sorted(known) if given[name] > 1]
    if given.keys() - known:
        faults.append(fault("/query", Code.UNKNOWN_FIELD))
    if faults:
        raise InvalidRequestError(faults=faults)


async def answer_invalid(request: Request, error: RequestValidationError) -> Response:
    """The framework's own finding, without what it would repeat of the input."""
    if any(each["loc"] == _KEY_HEADER and each["type"] == "missing" for each in error.errors()):
        return response_from(IdempotencyKeyMissingError(), request.state.request_id)
    found = (_fault(each["type"], each["loc"], error.body) for each in error.errors())
    return response_from(InvalidRequestError(faults=_unique(found)), request.state.request_id)


async def answer_http(request: Request, error: HTTPException) -> Response:
    """No such path, no such method: whatever the framework refuses by status alone."""
    match error.status_code:
        case 404:
            failure: AppError = NotFoundError()
        case 405:
            failure = MethodNotAllowedError()
        case _:
            failure = InternalError()
    return response_from(failure, request.state.request_id, error.headers)


def _fault(kind: str, location: Sequence[Part], body: object) -> Fault:
    where, *parts = location
    if where == "body":
        return fault_from(kind, _existing(parts, body) if kind != "missing" else parts)
    return fault_from(kind, [where, *parts])


def _existing(parts: Sequence[Part], body: object) -> list[Part]:
    """As much of a location as there is in the body: pydantic adds steps of its own, such as a union's member."""
    found: list[Part] = []
    for part in parts:
        match body, part:
            case dict(), str() if part in body:
                body = body[part]
            case list(), int() if part < len(body):
                body = body[part]
            case _:
                break
        found.append(part)
    return found


def _unique(faults: Iterable[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))
