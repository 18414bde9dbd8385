"""An event type -> what a front end sees. Pure functions."""

from app.catalogue.model import EventType as Published
from app.features.event_types.schemas import (
    EventType,
    FieldChoice,
    Form,
    FormField,
    Host,
    Location,
    LocationInput,
    LocationOption,
    Question,
)
from app.form.fields import Choice, Field, fields_of
from app.form.model import LocationInput as Input
from app.form.model import LocationOption as Option
from app.form.model import Locations
from app.form.model import Question as Asked
from app.form.schema import schema_of


def event_type_from(published: Published) -> EventType:
    return EventType(
        id=published.id,
        slug=published.slug,
        name=published.name,
        description=published.description,
        duration_minutes=published.duration_minutes,
        kind=published.kind,
        color=published.color,
        locale=published.locale,
        account=published.account,
        host=Host(name=published.host_name, avatar_url=published.host_avatar_url),
        time_zone=published.time_zone,
        bookable=published.bookable,
        not_bookable_reason=published.not_bookable_reason,
        hosted_url=published.hosted_url,
        location=_location_from(published.form.locations),
        questions=[_question_from(question) for question in published.form.questions],
    )


def form_from(published: Published, *, slug: str | None) -> Form:
    """`slug` only where it names this event type alone."""
    form = published.form
    return Form(
        version=form.version,
        schema_=schema_of(form, published.id, slug),
        fields=[_field_from(field) for field in fields_of(form)],
    )


def _location_from(locations: Locations) -> Location:
    return Location(mode=locations.mode, options=[_option_from(option) for option in locations.options])


def _option_from(option: Option) -> LocationOption:
    return LocationOption(
        id=option.id,
        kind=option.kind,
        label=option.label,
        detail=option.detail,
        input=_input_from(option.input),
        bookable=option.bookable,
    )


def _input_from(asked: Input | None) -> LocationInput | None:
    if asked is None:
        return None
    return LocationInput(type=asked.type, label=asked.label, required=asked.required)


def _question_from(question: Asked) -> Question:
    return Question(
        id=question.id,
        label=question.label,
        type=question.type,
        required=question.required,
        choices=None if question.choices is None else list(question.choices),
        allow_other=question.allow_other,
    )


def _field_from(field: Field) -> FormField:
    return FormField(
        pointer=field.pointer,
        label=field.label,
        input=field.input,
        required=field.required,
        choices=field.choices and [_choice_from(choice) for choice in field.choices],
        allow_other=field.allow_other,
        help=field.help,
        max_length=field.max_length,
        question_id=field.question_id,
        when=field.when,
    )


def _choice_from(choice: Choice) -> FieldChoice:
    return FieldChoice(value=choice.value, label=choice.label, help=choice.help)
