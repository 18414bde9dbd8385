"""Strict mode: what Calendly would ignore in silence is refused, and says that the simulator did it."""

import pytest

from tests.support.simulation import INVITEE, Json, Simulation

STRICT = "Simulator strict mode: Calendly would ignore this in silence."
ANSWER = {"question": "q", "answer": "a", "position": 0}

unknown = pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        pytest.param({"duration": 90}, "duration", id="body"),
        pytest.param({"invitee": INVITEE | {"phone": "1"}}, "invitee.phone", id="invitee"),
        pytest.param(
            {"location": {"kind": "google_conference", "type": "x"}}, "location.type", id="location"
        ),
        pytest.param({"tracking": {"utm_id": None}}, "tracking.utm_id", id="tracking"),
        pytest.param(
            {"questions_and_answers": [ANSWER, ANSWER | {"id": 1}]},
            "questions_and_answers[1].id",
            id="answer",
        ),
    ],
)


@unknown
async def test_an_unknown_field_is_refused(calendly: Simulation, changes: Json, parameter: str) -> None:
    response = await calendly.send(await calendly.booking("intro-call", **changes))

    assert response.status_code == 400
    assert response.json() == {
        "title": "Invalid Argument",
        "message": STRICT,
        "details": [{"message": "is unknown", "parameter": parameter, "code": "simulator_strict"}],
    }


@unknown
async def test_an_unknown_field_is_ignored_otherwise(
    calendly: Simulation, changes: Json, parameter: str
) -> None:
    await calendly.settings(strict=False)

    response = await calendly.send(await calendly.booking("intro-call", **changes))

    assert STRICT not in response.text
    assert parameter not in response.text


async def test_a_location_that_is_null_is_refused(calendly: Simulation) -> None:
    body = await calendly.booking("team-demo")

    response = await calendly.send(body | {"location": None})

    assert response.json()["details"] == [
        {"message": "is unknown", "parameter": "location", "code": "simulator_strict"}
    ]


async def test_a_booking_with_a_stray_field_succeeds_otherwise(calendly: Simulation) -> None:
    await calendly.settings(strict=False)

    response = await calendly.send(await calendly.booking("intro-call", duration=90))

    assert response.status_code == 201


async def test_an_unknown_query_parameter_is_refused(calendly: Simulation) -> None:
    response = await calendly.get("/event_types", user=await calendly.me(), page="2")

    assert response.status_code == 400
    assert response.json()["message"] == STRICT
    assert response.json()["details"][0]["parameter"] == "page"


async def test_an_unknown_query_parameter_is_ignored_otherwise(calendly: Simulation) -> None:
    await calendly.settings(strict=False)

    response = await calendly.get("/event_types", user=await calendly.me(), page="2")

    assert response.status_code == 200
