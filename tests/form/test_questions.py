"""Questions: which are asked, what answers them, and what Calendly gets."""

from typing import Any

import pytest

from app.form.model import Form
from tests.form.builders import answered, body, faults, form, question, sent

COLOURS = {"answer_choices": ["Red", "Green", "Blue"]}


def asking(type_: str = "string", **fields: Any) -> Form:
    return form(questions=(question(type_, **fields),))


def optional(type_: str, **fields: Any) -> Form:
    return asking(type_, required=False, **fields)


def required(type_: str, **fields: Any) -> Form:
    return asking(type_, required=True, **fields)


@pytest.mark.parametrize(
    ("calendlys", "ours"),
    [
        ("string", "string"),
        ("text", "text"),
        ("phone_number", "phone"),
        ("single_select", "single_select"),
        ("multi_select", "multi_select"),
        ("smell", "text"),
    ],
)
def test_a_type_has_our_name_and_an_unknown_one_is_text(calendlys: str, ours: str) -> None:
    assert asking(calendlys, **COLOURS).questions[0].type == ours


@pytest.mark.parametrize("choices", [None, [], [" ", ""]], ids=["null", "empty", "blank ones"])
@pytest.mark.parametrize("type_", ["single_select", "multi_select"])
def test_a_select_without_choices_is_answered_in_words(type_: str, choices: list[str] | None) -> None:
    asked = asking(type_, answer_choices=choices, include_other=True).questions[0]

    assert (asked.type, asked.choices, asked.allow_other) == ("string", None, False)


def test_a_choice_given_twice_is_shown_once() -> None:
    assert asking("single_select", answer_choices=["Red", "Red", "Blue"]).questions[0].choices == (
        "Red",
        "Blue",
    )


@pytest.mark.parametrize("type_", ["string", "text", "phone_number"])
def test_choices_of_what_is_no_select_are_ignored(type_: str) -> None:
    asked = asking(type_, include_other=True, **COLOURS).questions[0]

    assert (asked.choices, asked.allow_other) == (None, False)


def test_only_enabled_questions_are_asked_in_the_hosts_order() -> None:
    asked = form(
        questions=(
            question(name="Third", position=3),
            question(name="Off", position=2, enabled=False),
            question(name="First", position=1),
        )
    )

    assert [each.label for each in asked.questions] == ["First", "Third"]


def test_an_id_stays_when_other_questions_come_and_go() -> None:
    alone = form(questions=(question(name="Topic?", position=1),))
    among = form(questions=(question(name="New", position=0), question("text", name="Topic?", position=1)))

    assert alone.questions[0].id == among.questions[1].id == "q_00aff550e4"


@pytest.mark.parametrize("changed", [{"name": "Topic"}, {"position": 2}], ids=["text", "position"])
def test_an_id_changes_with_text_and_position(changed: dict[str, Any]) -> None:
    before = asking(name="Topic?", position=1).questions[0].id
    plain: dict[str, Any] = {"name": "Topic?", "position": 1}
    after = asking(**plain | changed).questions[0].id

    assert before != after


def test_two_questions_alike_have_two_ids() -> None:
    twins = form(questions=(question(), question()))

    first, second = (each.id for each in twins.questions)

    assert second == f"{first}-2"


TAKEN = [
    pytest.param(required("string"), "About us", "About us", id="string"),
    pytest.param(required("string"), "a" * 255, "a" * 255, id="string of full length"),
    pytest.param(required("text"), "One\r\n\tTwo", "One\r\n\tTwo", id="text on two lines"),
    pytest.param(required("text"), "a" * 10_000, "a" * 10_000, id="text of full length"),
    pytest.param(required("smell"), "Roses\nand rain", "Roses\nand rain", id="unknown type"),
    pytest.param(required("phone_number"), "+49 30 23125012", "+493023125012", id="phone"),
    pytest.param(required("single_select", **COLOURS), "Green", "Green", id="single"),
    pytest.param(required("single_select", include_other=True, **COLOURS), "Mauve", "Mauve", id="other"),
    pytest.param(required("multi_select", **COLOURS), ["Blue", "Red"], "Blue\nRed", id="several"),
    pytest.param(required("multi_select", **COLOURS), ["Blue"], "Blue", id="one of several"),
    pytest.param(
        required("multi_select", include_other=True, **COLOURS),
        ["Red", "Mauve"],
        "Red\nMauve",
        id="several and other",
    ),
]


@pytest.mark.parametrize(("asked", "value", "expected"), TAKEN)
def test_calendly_gets_the_exact_question_with_its_answer(asked: Form, value: Any, expected: str) -> None:
    booked = sent(asked, answers=answered(asked, value))

    assert booked["questions_and_answers"] == [{"question": "Topic?", "answer": expected, "position": 0}]


NOTHING_SAID = [
    pytest.param("", id="empty"),
    pytest.param(" \n\u3000\ufeff", id="blank"),
    pytest.param([], id="empty list"),
    pytest.param(None, id="null"),
]


@pytest.mark.parametrize("value", NOTHING_SAID)
@pytest.mark.parametrize(
    "type_", ["string", "text", "phone_number", "single_select", "multi_select", "smell"]
)
def test_a_blank_answer_to_an_optional_question_is_left_out(type_: str, value: Any) -> None:
    asked = optional(type_, **COLOURS)

    assert "questions_and_answers" not in sent(asked, answers=answered(asked, value))


@pytest.mark.parametrize("value", NOTHING_SAID)
@pytest.mark.parametrize(
    "type_", ["string", "text", "phone_number", "single_select", "multi_select", "smell"]
)
def test_a_blank_answer_to_a_required_question_is_refused(type_: str, value: Any) -> None:
    asked = required(type_, **COLOURS)

    assert faults(asked, body(answers=answered(asked, value))) == [("/answers/0/value", "required")]


@pytest.mark.parametrize(
    "answers", [{}, {"answers": None}, {"answers": []}], ids=["left out", "null", "empty"]
)
def test_a_required_question_that_is_passed_over_is_refused(answers: dict[str, Any]) -> None:
    assert faults(required("string"), body(**answers)) == [("/answers", "required")]


def test_an_answer_without_value_counts_as_blank() -> None:
    asked = optional("string")

    assert "questions_and_answers" not in sent(asked, answers=[{"questionId": asked.questions[0].id}])


SINGLE = required("single_select", **COLOURS)
SINGLE_OTHER = required("single_select", include_other=True, **COLOURS)
MULTI = required("multi_select", **COLOURS)
MULTI_OTHER = required("multi_select", include_other=True, **COLOURS)

REFUSED = [
    pytest.param(required("string"), "a" * 256, "too_long", id="long string"),
    pytest.param(required("string"), "a\nb", "control_character", id="string on two lines"),
    pytest.param(required("string"), "a\x85b", "control_character", id="string with a C1 control"),
    pytest.param(required("string"), ["a"], "invalid", id="list for a string"),
    pytest.param(required("string"), 5, "invalid", id="number"),
    pytest.param(required("string"), True, "invalid", id="truth"),
    pytest.param(required("string"), {"a": 1}, "invalid", id="object"),
    pytest.param(required("string"), "a\ud800", "invalid", id="half a surrogate pair"),
    pytest.param(required("text"), "a" * 10_001, "too_long", id="long text"),
    pytest.param(required("text"), "a\x00b", "control_character", id="text with a null character"),
    pytest.param(required("text"), ["a"], "invalid", id="list for a text"),
    pytest.param(required("phone_number"), "23125012", "phone_invalid", id="national number"),
    pytest.param(required("phone_number"), ["+493023125012"], "invalid", id="list for a phone"),
    pytest.param(optional("phone_number"), "n/a", "phone_invalid", id="optional phone that is none"),
    pytest.param(SINGLE, "Mauve", "choice_invalid", id="not a choice"),
    pytest.param(SINGLE, "green", "choice_invalid", id="choice in wrong case"),
    pytest.param(SINGLE, ["Green"], "invalid", id="list for a single select"),
    pytest.param(SINGLE_OTHER, "a" * 256, "too_long", id="long other"),
    pytest.param(SINGLE_OTHER, "a\tb", "control_character", id="other with a tab"),
    pytest.param(MULTI, "Green", "invalid", id="text for a multi select"),
    pytest.param(MULTI, ["Green", "Green"], "duplicate", id="the same twice"),
    pytest.param(MULTI, ["Green", "Mauve"], "choice_invalid", id="one is not a choice"),
    pytest.param(MULTI, ["Green", 5], "invalid", id="one is a number"),
    pytest.param(MULTI, ["Green", "a\ud800"], "invalid", id="one is half a surrogate pair"),
    pytest.param(MULTI, ["Green", "a" * 10_001], "too_long", id="one is endless"),
    pytest.param(MULTI, [str(n) for n in range(101)], "too_many", id="a hundred and one"),
    pytest.param(MULTI_OTHER, ["Mauve", "Ochre"], "too_many", id="two others"),
    pytest.param(MULTI_OTHER, ["Red", " "], "blank", id="blank other"),
    pytest.param(MULTI_OTHER, ["Mauve", "Mauve"], "duplicate", id="other twice"),
]


@pytest.mark.parametrize(("asked", "value", "code"), REFUSED)
def test_a_wrong_answer_is_pointed_at(asked: Form, value: Any, code: str) -> None:
    found = faults(asked, body(answers=answered(asked, value)))

    assert {pointer.removesuffix("/1") for pointer, _ in found} == {"/answers/0/value"}
    assert code in {code for _, code in found}


def test_an_unknown_question_is_refused() -> None:
    answers = [{"questionId": "q_0000000000", "value": "x"}]

    assert faults(form(), body(answers=answers)) == [("/answers/0/questionId", "unknown_question")]


def test_a_disabled_question_cannot_be_answered() -> None:
    enabled = form(questions=(question(),))
    disabled = form(questions=(question(enabled=False),))

    assert faults(disabled, body(answers=answered(enabled, "x"))) == [
        ("/answers/0/questionId", "unknown_question")
    ]


@pytest.mark.parametrize("first", ["x", None], ids=["answered", "blank"])
def test_the_same_question_twice_is_refused(first: str | None) -> None:
    asked = optional("string")

    twice = answered(asked, first) + answered(asked, "y")

    assert faults(asked, body(answers=twice)) == [("/answers/1/questionId", "duplicate")]


def test_answers_are_sent_in_the_hosts_order() -> None:
    asked = form(questions=(question(name="A", position=1), question(name="B", position=4)))

    booked = sent(asked, answers=answered(asked, "a", "b")[::-1])

    assert [(each["question"], each["position"]) for each in booked["questions_and_answers"]] == [
        ("A", 1),
        ("B", 4),
    ]


def test_every_missing_answer_is_named() -> None:
    both = form(questions=(question(name="A", required=True), question(name="B", required=True)))

    assert faults(both, body()) == [("/answers", "required"), ("/answers", "required")]
