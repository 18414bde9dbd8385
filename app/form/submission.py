"""The body of `POST /bookings`, as far as it is the same for every event type.

What differs from one event type to the next is the business of `check`.
"""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from app.form import limits
from app.form.phones import Region
from app.form.text import is_encodable
from app.time_zones import TimeZoneName

START: Final = (
    r"^(20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""RFC 3339 with offset, in years that a booking can be in; no leap seconds, which no calendar has."""

_start = re.compile(START)


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or not _start.fullmatch(value):
        raise PydanticCustomError("start_invalid", "This is not an RFC 3339 date-time with offset.")
    try:
        return datetime.fromisoformat(value)
    except ValueError as exc:  # the thirtieth of February
        raise PydanticCustomError("start_invalid", "There is no such day.") from exc


Start = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": START,
            "description": "The slot's start as `availability` gave it: RFC 3339 with offset.",
            "examples": ["2026-12-01T09:00:00+01:00"],
        }
    ),
]


def _answer_value(value: object) -> str | list[str] | None:
    """One error for the whole value: a union would report each of its members."""
    match value:
        case None:
            return None
        case str():
            return _words(value)
        case list() if len(value) > limits.ANSWERS:
            raise PydanticCustomError("too_long", "The list is too long.")
        case list():
            return [_words(item) for item in value]
    raise PydanticCustomError("answer_type", "This is neither text nor a list of texts.")


def _words(value: object) -> str:
    if not isinstance(value, str) or not is_encodable(value):
        raise PydanticCustomError("answer_type", "This is no text.")
    if len(value) > limits.TEXT:
        raise PydanticCustomError("string_too_long", "The text is too long.")
    return value


type_of_text = {"type": "string", "maxLength": limits.TEXT}

AnswerValue = Annotated[
    str | list[str] | None,
    PlainValidator(_answer_value),
    WithJsonSchema(
        {
            "anyOf": [
                type_of_text,
                {"type": "array", "items": type_of_text, "maxItems": limits.ANSWERS},
                {"type": "null"},
            ],
            "description": "Text; for a multi select a list of texts. Blank or null is no answer.",
            "examples": ["The new contract", ["Email", "Phone"]],
        }
    ),
]

Line = Annotated[str, Field(min_length=1, max_length=limits.LINE)]
Email = Annotated[str, Field(max_length=limits.EMAIL, json_schema_extra={"format": "email"})]


class _Part(BaseModel):
    """Strict: a number is no text, `true` is no number, and an unknown field is a fault."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        field_title_generator=lambda name, _info: name.replace("_", " ").capitalize(),
        hide_input_in_errors=True,
    )


class InviteePart(_Part):
    """Who books: either `name`, or `firstName` with or without `lastName`."""

    email: Email = Field(examples=["grace@example.test"])
    name: Line | None = Field(default=None, examples=["Grace Example"])
    first_name: Line | None = Field(default=None, examples=["Grace"])
    last_name: Line | None = Field(default=None, examples=["Example"])
    phone: Line | None = Field(
        default=None,
        description="Where text reminders go. Without country code it is read by `region`.",
        examples=["+493023125012"],
    )


class ChosenLocation(_Part):
    """One of the event type's location options."""

    option_id: Line = Field(
        description="The `id` of an option of the event type.", examples=["outbound_call"]
    )
    value: Line | None = Field(
        default=None,
        description="Exactly where the option has an `input`: a phone number, or a place in words.",
        examples=["+493023125012"],
    )


class Answer(_Part):
    """What the visitor answers to one question of the event type."""

    question_id: Line = Field(description="The `id` of a question.", examples=["q_3f2a9c01de"])
    value: AnswerValue = None


class TrackingPart(_Part):
    """Where the visitor came from; kept with the booking."""

    utm_campaign: Annotated[str, Field(max_length=limits.LINE)] | None = None
    utm_source: Annotated[str, Field(max_length=limits.LINE)] | None = Field(
        default=None, examples=["newsletter"]
    )
    utm_medium: Annotated[str, Field(max_length=limits.LINE)] | None = None
    utm_content: Annotated[str, Field(max_length=limits.LINE)] | None = None
    utm_term: Annotated[str, Field(max_length=limits.LINE)] | None = None
    salesforce_uuid: Annotated[str, Field(max_length=limits.LINE)] | None = None


_EXAMPLE: Final[JsonDict] = {
    "eventTypeId": "phone-consult",
    "start": "2026-12-01T09:00:00+01:00",
    "timeZone": "Europe/Berlin",
    "invitee": {"name": "Grace Example", "email": "grace@example.test"},
    "location": {"optionId": "outbound_call", "value": "030 23125012"},
    "guests": ["ada@example.test"],
    "tracking": {"utmSource": "newsletter"},
    "region": "DE",
}


class Submission(_Part):
    """A booking as the visitor's form sends it.

    The form of the event type says which location, questions and answers it
    takes. An optional field that is null counts as not given.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    event_type_id: Annotated[str, Field(min_length=1, max_length=limits.ID)] = Field(
        description="The `id` of an event type, or its `slug`.", examples=["phone-consult"]
    )
    start: Start
    time_zone: TimeZoneName
    invitee: InviteePart
    location: ChosenLocation | None = None
    answers: Annotated[list[Answer], Field(max_length=limits.ANSWERS)] | None = None
    guests: Annotated[list[Email], Field(max_length=limits.GUESTS)] | None = Field(
        default=None, description="E-mail addresses of others to invite.", examples=[["ada@example.test"]]
    )
    tracking: TrackingPart | None = None
    region: Region | None = None
    form_version: Annotated[str, Field(max_length=limits.LINE)] | None = Field(
        default=None,
        description="The form's `version`. If it is no longer that, the answer is `form_changed`.",
    )
