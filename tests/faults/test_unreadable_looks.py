"""Looks at Calendly that show something nobody can read: it may be the very booking that is looked for."""

import asyncio

import pytest

from tests.faults.scene import BRISK, Scene, assert_problem, sent
from tests.faults.talks import resetting, telling
from tests.support.service import Json, booking_body

LOOK = "^/scheduled_events$"
LOOK_CLOSER = "^/scheduled_events/[^/]+/invitees$"
BOOKING = "^/invitees$"

unreadable = pytest.mark.parametrize(
    ("path", "changes"),
    [
        pytest.param(LOOK, {"start_time": None}, id="event without a start"),
        pytest.param(LOOK, {"uri": 7}, id="event with a number for a URI"),
        pytest.param(LOOK_CLOSER, {"email": None}, id="invitee without an address"),
        pytest.param(LOOK_CLOSER, {"uri": None}, id="invitee without a URI"),
    ],
)


@pytest.mark.fault("U17")
@unreadable
async def test_what_a_look_cannot_read_is_not_taken_for_nothing(
    scene: Scene, path: str, changes: Json
) -> None:
    """There is a good item beside the broken one, which may be the very booking that is looked for."""
    body = booking_body("workshop", (await scene.bff.free("workshop"))[1])
    await scene.bff.book(body, "first")
    scene.redis.forget_bookings()
    scene.way.block("GET", path, telling(lambda told: _with_broken_item(told, changes)), lets_through=True)

    answer = await scene.bff.book(body, "second")

    assert_problem(answer, 502, "upstream_failed")
    assert await sent(scene.calendly) == 1


def _with_broken_item(told: Json, changes: Json) -> Json:
    if not told["collection"]:
        return told
    [item] = told["collection"]
    harmless = {"uri": f"{item['uri']}X", "email": "somebody@example.test", "event_type": None}
    return told | {"collection": [item | harmless, item | changes]}


@pytest.mark.fault("U17")
@unreadable
async def test_what_cannot_be_read_is_no_proof_that_a_booking_failed(
    scene: Scene, path: str, changes: Json
) -> None:
    body = booking_body("workshop", (await scene.bff.free("workshop"))[1])
    scene.way.block("POST", BOOKING, resetting, lets_through=True)
    scene.way.block("GET", path, telling(lambda told: _with_broken_item(told, changes)), lets_through=True)

    first = (await scene.bff.book(body, "key")).json()
    await asyncio.sleep(4 * BRISK.quiet.total_seconds())
    meanwhile = (await scene.bff.manage(first)).json()["status"]
    await scene.way.mend()

    assert meanwhile == "confirming"
    assert (await scene.bff.settled(first))["status"] == "confirmed"
