"""The questions of an event type: their ids, and what answers them."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from app.calendly.models import CustomQuestion, NewAnswer
from app.form import limits
from app.form.entries import phone
from app.form.faults import Code, Findings
from app.form.ids import numbered
from app.form.model import Question, QuestionType
from app.form.submission import Answer, AnswerValue
from app.form.text import has_control, is_blank

_TYPES: Final[dict[str, QuestionType]] = {
    "string": "string",
    "text": "text",
    "phone_number": "phone",
    "single_select": "single_select",
    "multi_select": "multi_select",
}
"""Calendly's types and ours. A type we have never seen is answered in words: better than no booking."""

_SELECTS = frozenset({"single_select", "multi_select"})


def questions_from(configured: Sequence[CustomQuestion]) -> tuple[Question, ...]:
    """The enabled ones in the host's order. Ids stay the same as long as text and position do."""
    enabled = sorted((each for each in configured if each.enabled), key=lambda each: each.position)
    ids = numbered(question_id(each.name, each.position) for each in enabled)
    return tuple(_question_from(id_, each) for id_, each in zip(ids, enabled, strict=True))


def question_id(label: str, position: int) -> str:
    """Stable for the same text and position. A second such question of one form is `…-2`."""
    return "q_" + sha256(f"{position} {label}".encode()).hexdigest()[:10]


def _question_from(id_: str, configured: CustomQuestion) -> Question:
    # A blank choice cannot be sent (Calendly refuses blank answers), and a
    # select without any choice could only be answered in words.
    choices = tuple(dict.fromkeys(c for c in configured.answer_choices or () if not is_blank(c)))
    type_ = _TYPES.get(configured.type, "text")
    if type_ in _SELECTS and not choices:
        type_ = "string"
    select = type_ in _SELECTS
    return Question(
        id=id_,
        label=configured.name,
        type=type_,
        required=configured.required,
        choices=choices if select else None,
        allow_other=select and configured.include_other,
        position=configured.position,
    )


def answers_for(
    questions: Sequence[Question], answers: Sequence[Answer], region: str | None, found: Findings
) -> list[NewAnswer]:
    """What Calendly gets, in the host's order, blank ones left out; the faults go to `found`."""
    asked = {question.id: question for question in questions}
    given: dict[str, NewAnswer | None] = {}
    for index, answer in enumerate(answers):
        question = asked.get(answer.question_id)
        if question is None:
            found.add(f"/answers/{index}/questionId", Code.UNKNOWN_QUESTION)
        elif question.id in given:
            found.add(f"/answers/{index}/questionId", Code.DUPLICATE)
        else:
            given[question.id] = _answer_for(question, answer.value, f"/answers/{index}/value", region, found)
    for question in questions:
        if question.required and question.id not in given:
            found.add("/answers", Code.REQUIRED, f"The question {question.id} needs an answer.")
    return [new for question in questions if (new := given.get(question.id))]


def _answer_for(
    question: Question, value: AnswerValue, at: str, region: str | None, found: Findings
) -> NewAnswer | None:
    if _says_nothing(value):
        if question.required:
            found.add(at, Code.REQUIRED)
        return None
    match question.type, value:
        case "multi_select", list():
            words = _chosen(question, value, at, found)
        case "single_select", str():
            words = _chosen(question, [value], at, found)
        case "phone", str():
            words = phone(value, at, region, found)
        case (("string" | "text"), str()):
            words = _written(question, value, at, found)
        case _:
            found.add(at, Code.INVALID)
            return None
    return NewAnswer(question=question.label, answer=words, position=question.position)


def _says_nothing(value: AnswerValue) -> bool:
    return not value or (isinstance(value, str) and is_blank(value))


def _written(question: Question, value: str, at: str, found: Findings) -> str:
    lines = question.type == "text"
    if len(value) > (limits.TEXT if lines else limits.LINE):
        found.add(at, Code.TOO_LONG)
    if has_control(value, lines=lines):
        found.add(at, Code.CONTROL_CHARACTER)
    return value


def _chosen(question: Question, values: Sequence[str], at: str, found: Findings) -> str:
    """Several are sent as lines of one text, which is how Calendly's own page files them."""
    others = [value for value in values if value not in (question.choices or ())]
    if len(set(values)) < len(values):
        found.add(at, Code.DUPLICATE)
    if others and not question.allow_other:
        found.add(at, Code.CHOICE_INVALID)
    elif len(others) > 1:
        found.add(at, Code.TOO_MANY)
    elif others:
        _check_other(others[0], at, found)
    return "\n".join(values)


def _check_other(value: str, at: str, found: Findings) -> None:
    if is_blank(value):
        found.add(at, Code.BLANK)
    if has_control(value):
        found.add(at, Code.CONTROL_CHARACTER)
    if len(value) > limits.LINE:
        found.add(at, Code.TOO_LONG)
