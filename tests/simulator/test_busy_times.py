"""`GET /user_busy_times`: what takes a host's time, and the bounds of asking."""

import pytest

from tests.support.simulation import Simulation

PATH = "/user_busy_times"
MONDAY = {"start_time": "2026-11-23T07:00:00Z", "end_time": "2026-11-24T00:00:00Z"}


async def test_a_booking_takes_its_hosts_time_with_its_buffers(calendly: Simulation) -> None:
    invitee = await calendly.book("visit")

    response = await calendly.get(PATH, user=await calendly.me(), **MONDAY)

    assert response.json() == {
        "collection": [
            {
                "type": "calendly",
                "start_time": "2026-11-23T08:00:00.000000Z",
                "end_time": "2026-11-23T09:00:00.000000Z",
                "buffered_start_time": "2026-11-23T08:00:00.000000Z",
                "buffered_end_time": "2026-11-23T09:15:00.000000Z",
                "event": {"uri": invitee["event"]},
            }
        ]
    }


async def test_busy_times_ascend(calendly: Simulation) -> None:
    starts = await calendly.starts("intro-call")
    await calendly.book("intro-call", start_time=starts[5])
    await calendly.book("intro-call", start_time=starts[1])

    response = await calendly.get(PATH, user=await calendly.me(), **MONDAY)

    assert [item["start_time"] for item in response.json()["collection"]] == [starts[1], starts[5]]


@pytest.mark.parametrize(
    ("start", "end", "parameter"),
    [
        pytest.param("2026-11-23T05:00:00Z", "2026-11-24T00:00:00Z", "start_time", id="in the past"),
        pytest.param("2026-11-24T00:00:00Z", "2026-11-23T23:00:00Z", "end_time", id="backwards"),
        pytest.param("2026-11-24T00:00:00Z", "2026-12-01T00:00:01Z", "end_time", id="more than 7 days"),
        pytest.param("9999-12-31T00:00:00Z", "9999-12-31T00:00:00Z", "end_time", id="the end of time"),
    ],
)
async def test_a_range_beyond_the_bounds_is_refused(
    calendly: Simulation, start: str, end: str, parameter: str
) -> None:
    response = await calendly.get(PATH, user=await calendly.me(), start_time=start, end_time=end)

    assert response.status_code == 400
    assert response.json()["details"][0]["parameter"] == parameter
