"""The form of a `POST /invitees` body: what is missing, of the wrong type, or unknown, whatever is booked."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.assumptions import Assumptions
from simulator.errors import Detail
from simulator.phones import is_phone
from simulator.wire import TRACKING_KEYS
from simulator.zones import timezones

Body = Mapping[str, Any]

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
MAX_GUESTS = 10
MISSING = "is missing"

KNOWN_FIELDS: Mapping[str, frozenset[str]] = {
    "": frozenset(
        {
            "event_type",
            "start_time",
            "invitee",
            "location",
            "questions_and_answers",
            "tracking",
            "event_guests",
        }
    ),
    "invitee": frozenset({"email", "timezone", "name", "first_name", "last_name", "text_reminder_number"}),
    "location": frozenset({"kind", "location"}),
    "tracking": frozenset(TRACKING_KEYS),
    "questions_and_answers[]": frozenset({"question", "answer", "position"}),
}


def unknown_fields(body: Body) -> list[str]:
    """The paths that Calendly would ignore in silence."""
    found = _unknown(body, "", KNOWN_FIELDS[""])
    if "location" in body and body["location"] is None:
        found.append("location")
    for part in ("invitee", "location", "tracking"):
        found += _unknown(body.get(part), f"{part}.", KNOWN_FIELDS[part])
    for index, item in enumerate(_list(body.get("questions_and_answers"))):
        found += _unknown(item, f"questions_and_answers[{index}].", KNOWN_FIELDS["questions_and_answers[]"])
    return found


def _unknown(part: object, prefix: str, known: frozenset[str]) -> list[str]:
    return [prefix + key for key in part if key not in known] if isinstance(part, Mapping) else []


def shape_faults(body: Body, assumptions: Assumptions) -> list[Detail]:
    """Every fault of form, in the order of the reference's table of fields."""
    return [
        *_text(body, "event_type"),
        *_text(body, "start_time"),
        *_invitee(body, assumptions),
        *_location(body, assumptions),
        *_answers(body, assumptions),
        *_tracking(body, assumptions),
        *_guests(body),
    ]


def _text(part: Body, key: str, prefix: str = "", *, required: bool = True) -> Iterator[Detail]:
    value = part.get(key)
    if value is None:
        if required:
            yield Detail(MISSING, prefix + key)
    elif not isinstance(value, str):
        yield Detail("must be a string", prefix + key)
    elif required and not value.strip():
        yield Detail("must be filled", prefix + key)


def _invitee(body: Body, assumptions: Assumptions) -> Iterator[Detail]:
    invitee = body.get("invitee")
    if not isinstance(invitee, Mapping):
        yield Detail(MISSING if invitee is None else "must be a hash", "invitee")
        return
    faults = [*_text(invitee, "email", "invitee."), *_text(invitee, "timezone", "invitee.")]
    for key in ("name", "first_name", "last_name", "text_reminder_number"):
        faults += _text(invitee, key, "invitee.", required=False)
    yield from faults
    if faults:
        return
    if not (str(invitee.get("name") or "").strip() or str(invitee.get("first_name") or "").strip()):
        yield Detail("either name or first_name must be filled", "invitee")
    if not EMAIL.fullmatch(invitee["email"]):
        yield Detail("is in invalid format", "invitee.email")
    if invitee["timezone"] not in timezones():
        yield Detail("is not a valid timezone", "invitee.timezone")
    number = invitee.get("text_reminder_number")
    if number is not None and assumptions.text_reminder_must_be_phone and not is_phone(number):
        yield Detail("is not a valid phone number", "invitee.text_reminder_number")


def _location(body: Body, assumptions: Assumptions) -> Iterator[Detail]:
    location = body.get("location")
    if location is None:
        return
    if not isinstance(location, Mapping):
        yield Detail("must be a hash", "location")
        return
    yield from _text(location, "kind", "location.")
    yield from _text(location, "location", "location.", required=False)
    value = location.get("location")
    if isinstance(value, str) and len(value) > assumptions.location_max_length:
        yield Detail(
            f"is too long (maximum is {assumptions.location_max_length} characters)", "location.location"
        )


def _answers(body: Body, assumptions: Assumptions) -> Iterator[Detail]:
    answers = body.get("questions_and_answers")
    if answers is None:
        return
    if not isinstance(answers, list):
        yield Detail("must be an array", "questions_and_answers")
    for index, item in enumerate(_list(answers)):
        path = f"questions_and_answers[{index}]"
        if isinstance(item, Mapping):
            yield from _answer(item, f"{path}.", assumptions)
        else:
            yield Detail("must be a hash", path)


def _answer(item: Body, prefix: str, assumptions: Assumptions) -> Iterator[Detail]:
    yield from _text(item, "question", prefix)
    if assumptions.blank_answers_refused or not isinstance(item.get("answer"), str):
        yield from _text(item, "answer", prefix)
    position = item.get("position")
    if position is None:
        yield Detail(MISSING, f"{prefix}position")
    elif not isinstance(position, int) or isinstance(position, bool):
        yield Detail("must be an integer", f"{prefix}position")


def _tracking(body: Body, assumptions: Assumptions) -> Iterator[Detail]:
    tracking = body.get("tracking")
    if tracking is None:
        return
    if not isinstance(tracking, Mapping):
        yield Detail("must be a hash", "tracking")
        return
    for key in TRACKING_KEYS:
        value = tracking.get(key)
        if key not in tracking:
            yield Detail(MISSING, f"tracking.{key}")
        elif value is not None and not isinstance(value, str):
            yield Detail("must be a string", f"tracking.{key}")
        elif value is not None and len(value) > assumptions.tracking_max_length:
            yield Detail(
                f"is too long (maximum is {assumptions.tracking_max_length} characters)", f"tracking.{key}"
            )


def _guests(body: Body) -> Iterator[Detail]:
    guests = body.get("event_guests")
    if guests is None:
        return
    if not isinstance(guests, list):
        yield Detail("must be an array", "event_guests")
    if len(_list(guests)) > MAX_GUESTS:
        yield Detail(f"size cannot be greater than {MAX_GUESTS}", "event_guests")
    for index, guest in enumerate(_list(guests)):
        if not isinstance(guest, str) or not EMAIL.fullmatch(guest):
            yield Detail("is in invalid format", f"event_guests[{index}]")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
