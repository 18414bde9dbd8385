"""Fills in any form, knowing nothing but what the public API says of it."""

from dataclasses import dataclass
from typing import Any

from tests.support.canary import VISITOR_EMAIL

Json = dict[str, Any]

_WORDS: Json = {
    "text": "Example Park, by the gate",
    "textarea": "First line\nSecond line",
    "tel": "+49 30 901820",
    "email": VISITOR_EMAIL,
    "emails": ["guest-one@example.test", "guest-two@example.test"],
}
"""What is typed into a field without choices, by its kind of input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """`option` is the location option to choose, the first one if None; `everything`: optional fields too."""

    start: str = "2027-01-04T09:00:00+01:00"
    time_zone: str = "Europe/Berlin"
    option: str | None = None
    everything: bool = False


def filled(form: Json, filling: Filling) -> Json:
    """A body for `POST /bookings`."""
    event_type_id = form["schema"]["properties"]["eventTypeId"]["enum"][0]
    body: Json = {
        "eventTypeId": event_type_id,
        "start": filling.start,
        "timeZone": filling.time_zone,
        "formVersion": form["version"],
    }
    for field in form["fields"]:
        if field["when"] in {None, body.get("location", {}).get("optionId")}:
            _fill(body, field, filling)
    return body


def _fill(body: Json, field: Json, filling: Filling) -> None:
    """A question that is left out still takes its place, so that the others' pointers hold."""
    given = field["required"] or filling.everything
    if field["questionId"] is not None:
        answer = {"questionId": field["questionId"]} | ({"value": _value(field)} if given else {})
        body.setdefault("answers", []).append(answer)
    elif given:
        chosen = filling.option if field["pointer"] == "/location/optionId" else None
        _put(body, field["pointer"], chosen or _value(field))


def _value(field: Json) -> object:
    match field["input"]:
        case "radio":
            return field["choices"][0]["value"]
        case "checkboxes":
            return [choice["value"] for choice in field["choices"][:2]]
        case kind:
            return _WORDS[kind]


def _put(body: Json, pointer: str, value: object) -> None:
    *parents, last = pointer.removeprefix("/").split("/")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value
