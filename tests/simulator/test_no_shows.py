"""Marking invitees who did not come."""

import httpx
import pytest

from tests.support.simulation import GRACE, Json, Simulation


async def mark(calendly: Simulation, invitee: str) -> httpx.Response:
    return await calendly.call("POST", "/invitee_no_shows", json={"invitee": invitee})


async def marked(calendly: Simulation, invitee: str) -> Json:
    response = await mark(calendly, invitee)
    assert response.status_code == 201, response.text
    return dict(response.json()["resource"])


async def test_a_mark_is_described_and_shows_on_the_invitee(calendly: Simulation) -> None:
    invitee = (await calendly.book("intro-call"))["uri"]

    no_show = await marked(calendly, invitee)

    uri = no_show["uri"]
    assert uri.startswith("http://calendly.example.test/invitee_no_shows/")
    assert no_show == {"uri": uri, "invitee": invitee, "created_at": "2026-11-23T06:00:00.000000Z"}
    assert await calendly.read(uri) == no_show
    assert (await calendly.read(invitee))["no_show"] == {"uri": uri, "created_at": no_show["created_at"]}


async def test_a_mark_can_be_taken_back(calendly: Simulation) -> None:
    invitee = (await calendly.book("intro-call"))["uri"]
    no_show = await marked(calendly, invitee)

    response = await calendly.call("DELETE", no_show["uri"])

    assert (response.status_code, response.content) == (204, b"")
    assert (await calendly.read(invitee))["no_show"] is None
    assert (await calendly.get(no_show["uri"])).status_code == 404


@pytest.mark.parametrize("status", [400, 409])
async def test_a_second_mark_is_refused(calendly: Simulation, status: int) -> None:
    await calendly.assume(secondNoShowStatus=status)
    invitee = (await calendly.book("intro-call"))["uri"]
    await marked(calendly, invitee)

    response = await mark(calendly, invitee)

    assert response.status_code == status
    assert response.json()["details"][0]["parameter"] == "invitee"


async def test_the_invitee_of_another_cannot_be_marked(calendly: Simulation) -> None:
    invitee = (await calendly.book("intro-call"))["uri"]
    no_show = await marked(calendly, invitee)
    grace = calendly.as_(GRACE)

    assert (await mark(grace, invitee)).status_code == 403
    assert (await grace.call("DELETE", no_show["uri"])).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 400, id="no invitee"),
        pytest.param({"invitee": 7}, 400, id="a number"),
        pytest.param({"invitee": "http://calendly.example.test/users/X"}, 400, id="no invitee's URI"),
        pytest.param(
            {"invitee": "http://calendly.example.test/scheduled_events/X/invitees/Y"}, 404, id="unknown"
        ),
        pytest.param({"invitee": "x", "reason": "none"}, 400, id="unknown field"),
    ],
)
async def test_a_wrong_body_is_refused(calendly: Simulation, body: Json, status: int) -> None:
    response = await calendly.call("POST", "/invitee_no_shows", json=body)

    assert response.status_code == status


async def test_an_invitee_of_another_event_is_not_found(calendly: Simulation) -> None:
    first, second = await calendly.book("intro-call"), await calendly.book("call-us")
    uuid = first["uri"].rsplit("/", 1)[1]

    assert (await mark(calendly, f"{second['event']}/invitees/{uuid}")).status_code == 404
