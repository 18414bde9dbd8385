"""What can be wrong with a booking: public codes, their messages, and where they point."""

from collections.abc import Sequence
from enum import StrEnum

from app.errors import Fault


class Code(StrEnum):
    """Public and never changed: a front end decides by them."""

    REQUIRED = "required"
    UNKNOWN_FIELD = "unknown_field"
    NOT_ALLOWED = "not_allowed"
    INVALID = "invalid"
    BLANK = "blank"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    CONTROL_CHARACTER = "control_character"
    DUPLICATE = "duplicate"
    START_INVALID = "start_invalid"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    REGION_UNKNOWN = "region_unknown"
    LOCATION_UNAVAILABLE = "location_unavailable"
    UNKNOWN_OPTION = "unknown_option"
    UNKNOWN_QUESTION = "unknown_question"
    CHOICE_INVALID = "choice_invalid"
    PHONE_INVALID = "phone_invalid"
    EMAIL_INVALID = "email_invalid"
    GUEST_IS_INVITEE = "guest_is_invitee"


MESSAGES = {
    Code.REQUIRED: "This is needed.",
    Code.UNKNOWN_FIELD: "There is a field here that we do not know.",
    Code.NOT_ALLOWED: "This cannot be given here.",
    Code.INVALID: "This has the wrong type or shape.",
    Code.BLANK: "This must not be blank.",
    Code.TOO_LONG: "This is too long.",
    Code.TOO_MANY: "These are too many.",
    Code.CONTROL_CHARACTER: "This holds control characters.",
    Code.DUPLICATE: "This is given more than once.",
    Code.START_INVALID: "This must be a date and time with offset, such as 2026-12-01T09:00:00+01:00.",
    Code.TIME_ZONE_UNKNOWN: "This is not the name of a time zone.",
    Code.REGION_UNKNOWN: "This is not a region that has phone numbers; two capital letters are needed.",
    Code.LOCATION_UNAVAILABLE: "No place of this event type can be booked here.",
    Code.UNKNOWN_OPTION: "This event type does not offer this place.",
    Code.UNKNOWN_QUESTION: "This event type does not ask this question.",
    Code.CHOICE_INVALID: "This is not one of the choices.",
    Code.PHONE_INVALID: "This is not a phone number. Without a region it must begin with + and the country.",
    Code.EMAIL_INVALID: "This is not an e-mail address.",
    Code.GUEST_IS_INVITEE: "The invitee need not be invited as a guest.",
}

_PYDANTIC = {
    "missing": Code.REQUIRED,
    "extra_forbidden": Code.UNKNOWN_FIELD,
    "string_too_short": Code.BLANK,
    "string_too_long": Code.TOO_LONG,
    "too_long": Code.TOO_MANY,
    "start_invalid": Code.START_INVALID,
    "time_zone_unknown": Code.TIME_ZONE_UNKNOWN,
    "region_unknown": Code.REGION_UNKNOWN,
}
"""Pydantic's error types, and those our own types add. What is not listed is `invalid`."""


def pointer(*parts: str | int) -> str:
    """RFC 6901."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def fault(at: str, code: Code, message: str | None = None) -> Fault:
    return Fault(at, code.value, message or MESSAGES[code])


def fault_from(error_type: str, location: Sequence[str | int]) -> Fault:
    """Pydantic's error in our words; `location` is its `loc` within the body.

    A field we do not know is named by whoever sent it, so the object that
    holds it is pointed at instead.
    """
    code = _PYDANTIC.get(error_type, Code.INVALID)
    known = location[:-1] if code is Code.UNKNOWN_FIELD else location
    return fault(pointer(*known), code)


class Findings:
    """What one check has found so far. Checking goes on after a fault, so that a visitor sees all at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, at: str, code: Code, message: str | None = None) -> None:
        self.faults.append(fault(at, code, message))
