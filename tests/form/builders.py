"""Event types and bodies to try the form rules with, and what the rules say of them."""

from typing import Any

import msgspec
from pydantic import ValidationError

from app.calendly.models import CustomQuestion, EventType, LocationConfiguration
from app.errors import FormChangedError, InvalidRequestError
from app.form.build import form_from
from app.form.check import check
from app.form.faults import fault_from
from app.form.model import Form
from app.form.submission import Submission

EVENT_TYPE_ID = "ET1"
EVENT_TYPE_URI = "https://calendly.example.test/event_types/ET1"
SLOT = "2026-12-01T08:00:00.000000Z"


def place(kind: str, location: str | None = None, **fields: str | None) -> LocationConfiguration:
    return LocationConfiguration(kind=kind, location=location, **fields)


def question(type_: str = "string", **fields: Any) -> CustomQuestion:
    plain: dict[str, Any] = {"name": "Topic?", "type": type_, "position": 0}
    return CustomQuestion(**plain | fields)


def event_type(
    *locations: LocationConfiguration,
    questions: tuple[CustomQuestion, ...] = (),
    pooling_type: str | None = None,
) -> EventType:
    return EventType(
        uri=EVENT_TYPE_URI,
        active=True,
        secret=False,
        duration=30,
        scheduling_url="https://book.example.test/ada",
        pooling_type=pooling_type,
        locations=list(locations),
        custom_questions=list(questions),
    )


def form(
    *locations: LocationConfiguration,
    questions: tuple[CustomQuestion, ...] = (),
    pooling_type: str | None = None,
) -> Form:
    return form_from(event_type(*locations, questions=questions, pooling_type=pooling_type))


def body(**changes: Any) -> dict[str, Any]:
    """A body that a form without places and questions accepts, with these changes."""
    plain = {
        "eventTypeId": EVENT_TYPE_ID,
        "start": "2026-12-01T09:00:00+01:00",
        "timeZone": "Europe/Berlin",
        "invitee": {"name": "Grace Example", "email": "grace@example.test"},
    }
    return plain | changes


def invitee(**changes: Any) -> dict[str, Any]:
    return {"name": "Grace Example", "email": "grace@example.test"} | changes


def answered(asked: Form, *values: Any) -> list[dict[str, Any]]:
    pairs = zip(asked.questions, values, strict=True)
    return [{"questionId": question.id, "value": value} for question, value in pairs]


def sent(asked: Form, **changes: Any) -> dict[str, Any]:
    """The body that Calendly would get, parsed."""
    accepted = check(asked, Submission.model_validate(body(**changes)))
    parsed: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(accepted.new_booking(EVENT_TYPE_URI, SLOT))
    )
    return parsed


def faults(asked: Form, given: Any) -> list[tuple[str, str]]:
    """Pointer and code of all that is wrong, in order."""
    try:
        check(asked, Submission.model_validate(given))
    except InvalidRequestError as exc:
        return [(fault.pointer, fault.code) for fault in exc.faults]
    except ValidationError as exc:
        found = [fault_from(error["type"], error["loc"]) for error in exc.errors()]
        return [(fault.pointer, fault.code) for fault in found]
    except FormChangedError as exc:
        return [("/formVersion", exc.code)]
    return []
