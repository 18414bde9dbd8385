"""How the framework's refusals become ours: pointers into the body, and nothing of the input."""

import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.requests import answer_http
from tests.support.service import Service, booking_body

BODY = booking_body("visit", "2026-12-01T09:00:00Z")


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        pytest.param({"answers": [5]}, [("/answers/0", "invalid")], id="item of a list"),
        pytest.param({"guests": ["a@example.test", 5]}, [("/guests/1", "invalid")], id="second item"),
        pytest.param({"answers": [{}]}, [("/answers/0/questionId", "required")], id="missing in an item"),
        pytest.param({"invitee": {}}, [("/invitee/email", "required")], id="missing in an object"),
        pytest.param({"invitee": {"email": 5}}, [("/invitee/email", "invalid")], id="wrong in an object"),
        pytest.param(
            {"location": {"marker": 1, "optionId": "a"}}, [("/location", "unknown_field")], id="unknown"
        ),
        pytest.param(
            {"answers": [{"questionId": "q", "value": {"marker": 1}}]},
            [("/answers/0/value", "invalid")],
            id="one fault for all that a value may be",
        ),
        pytest.param(
            {"marker": 1, "markers": 2, "start": "marker"},
            [("/start", "start_invalid"), ("", "unknown_field")],
            id="each fault once",
        ),
    ],
)
async def test_a_fault_is_pointed_at_and_not_repeated(
    bff: Service, changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    answer = await bff.preflight(BODY | changes)

    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == faults
    assert "marker" not in answer.text


async def test_a_refusal_of_the_framework_that_has_no_code_of_ours_is_our_failure() -> None:
    request = Request({"type": "http", "headers": [], "state": {"request_id": "0123456789abcdef"}})

    answer = await answer_http(request, HTTPException(418, "marker"))

    assert json.loads(bytes(answer.body))["code"] == "internal"
    assert b"marker" not in bytes(answer.body)
