"""`openapi/bff.json` is what the app says, and says enough for a generated client."""

import json
import re
from typing import Any

import pytest

from app import API
from app.contract import document
from app.features.documentation.pages import problem_types
from app.main import create_app
from tests.project.repository import ROOT

COMMITTED = ROOT / "openapi" / "bff.json"
DOCUMENT: dict[str, Any] = json.loads(COMMITTED.read_text())
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}")
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


def test_the_committed_document_is_what_the_app_says() -> None:
    assert document(create_app()) == COMMITTED.read_text()


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()]

    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_reads_well_in_a_generated_client(operation: dict[str, Any]) -> None:
    assert re.fullmatch(
        r"(get|list|stream|create|preflight|cancel|reschedule|receive)[A-Z][A-Za-z]+",
        operation["operationId"],
    )
    assert operation["summary"]
    assert operation["description"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_describes_each_parameter(operation: dict[str, Any]) -> None:
    assert [each["name"] for each in operation.get("parameters", ()) if not each.get("description")] == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_failure_is_declared_as_a_problem_with_an_example_for_each_code(operation: dict[str, Any]) -> None:
    failures = {status: each for status, each in operation["responses"].items() if status >= "400"}

    for status, failure in failures.items():
        examples = failure["content"]["application/problem+json"]["examples"]
        assert examples
        assert {str(problem_types()[code].status) for code in examples} == {status}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_failure_names_the_headers_that_come_with_it(operation: dict[str, Any]) -> None:
    failures = [each for status, each in operation["responses"].items() if status >= "400"]

    assert [each for each in failures if each["headers"].keys() != {"X-Request-Id", "Retry-After"}] == []


def test_a_booking_needs_a_key_and_says_whether_it_is_a_repetition() -> None:
    operation = DOCUMENT["paths"][f"{API}/bookings"]["post"]

    required = {each["name"]: each["required"] for each in operation["parameters"]}
    assert required == {"Idempotency-Key": True}
    assert operation["responses"]["201"]["headers"].keys() == {"Idempotency-Replayed"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_success_that_may_be_a_repetition_or_unknown_says_so_in_its_headers(
    operation: dict[str, Any],
) -> None:
    headers = {
        status: set(each.get("headers", ()))
        for status, each in operation["responses"].items()
        if status < "300"
    }

    expected: dict[str, set[str]] = {"200": set()}
    if operation["operationId"] in {"createBooking", "rescheduleBooking"}:
        expected = {"201": {"Idempotency-Replayed"}, "202": {"Idempotency-Replayed", "Retry-After"}}
    if operation["operationId"] == "getBooking":
        expected = {"200": {"Retry-After"}}
    if operation["operationId"].startswith("receive"):
        expected = {"204": set()}
    if operation["operationId"] == "createConnectLink":
        expected = {"201": set()}
    assert headers == expected


MANAGED = [
    f"{method} {path}" for path, item in DOCUMENT["paths"].items() for method in item if "{bookingId}" in path
]


def _secured_by(scheme: str) -> list[str]:
    assert DOCUMENT["components"]["securitySchemes"][scheme]["scheme"] == "bearer"
    return [
        f"{method} {path}"
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if operation.get("security") == [{scheme: []}]
    ]


def test_whatever_names_a_booking_needs_its_token_and_nothing_else_does() -> None:
    assert len(MANAGED) == 4
    assert _secured_by("manageToken") == MANAGED


def test_what_is_for_operators_needs_their_key() -> None:
    assert _secured_by("operatorKey") == ["post /connect/links"]
    assert DOCUMENT["components"]["securitySchemes"].keys() == {"manageToken", "operatorKey"}


def test_what_is_sent_is_closed_and_what_is_answered_is_open_for_later_fields() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    closed = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert closed == {
        "Submission",
        "InviteePart",
        "ChosenLocation",
        "Answer",
        "TrackingPart",
        "CancelPart",
        "MovePart",
    }
    answered = {
        "Booking",
        "Rescheduled",
        "Manage",
        "Preflight",
        "EventType",
        "Form",
        "Availability",
        "Problem",
    }
    assert answered <= schemas.keys() - closed


def test_the_document_is_drawn_once() -> None:
    app = create_app()

    assert app.openapi() is app.openapi()


def test_every_reference_resolves() -> None:
    referred = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', COMMITTED.read_text()))

    assert "Problem" in referred
    assert referred <= DOCUMENT["components"]["schemas"].keys()


def test_a_shape_has_a_name_that_a_client_would_like() -> None:
    assert [name for name in DOCUMENT["components"]["schemas"] if "__" in name] == []
