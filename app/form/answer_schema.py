"""The questions of a form as JSON Schema."""

from collections.abc import Sequence
from typing import Final

from app.form import limits
from app.form.model import Question, QuestionType
from app.form.words_schema import LINE, NOTHING, PHONE_NUMBER, TEXT, Schema, closed, or_null

_WORDS: Final[dict[QuestionType, Schema]] = {"string": LINE, "text": TEXT, "phone": PHONE_NUMBER}


def answers_schema(questions: Sequence[Question]) -> Schema:
    """Each question at most once, required ones exactly once, and no others."""
    if not questions:
        return or_null({"type": "array", "maxItems": 0})
    answers: Schema = {
        "type": "array",
        "maxItems": limits.ANSWERS,
        "items": {"oneOf": [_item(question) for question in questions]},
        "allOf": [_how_often(question) for question in questions],
    }
    return answers if any(question.required for question in questions) else or_null(answers)


def _item(question: Question) -> Schema:
    id_ = {"const": question.id}
    described: Schema = {"title": question.label}
    if question.required:
        return described | closed({"questionId": id_, "value": _value(question)}, ["questionId", "value"])
    value: Schema = {"anyOf": [_value(question), NOTHING]}
    return described | closed({"questionId": id_, "value": value}, ["questionId"])


def _how_often(question: Question) -> Schema:
    return {
        "contains": {"properties": {"questionId": {"const": question.id}}, "required": ["questionId"]},
        "minContains": int(question.required),
        "maxContains": 1,
    }


def _value(question: Question) -> Schema:
    if question.choices is None:
        return _WORDS[question.type]
    choices: Schema = {"enum": list(question.choices)}
    one: Schema = {"anyOf": [choices, LINE]} if question.allow_other else choices
    if question.type == "single_select":
        return one
    one_other = {"contains": {"not": choices}, "minContains": 0, "maxContains": 1}
    several: Schema = {
        "type": "array",
        "items": one,
        "minItems": 1,
        "maxItems": limits.ANSWERS,
        "uniqueItems": True,
    }
    return several | (one_other if question.allow_other else {})
