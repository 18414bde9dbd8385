"""An event type's questions as fields of a form, and the answers that come back."""

from collections.abc import Iterator
from typing import Any

from simulator.hosted.visit import Visit
from simulator.html import checkboxes, choice, text_area, text_field
from simulator.model import CustomQuestion, EventType

SELECTS = frozenset({"single_select", "multi_select"})


def question_fields(visit: Visit, event_type: EventType) -> Iterator[str]:
    """`answer_{position}`, and `other_{position}` where another answer than those offered is allowed."""
    for question in _asked(event_type):
        yield _field(visit, question)
        if question.type in SELECTS and question.include_other:
            name = f"other_{question.position}"
            yield text_field(name, f"{question.name} Other:", value=visit.field(name))


def _asked(event_type: EventType) -> list[CustomQuestion]:
    return [question for question in event_type.custom_questions if question.enabled]


def _field(visit: Visit, question: CustomQuestion) -> str:
    name, typed = f"answer_{question.position}", visit.field(f"answer_{question.position}")
    match question.type:
        case "text":
            return text_area(name, question.name, value=typed, required=question.required)
        case "single_select":
            options = [("", ""), *((one, one) for one in question.answer_choices)]
            return choice(name, question.name, options, chosen=typed)
        case "multi_select":
            return checkboxes(name, question.name, question.answer_choices)
        case kind:
            field_kind = "tel" if kind == "phone_number" else "text"
            return text_field(name, question.name, value=typed, kind=field_kind, required=question.required)


def answers_from(visit: Visit, event_type: EventType) -> list[dict[str, Any]]:
    """Nothing for a question that was left blank."""
    separator = visit.state.settings.assumptions.multi_select_separator
    answers = []
    for question in _asked(event_type):
        typed = [*visit.form.get(f"answer_{question.position}", ())]
        if question.include_other:
            typed.append(visit.field(f"other_{question.position}"))
        given = [one.strip() for one in typed if one.strip()]
        answer = separator.join(given) if question.type == "multi_select" else next(iter(given), "")
        if answer:
            answers.append({"question": question.name, "answer": answer, "position": question.position})
    return answers
