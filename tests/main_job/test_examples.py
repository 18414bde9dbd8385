"""What the API document shows is so: each request example gets its documented success, each example fits its schema."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.front_end import CalendlyControl, FrontEnd
from tests.support.json_schema import is_valid

Json = dict[str, Any]

DOCUMENT: Json = json.loads((Path(__file__).parents[2] / "openapi" / "bff.json").read_text())

BOOKING_ID = "bookingId"
"""The one parameter for which no example can hold: there is no booking before somebody makes one."""

FREE = ("phone-consult", "Europe/Berlin")
"""What the example books, and where its start is written."""


def resolved(schema: Json) -> Json:
    """Able to find what it refers to, wherever it stood in the document."""
    return schema | {"components": DOCUMENT["components"]}


def target(schema: Json) -> Json:
    found: Json = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def operations() -> Iterator[Any]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            # What does not end is asked elsewhere, and so is what takes a secret that no document may show.
            is_endless = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
            if not is_endless and (method == "get" or path.startswith("/api/")):
                yield pytest.param(method, path, operation, id=operation["operationId"])


def example_of(parameter: Json) -> str | None:
    """None where an optional parameter has no example: then it is left out."""
    shown = [parameter["schema"], *parameter["schema"].get("anyOf", ())]
    examples = [example for each in shown for example in each.get("examples", ())]
    assert examples or not parameter["required"], parameter["name"]
    return examples[0] if examples else None


def given(operation: Json, place: str) -> dict[str, str]:
    chosen = {
        parameter["name"]: example_of(parameter)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == place and parameter["name"] != BOOKING_ID
    }
    return {name: example for name, example in chosen.items() if example is not None}


def bodies(operation: Json) -> list[Json | None]:
    """As shown; where no whole one is shown, with every field as shown."""
    if "requestBody" not in operation:
        return [None]
    content: Json = operation["requestBody"]["content"]["application/json"]
    schema = target(content["schema"])
    fields = {
        name: field["examples"][0] for name, field in schema["properties"].items() if "examples" in field
    }
    shown: list[Json | None] = list(schema.get("examples", [fields]))
    return shown


def booked(front_end: FrontEnd, start: str) -> Json:
    """What `POST /bookings` makes of its own example, at another time."""
    (example,) = target({"$ref": "#/components/schemas/Submission"})["examples"]
    booking: Json = front_end.book(example | {"start": start}).json()
    return booking


@pytest.mark.parametrize(("method", "path", "operation"), list(operations()))
def test_a_request_as_shown_gets_its_documented_success(
    method: str, path: str, operation: Json, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    assert calendly.bookings() == []
    starts = iter(front_end.starts(*FREE)[::4])
    success, response = min(item for item in operation["responses"].items() if item[0].startswith("2"))

    for body in bodies(operation):
        managed = booked(front_end, next(starts)) if f"{{{BOOKING_ID}}}" in path else {}
        answer = front_end.http.request(
            method.upper(),
            path.format(**given(operation, "path"), **{BOOKING_ID: managed.get("id")}),
            params=given(operation, "query"),
            headers=given(operation, "header") | bearer(managed),
            json=body and body | ({"start": next(starts)} if "start" in body else {}),
        )

        assert answer.status_code == int(success), answer.text
        kind, content = next(iter(response["content"].items()))
        assert answer.headers["content-type"].startswith(kind)
        value = answer.json() if kind == "application/json" else answer.text
        assert is_valid(resolved(content["schema"]), value)


def bearer(booking: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {booking['manage']['token']}"} if booking else {}


def examples_within(value: object, where: str = "") -> Iterator[tuple[str, Json, object]]:
    """Each example in the document, with the schema that it stands beside."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from examples_within(item, f"{where}/{index}")
    if not isinstance(value, dict):
        return
    shown = value.get("examples")
    if isinstance(shown, list):
        yield from ((f"{where}/examples/{index}", value, each) for index, each in enumerate(shown))
    elif isinstance(shown, dict) and "schema" in value:
        yield from (
            (f"{where}/examples/{name}", value["schema"], each["value"]) for name, each in shown.items()
        )
    for name, item in value.items():
        yield from examples_within(item, f"{where}/{name}")


EXAMPLES = [pytest.param(schema, example, id=where) for where, schema, example in examples_within(DOCUMENT)]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 50


@pytest.mark.parametrize(("schema", "example"), EXAMPLES)
def test_an_example_fits_its_schema(schema: Json, example: object) -> None:
    assert is_valid(resolved(schema), example)


def test_the_example_of_a_start_is_one_that_calendly_could_have(front_end: FrontEnd) -> None:
    example = target({"$ref": "#/components/schemas/Submission"})["examples"][0]["start"]
    offered = {datetime.fromisoformat(start).time() for start in front_end.starts(*FREE)}

    assert datetime.fromisoformat(example).time() in offered
