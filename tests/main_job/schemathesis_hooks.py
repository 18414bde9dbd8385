"""Leads generated cases further than the first refusal: to event types that exist, and to whole bookings."""

import json
import os
from itertools import cycle
from typing import Any

import schemathesis

BOOKINGS = "BOOKINGS"
"""Environment variable: bodies that can be booked, as a JSON list."""

EVENT_TYPES = ("visit", "questionnaire", "workshop", "no-place", "paid-session")

_bookings = cycle(json.loads(os.environ.get(BOOKINGS, "[]")))


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
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """A fifth become bookings that could be made."""
    if _chance(body) % 5 == 0:
        return next(_bookings)
    if not isinstance(body, dict) or "eventTypeId" not in body:
        return body
    return body | {"eventTypeId": _known(body["eventTypeId"])}
