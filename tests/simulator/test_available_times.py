"""`GET /event_type_available_times`: live from state, within Calendly's bounds."""

from datetime import timedelta

import pytest

from tests.support.simulation import BASE, GRACE, Simulation

PATH = "/event_type_available_times"
NOW = "2026-11-23T06:00:00Z"


async def test_a_slot_looks_as_calendlys_does(calendly: Simulation) -> None:
    response = await calendly.available_times("intro-call")

    body = response.json()
    assert set(body) == {"collection"}
    assert body["collection"][0] == {
        "status": "available",
        "start_time": "2026-11-23T08:00:00.000000Z",
        "invitees_remaining": 1,
        "scheduling_url": f"{BASE}/ada/intro-call/2026-11-23T08:00:00Z",
    }


async def test_a_workday_is_cut_by_the_increment(calendly: Simulation) -> None:
    starts = await calendly.starts("call-us", end_time="2026-11-23T23:00:00Z")

    assert len(starts) == 32
    assert starts[1] == "2026-11-23T08:15:00.000000Z"
    assert starts[-1] == "2026-11-23T15:45:00.000000Z"


async def test_a_booking_blocks_its_host_for_every_event_type(calendly: Simulation) -> None:
    await calendly.book("intro-call")

    assert (await calendly.starts("deep-dive"))[0] == "2026-11-23T09:00:00.000000Z"
    assert (await calendly.starts("call-us"))[0] == "2026-11-23T08:30:00.000000Z"


async def test_buffers_keep_time_free_round_a_booking(calendly: Simulation) -> None:
    await calendly.book("deep-dive", start_time="2026-11-23T10:00:00.000000Z")

    starts = await calendly.starts("call-us", end_time="2026-11-23T12:00:00Z")

    assert "2026-11-23T09:30:00.000000Z" in starts
    assert "2026-11-23T09:45:00.000000Z" not in starts
    assert "2026-11-23T11:00:00.000000Z" not in starts
    assert "2026-11-23T11:15:00.000000Z" in starts


async def test_buffers_of_two_meetings_add_up_where_assumed(calendly: Simulation) -> None:
    await calendly.change("call-us", before_buffer=15)
    await calendly.book("deep-dive", start_time="2026-11-23T10:00:00.000000Z")
    longer = await calendly.starts("call-us", start_time="2026-11-23T10:30:00Z")
    await calendly.assume(buffersAddUp=True)

    summed = await calendly.starts("call-us", start_time="2026-11-23T10:30:00Z")

    assert longer[0] == "2026-11-23T11:15:00.000000Z"
    assert summed[0] == "2026-11-23T11:30:00.000000Z"


async def test_a_cancellation_frees_the_slot(calendly: Simulation) -> None:
    before = await calendly.starts("intro-call")
    invitee = await calendly.book("intro-call")
    await calendly.call("POST", f"{invitee['event']}/cancellation")

    assert await calendly.starts("intro-call") == before


async def test_notice_keeps_the_near_future_closed(calendly: Simulation) -> None:
    await calendly.change("intro-call", minimum_notice=240)

    assert (await calendly.starts("intro-call"))[0] == "2026-11-23T10:00:00.000000Z"


async def test_the_horizon_keeps_the_far_future_closed(calendly: Simulation) -> None:
    await calendly.change("intro-call", horizon=2)

    assert (await calendly.starts("intro-call"))[-1] == "2026-11-24T15:30:00.000000Z"


async def test_nothing_is_offered_beyond_the_horizon(calendly: Simulation) -> None:
    window = {"start_time": "2027-06-01T00:00:00Z", "end_time": "2027-06-08T00:00:00Z"}

    assert await calendly.starts("intro-call", **window) == []


async def test_the_clock_moves_the_first_slot(calendly: Simulation) -> None:
    await calendly.settings(clockOffsetSeconds=6 * 3600)
    later = (calendly.clock() + timedelta(hours=6)).isoformat()

    assert (await calendly.starts("intro-call", start_time=later))[0] == "2026-11-23T13:00:00.000000Z"


async def test_a_group_shares_one_slot_until_it_is_full(calendly: Simulation) -> None:
    kind = await calendly.change("intro-call", kind="group", seats=2)
    assert kind["kind"] == "group"

    remaining = []
    for _ in range(3):
        first = (await calendly.available_times("intro-call")).json()["collection"][0]
        remaining.append((first["start_time"][11:16], first["invitees_remaining"]))
        await calendly.book("intro-call")

    assert remaining == [("08:00", 2), ("08:00", 1), ("08:30", 2)]


async def test_a_group_event_blocks_the_other_event_types(calendly: Simulation) -> None:
    await calendly.change("intro-call", kind="group", seats=2)
    await calendly.book("intro-call")

    assert (await calendly.starts("no-place"))[0] == "2026-11-23T08:30:00.000000Z"


async def test_round_robin_is_open_while_any_host_is(calendly: Simulation) -> None:
    await calendly.book("intro-call", start_time="2026-11-23T14:00:00.000000Z")

    starts = await calendly.starts("team-demo", end_time="2026-11-24T00:00:00Z")

    assert "2026-11-23T14:00:00.000000Z" in starts
    assert starts[0] == "2026-11-23T08:00:00.000000Z"
    assert starts[-1] == "2026-11-23T21:30:00.000000Z"


async def test_collective_is_open_only_while_all_hosts_are(calendly: Simulation) -> None:
    await calendly.book("intro-call", start_time="2026-11-23T14:00:00.000000Z")

    starts = await calendly.starts("panel", end_time="2026-11-24T00:00:00Z")

    assert [start[11:16] for start in starts] == ["14:30", "15:00", "15:30"]


@pytest.mark.parametrize(
    ("all_hosts", "hours"),
    [
        pytest.param(True, ("14:00", "15:30"), id="all of them"),
        pytest.param(False, ("08:00", "21:30"), id="any of them"),
    ],
)
async def test_a_multi_pool_needs_the_hosts_it_is_assumed_to(
    calendly: Simulation, *, all_hosts: bool, hours: tuple[str, str]
) -> None:
    await calendly.change("panel", pooling_type="multi_pool")
    await calendly.assume(multiPoolNeedsAllHosts=all_hosts)

    starts = await calendly.starts("panel", end_time="2026-11-24T00:00:00Z")

    assert (starts[0][11:16], starts[-1][11:16]) == hours


async def test_an_inactive_event_type_has_no_slots(calendly: Simulation) -> None:
    assert await calendly.starts("retired") == []


async def test_an_inactive_event_type_has_slots_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(inactiveHasSlots=True)

    assert await calendly.starts("retired") != []


@pytest.mark.parametrize(
    ("params", "parameter", "message"),
    [
        pytest.param({"event_type": ""}, "event_type", "is missing", id="no event type"),
        pytest.param(
            {"event_type": "intro-call"}, "event_type", "is not a valid URI of this resource", id="a slug"
        ),
        pytest.param({"start_time": ""}, "start_time", "is missing", id="no start"),
        pytest.param({"end_time": ""}, "end_time", "is missing", id="no end"),
        pytest.param({"start_time": "tomorrow"}, "start_time", "must be a date time", id="a word"),
        pytest.param({"start_time": "2026-11-24"}, "start_time", "must be a date time", id="a date"),
        pytest.param(
            {"start_time": "2026-13-01T00:00:00Z"}, "start_time", "must be a date time", id="no such month"
        ),
        pytest.param(
            {"start_time": "0001-01-01T00:00:00+23:00"}, "start_time", "must be a date time", id="too early"
        ),
        pytest.param(
            {"start_time": "2026-11-23T05:59:59Z"}, "start_time", "must be in the future", id="past"
        ),
        pytest.param(
            {"start_time": NOW, "end_time": NOW}, "end_time", "must be in the future", id="end not later"
        ),
        pytest.param(
            {"start_time": "2026-11-25T00:00:00Z", "end_time": "2026-11-24T00:00:00Z"},
            "end_time",
            "must be after start_time",
            id="backwards",
        ),
        pytest.param(
            {"start_time": NOW, "end_time": "2026-12-24T06:00:01Z"},
            "end_time",
            "date range can be no greater than 31 days",
            id="more than 31 days",
        ),
    ],
)
async def test_a_range_beyond_the_bounds_is_refused(
    calendly: Simulation, params: dict[str, str], parameter: str, message: str
) -> None:
    response = await calendly.available_times("intro-call", **params)

    body = response.json()
    assert response.status_code == 400
    assert body["title"] == "Invalid Argument"
    assert body["details"] == [{"message": message, "parameter": parameter}]


async def test_a_long_range_is_cut_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(longWindowRefused=False)

    starts = await calendly.starts("intro-call", end_time="2027-02-01T00:00:00Z")

    assert starts[-1] == "2026-12-23T15:30:00.000000Z"


async def test_a_slot_on_the_end_of_the_range_belongs_to_it(calendly: Simulation) -> None:
    assert await calendly.starts("intro-call", end_time="2026-11-23T08:00:00Z") != []


async def test_a_slot_on_the_end_of_the_range_is_left_out_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(endTimeInclusive=False)

    assert await calendly.starts("intro-call", end_time="2026-11-23T08:00:00Z") == []


async def test_an_unknown_event_type_is_not_found(calendly: Simulation) -> None:
    response = await calendly.available_times("intro-call", event_type=f"{BASE}/event_types/NOSUCH")

    assert response.status_code == 404


async def test_the_times_of_another_host_are_not_shown(calendly: Simulation) -> None:
    uri = (await calendly.event_type("intro-call"))["uri"]

    response = await calendly.as_(GRACE).available_times("panel", event_type=uri)

    assert response.status_code == 403
