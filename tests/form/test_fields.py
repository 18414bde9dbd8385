"""The list of fields to draw."""

from app.form.fields import Choice, Field, fields_of
from app.form.model import Form
from tests.form.builders import form, place, question


def field_at(asked: Form, pointer: str) -> Field:
    (found,) = (field for field in fields_of(asked) if field.pointer == pointer)
    return found


def test_a_plain_form_asks_who_comes() -> None:
    assert [(field.pointer, field.required) for field in fields_of(form(place("zoom_conference")))] == [
        ("/invitee/name", True),
        ("/invitee/email", True),
        ("/invitee/phone", False),
        ("/guests", False),
    ]


def test_a_choice_of_place_lists_what_can_be_booked() -> None:
    asked = form(place("physical", "1 Example Street"), place("pigeon"), place("zoom_conference"))

    assert field_at(asked, "/location/optionId").choices == (
        Choice("physical-1", "In person", "1 Example Street"),
        Choice("zoom_conference", "Zoom"),
    )


def test_a_value_is_asked_for_with_the_option_that_needs_it() -> None:
    asked = form(place("ask_invitee", "In town"), place("zoom_conference"), place("outbound_call"))

    values = [field for field in fields_of(asked) if field.pointer == "/location/value"]

    assert [(field.when, field.input, field.help, field.max_length) for field in values] == [
        ("ask_invitee", "text", "In town", 255),
        ("outbound_call", "tel", None, 40),
    ]


def test_each_type_of_question_has_its_widget() -> None:
    types = ("string", "text", "phone_number", "single_select", "multi_select")
    asked = form(
        questions=tuple(
            question(type_, position=index, answer_choices=["A"]) for index, type_ in enumerate(types)
        )
    )

    answers = [field for field in fields_of(asked) if field.question_id]

    assert [(field.pointer, field.input, field.max_length) for field in answers] == [
        ("/answers/0/value", "text", 255),
        ("/answers/1/value", "textarea", 10_000),
        ("/answers/2/value", "tel", 40),
        ("/answers/3/value", "radio", None),
        ("/answers/4/value", "checkboxes", None),
    ]


def test_a_question_is_shown_as_the_host_wrote_it() -> None:
    asked = form(
        questions=(
            question(
                "single_select", name="  Which?", required=True, answer_choices=["A", "B"], include_other=True
            ),
        )
    )

    assert field_at(asked, "/answers/0/value") == Field(
        pointer="/answers/0/value",
        label="  Which?",
        input="radio",
        required=True,
        choices=(Choice("A", "A"), Choice("B", "B")),
        allow_other=True,
        question_id=asked.questions[0].id,
    )
