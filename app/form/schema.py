"""The rules of one event type as JSON Schema 2020-12, for the body of `POST /bookings`.

It says the same as `check`, as far as JSON Schema can; `BEYOND_SCHEMA` lists
the rest. What it refuses, `check` refuses too.
"""

from typing import Any, Final

from app.form import limits
from app.form.answer_schema import answers_schema
from app.form.faults import Code
from app.form.model import Form, LocationOption, Locations
from app.form.phones import REGION
from app.form.submission import START, TrackingPart
from app.form.text import CONTROL
from app.form.words_schema import LINE, NULL, ONE_LINE, PHONE_NUMBER, Schema, closed, or_null
from app.time_zones import LONGEST_NAME

BEYOND_SCHEMA: Final = (
    (Code.START_INVALID, "The day exists; validators that only annotate `format` do not look."),
    (Code.TIME_ZONE_UNKNOWN, "The time zone is in the time zone database, written exactly so."),
    (Code.REGION_UNKNOWN, "The region is one that has phone numbers."),
    (Code.PHONE_INVALID, "The phone number can exist, in the region where it has no country code."),
    (Code.EMAIL_INVALID, "The address is well-formed in every detail, in ASCII, and not on a reserved name."),
    (Code.DUPLICATE, "No two guests differ by upper and lower case alone."),
    (Code.GUEST_IS_INVITEE, "No guest is the invitee."),
)
"""What `check` refuses although the schema accepts it: each code with the rule behind it."""

_EMAIL: Final[Schema] = {"type": "string", "format": "email", "maxLength": limits.EMAIL}
_GUESTS: Final[Schema] = {
    "type": "array",
    "items": _EMAIL,
    "maxItems": limits.GUESTS,
    "uniqueItems": True,
}


def schema_of(form: Form, event_type_id: str, slug: str | None = None) -> Schema:
    """Give `slug` where it names this event type alone, so that it may stand in place of the id."""
    needed = ["eventTypeId", "start", "timeZone", "invitee"]
    if form.locations.mode == "choice" or not form.bookable:
        needed.append("location")
    if any(question.required for question in form.questions):
        needed.append("answers")
    properties: Schema = {
        "eventTypeId": {"enum": [event_type_id, *([slug] if slug else [])]},
        "start": {"type": "string", "format": "date-time", "pattern": START, "not": {"pattern": CONTROL}},
        "timeZone": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
        "invitee": _invitee(),
        "location": _location(form.locations),
        "answers": answers_schema(form.questions),
        "guests": or_null(_GUESTS),
        "tracking": or_null(_tracking()),
        "region": or_null({"type": "string", "maxLength": 2, "pattern": REGION}),
        "formVersion": {"enum": [form.version, None]},
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Booking"}
    return head | closed(properties, needed)


def _invitee() -> Schema:
    properties: Schema = {
        "email": _EMAIL,
        "name": or_null(LINE),
        "firstName": or_null(LINE),
        "lastName": or_null(LINE),
        "phone": or_null(PHONE_NUMBER),
    }
    whole: Schema = {"name": LINE, "firstName": NULL, "lastName": NULL}
    parts: Schema = {"name": NULL, "firstName": LINE}
    ways = [
        {"properties": whole, "required": ["name"]},
        {"properties": parts, "required": ["firstName"]},
    ]
    return closed(properties, ["email"]) | {"oneOf": ways}


def _location(locations: Locations) -> Schema | bool:
    """False where nothing can be given: with `location` required, no body at all passes."""
    if not locations.bookable:
        return False
    options: list[Schema] = [_option(option) for option in locations.options if option.bookable]
    if locations.mode == "none":
        return NULL
    return {"oneOf": options} if locations.mode == "choice" else or_null(*options)


def _option(option: LocationOption) -> Schema:
    described: Schema = {"title": option.label}
    if option.detail:
        described["description"] = option.detail
    id_ = {"const": option.id}
    if option.input is None:
        return described | closed({"optionId": id_, "value": NULL}, ["optionId"])
    words = PHONE_NUMBER if option.input.type == "phone" else LINE
    value = {"title": option.input.label} | words
    return described | closed({"optionId": id_, "value": value}, ["optionId", "value"])


def _tracking() -> Schema:
    names = [field.alias for field in TrackingPart.model_fields.values()]
    properties: dict[str, Any] = {str(name): or_null(ONE_LINE) for name in names}
    return closed(properties, [])
