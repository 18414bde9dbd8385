"""Leads generated cases further than the first refusal: to event types that exist, and to whole and real bookings."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from itertools import count, cycle
from typing import Any

import schemathesis

BOOKINGS = "BOOKINGS"
"""Environment variable: bodies that can be booked, as a JSON list."""

MANAGED = "MANAGED"
"""Environment variable: bookings as they were answered, tokens included, as a JSON list."""

STARTS = "STARTS"
"""Environment variable: free starts to which those bookings can be moved, as a JSON list."""

EVENT_TYPES = ("visit", "questionnaire", "workshop", "no-place", "paid-session")

REAL = 25
"""One in so many cases of each call about a booking is about a real one: it costs several calls of Calendly's quota."""

_bookings = cycle(json.loads(os.environ.get(BOOKINGS, "[]")))
_managed: list[Any] = json.loads(os.environ.get(MANAGED, "[]"))
_to_cancel, _to_keep = cycle(_managed[::3]), cycle(_managed[1::3] + _managed[2::3])
_cases: defaultdict[str, Iterator[int]] = defaultdict(count)
_starts = cycle(json.loads(os.environ.get(STARTS, "[]")))


def _chance(value: object) -> int:
    """The same for the same case, so that a failure comes again."""
    return sum(repr(value).encode())


def _known(value: object) -> object:
    chosen = _chance(value)
    return value if chosen % 2 else EVENT_TYPES[chosen // 2 % len(EVENT_TYPES)]


@schemathesis.hook
def map_path_parameters(_context: schemathesis.HookContext, parameters: Any) -> Any:
    if not isinstance(parameters, dict) or "eventTypeId" not in parameters:
        return parameters
    return parameters | {"eventTypeId": _known(parameters["eventTypeId"])}


@schemathesis.hook
def map_query(_context: schemathesis.HookContext, query: Any) -> Any:
    if not isinstance(query, dict) or "eventTypeIds" not in query:
        return query
    chosen = _chance(query)
    known = ",".join(EVENT_TYPES[: chosen // 2 % len(EVENT_TYPES) + 1])
    return query if chosen % 2 else query | {"eventTypeIds": known}


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """A fifth become bookings that could be made."""
    if isinstance(body, dict) and body.keys() <= {"start", "reason"}:
        return body
    if _chance(body) % 5 == 0:
        return next(_bookings)
    if not isinstance(body, dict) or "eventTypeId" not in body:
        return body
    return body | {"eventTypeId": _known(body["eventTypeId"])}


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: Any, _kwargs: Any) -> None:
    """Some cases about a booking get a real one with its token, and a time that is free.

    What is canceled cannot be moved any more: these are others.
    """
    if "{bookingId}" not in case.operation.path or next(_cases[case.operation.label]) % REAL:
        return
    booking = next(_to_cancel if case.operation.path.endswith("/cancel") else _to_keep)
    case.path_parameters = {"bookingId": booking["id"]}
    case.headers["Authorization"] = f"Bearer {booking['manage']['token']}"
    if isinstance(case.body, dict) and "start" in case.body:
        case.body = {"start": next(_starts)}
