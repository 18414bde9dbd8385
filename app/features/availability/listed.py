"""The event types that a request lists. Pure functions."""

from collections.abc import Collection

from app.errors import InvalidRequestError
from app.form.faults import Code, fault

MAX_EVENT_TYPES = 10
"""In one request: each costs as many calls as a request for it alone."""

_POINTER = "/query/eventTypeIds"


def listed(event_type_ids: str) -> list[str]:
    """Ids or slugs, in order. Raises `InvalidRequestError` for one that is blank, and for too many."""
    found = event_type_ids.split(",")
    if not all(each.strip() for each in found):
        raise InvalidRequestError(faults=[fault(_POINTER, Code.BLANK)])
    if len(found) > MAX_EVENT_TYPES:
        raise InvalidRequestError(faults=[fault(_POINTER, Code.TOO_MANY)])
    return found


def refuse_repeated(ids: Collection[str]) -> None:
    """Raises `InvalidRequestError`: a slug and an id may have meant the same event type."""
    if len(set(ids)) < len(ids):
        raise InvalidRequestError(faults=[fault(_POINTER, Code.DUPLICATE)])
