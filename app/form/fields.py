"""A form as a list of fields to draw, for front ends that do not read JSON Schema."""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from app.form import limits
from app.form.model import Form, LocationOption, Locations, Question, QuestionType

Widget = Literal["text", "email", "emails", "tel", "textarea", "radio", "checkboxes"]


class Choice(msgspec.Struct, frozen=True, rename="camel"):
    value: str
    label: str
    help: str | None = None


class Field(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One thing to ask for.

    `pointer` says where the value goes in the body of `POST /bookings`; that of
    an answer holds when all questions are sent in the order of the fields,
    each with its `questionId`. `when` is the location option that must be
    chosen for this field to be asked, and sent.
    """

    pointer: str
    label: str
    input: Widget
    required: bool
    choices: tuple[Choice, ...] | None = None
    allow_other: bool = False
    help: str | None = None
    max_length: int | None = None
    question_id: str | None = None
    when: str | None = None


_NAME: Final = Field(
    pointer="/invitee/name", label="Name", input="text", required=True, max_length=limits.LINE
)
_EMAIL: Final = Field(
    pointer="/invitee/email", label="Email", input="email", required=True, max_length=limits.EMAIL
)
_PHONE: Final = Field(
    pointer="/invitee/phone",
    label="Phone number for text reminders",
    input="tel",
    required=False,
    max_length=limits.PHONE,
)
_GUESTS: Final = Field(
    pointer="/guests",
    label="Guests",
    input="emails",
    required=False,
    help=f"E-mail addresses of up to {limits.GUESTS} others to invite.",
)

_WIDGETS: Final[dict[QuestionType, tuple[Widget, int | None]]] = {
    "string": ("text", limits.LINE),
    "text": ("textarea", limits.TEXT),
    "phone": ("tel", limits.PHONE),
    "single_select": ("radio", None),
    "multi_select": ("checkboxes", None),
}


def fields_of(form: Form) -> list[Field]:
    """In the order in which to ask; nothing for a place that is filled in without asking."""
    return [
        _NAME,
        _EMAIL,
        *_location_fields(form.locations),
        *(_question_field(index, question) for index, question in enumerate(form.questions)),
        _PHONE,
        _GUESTS,
    ]


def _location_fields(locations: Locations) -> Iterator[Field]:
    if locations.mode != "choice":
        return
    options = [option for option in locations.options if option.bookable]
    yield Field(
        pointer="/location/optionId",
        label="Location",
        input="radio",
        required=True,
        choices=tuple(Choice(option.id, option.label, option.detail) for option in options),
    )
    for option in options:
        yield from _value_fields(option)


def _value_fields(option: LocationOption) -> Iterator[Field]:
    if option.input is None:
        return
    phone = option.input.type == "phone"
    yield Field(
        pointer="/location/value",
        label=option.input.label,
        input="tel" if phone else "text",
        required=option.input.required,
        help=option.detail,
        max_length=limits.PHONE if phone else limits.LINE,
        when=option.id,
    )


def _question_field(index: int, question: Question) -> Field:
    widget, max_length = _WIDGETS[question.type]
    choices = question.choices
    return Field(
        pointer=f"/answers/{index}/value",
        label=question.label,
        input=widget,
        required=question.required,
        choices=None if choices is None else tuple(Choice(choice, choice) for choice in choices),
        allow_other=question.allow_other,
        max_length=max_length,
        question_id=question.id,
    )
