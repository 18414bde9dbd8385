"""What a booking of one event type must say: its location and its answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.assumptions import Assumptions
from simulator.errors import INVALID_PARAMETERS, STRICT_CODE, STRICT_MESSAGE, CalendlyError, Detail, invalid
from simulator.model import CustomQuestion, EventType, LocationConfiguration, Place
from simulator.phones import is_phone

Location = Mapping[str, Any]

NEEDS_INPUT = frozenset({"ask_invitee", "outbound_call"})
TEXT_IS_CONFIGURED = frozenset({"physical", "custom"})
NEEDS_VALUE = NEEDS_INPUT | TEXT_IS_CONFIGURED
NOT_CONFIGURED = "Specified location kind is not configured for this event type."
ANSWERS = "questions_and_answers"


def place_of(
    event_type: EventType, sent: Location | None, assumptions: Assumptions, *, strict: bool
) -> Place | None:
    """Where the event will take place. Raises 400 when what was sent does not fit what is configured."""
    if event_type.pooling_type == "round_robin":
        return _place_of_round_robin(event_type, sent, assumptions)
    configured = event_type.locations or []
    if not sent:
        return _place_unsaid(configured, assumptions)
    candidates = [location for location in configured if location.kind == sent["kind"]]
    if not candidates:
        raise invalid_location("location", message=NOT_CONFIGURED)
    _check_value(sent, assumptions, strict=strict)
    return _place(_matching(candidates, sent, assumptions), sent)


def _place_of_round_robin(
    event_type: EventType, sent: Location | None, assumptions: Assumptions
) -> Place | None:
    if sent and assumptions.round_robin_location_refused:
        raise invalid_location(
            "location", message="A location cannot be specified for round robin event types."
        )
    first = next(iter(event_type.locations or []), None)
    return _place(first, {}) if first else None


def _place_unsaid(configured: Sequence[LocationConfiguration], assumptions: Assumptions) -> Place | None:
    if not configured:
        return None
    if len(configured) > 1 or configured[0].kind in NEEDS_INPUT or assumptions.single_location_required:
        raise invalid_location("kind")
    return _place(configured[0], {})


def invalid_location(field: str, *, message: str = INVALID_PARAMETERS) -> CalendlyError:
    """The path has the prefix of Calendly's internal model: the body itself is flat."""
    path = f"event.location_configuration.{field}"
    return invalid(Detail("invalid location choice", path, "invalid_location_choice"), message=message)


def _check_value(sent: Location, assumptions: Assumptions, *, strict: bool) -> None:
    kind, value = sent["kind"], sent.get("location") or ""
    if kind in NEEDS_VALUE and not value.strip():
        raise invalid(Detail("must be filled" if value else "is missing", "location.location"))
    if kind not in NEEDS_VALUE and "location" in sent and strict:
        raise invalid(
            Detail("is not allowed for this kind", "location.location", STRICT_CODE),
            message=STRICT_MESSAGE,
        )
    if kind == "outbound_call" and assumptions.phones_checked and not is_phone(value):
        raise invalid(Detail("is not a valid phone number", "event.location_configuration.location"))


def _matching(
    candidates: Sequence[LocationConfiguration], sent: Location, assumptions: Assumptions
) -> LocationConfiguration:
    if sent["kind"] not in TEXT_IS_CONFIGURED:
        return candidates[0]
    for candidate in candidates:
        if candidate.location == sent["location"]:
            return candidate
    if assumptions.location_text_must_match:
        raise invalid_location("location", message=NOT_CONFIGURED)
    return LocationConfiguration(sent["kind"], sent["location"])


def _place(configured: LocationConfiguration, sent: Location) -> Place:
    given = {
        "inbound_call": configured.phone_number,
        "physical": configured.location,
        "custom": configured.location,
    }
    return Place(
        kind=configured.kind,
        location=given.get(configured.kind, sent.get("location")),
        additional_info=configured.additional_info,
    )


def answer_faults(
    event_type: EventType, answers: Sequence[Mapping[str, Any]], assumptions: Assumptions
) -> list[Detail]:
    """What is wrong with the answers to this event type's questions."""
    questions = {question.name: question for question in event_type.custom_questions if question.enabled}
    faults: list[Detail] = []
    for index, item in enumerate(answers):
        path = f"{ANSWERS}[{index}]"
        question = questions.get(item["question"])
        if question is not None:
            faults += _faults_of_one(question, item, path, assumptions)
        elif assumptions.unknown_questions_refused:
            faults.append(Detail("does not match a question of this event type", f"{path}.question"))
    answered = {item["question"] for item in answers if item["answer"].strip()}
    if any(question.required and question.name not in answered for question in questions.values()):
        faults.append(Detail("Required Questions and Answers cannot be blank.", ANSWERS))
    return faults


def _faults_of_one(
    question: CustomQuestion, item: Mapping[str, Any], path: str, assumptions: Assumptions
) -> list[Detail]:
    faults: list[Detail] = []
    if assumptions.positions_must_match and item["position"] != question.position:
        faults.append(Detail("does not match the question's position", f"{path}.position"))
    if not item["answer"].strip():
        return faults
    if question.type == "phone_number" and assumptions.phones_checked and not is_phone(item["answer"]):
        faults.append(Detail("Phone Number is not a valid phone number", f"{path}.answer"))
    if assumptions.choices_enforced and not _chosen_well(question, item["answer"], assumptions):
        faults.append(Detail("is not included in the list", f"{path}.answer"))
    return faults


def _chosen_well(question: CustomQuestion, answer: str, assumptions: Assumptions) -> bool:
    if question.type not in {"single_select", "multi_select"} or question.include_other:
        return True
    chosen = answer.split(assumptions.multi_select_separator) if question.type == "multi_select" else [answer]
    return set(chosen) <= set(question.answer_choices)
