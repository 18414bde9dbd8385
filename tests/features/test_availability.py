"""Free times: which dates, in which zone, and which questions are none."""

from datetime import UTC, datetime

import pytest

from app import API
from tests.support.service import Service, calls_of, clear_calls, plan_fault
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"


async def test_without_wishes_it_is_thirty_one_days_in_the_hosts_zone(bff: Service) -> None:
    found = await bff.availability()

    assert (found["from"], found["to"], found["timeZone"]) == ("2026-11-23", "2026-12-23", "Europe/Berlin")
    assert [day["date"] for day in found["days"]][::30] == ["2026-11-23", "2026-12-23"]


async def test_each_date_is_there_once_even_where_nothing_is_free(bff: Service) -> None:
    found = await bff.availability(**{"from": "2026-11-27", "to": "2026-11-30"})

    assert [(day["date"], bool(day["slots"])) for day in found["days"]] == [
        ("2026-11-27", True),
        ("2026-11-28", False),
        ("2026-11-29", False),
        ("2026-11-30", True),
    ]


async def test_only_the_end_may_be_given(bff: Service) -> None:
    found = await bff.availability(to="2026-11-25")

    assert (found["from"], found["to"]) == ("2026-11-23", "2026-11-25")


async def test_today_is_today_in_the_zone_asked_for(bff: Service) -> None:
    found = await bff.availability(timeZone="Pacific/Honolulu")

    assert found["from"] == "2026-11-22"


async def test_times_are_those_of_the_zone_asked_for(bff: Service, calendly: Simulation) -> None:
    window = {
        "start_time": "2026-11-24T00:00:00.000000Z",
        "end_time": "2026-11-25T00:00:00.000000Z",
    }
    expected = [datetime.fromisoformat(start) for start in await calendly.starts("intro-call", **window)]

    found = await bff.free(
        "intro-call", **{"from": "2026-11-24", "to": "2026-11-24", "timeZone": "Asia/Kolkata"}
    )

    assert [datetime.fromisoformat(start) for start in found] == expected
    assert {start[-6:] for start in found} == {"+05:30"}


async def test_a_group_says_how_many_seats_are_left(bff: Service) -> None:
    found = await bff.availability("workshop")

    spots = [slot["spotsLeft"] for day in found["days"] for slot in day["slots"]]
    assert spots[:2] == [2, 10]


async def test_id_and_slug_give_the_same_times(bff: Service) -> None:
    by_slug = await bff.availability("visit")

    assert await bff.availability(by_slug["eventTypeId"]) == by_slug


async def test_a_clock_change_shifts_offsets_and_loses_nothing(bff: Service, calendly: Simulation) -> None:
    calendly.clock.moment = datetime(2027, 3, 26, 22, 0, tzinfo=UTC)

    found = await bff.free(
        "intro-call", **{"from": "2027-03-26", "to": "2027-03-30", "timeZone": "Europe/Berlin"}
    )

    assert next(start[11:] for start in found if start.startswith("2027-03-29")) == "09:00:00+02:00"
    assert len(found) == len(set(found))


async def test_what_is_past_is_not_shown_even_from_the_cache(bff: Service, calendly: Simulation) -> None:
    await calendly.change("intro-call", minimum_notice=0)
    calendly.clock.moment = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
    assert (await bff.free("intro-call"))[0] == "2026-11-23T09:00:00+01:00"
    await plan_fault(calendly, "status", path=TIMES, times=10, status=500)
    calendly.clock.moment = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    later = (await bff.free("intro-call"))[0]

    assert later == "2026-11-23T09:30:00+01:00"


async def test_a_range_may_begin_in_the_past_and_those_dates_are_empty(
    bff: Service, calendly: Simulation
) -> None:
    found = await bff.availability(**{"from": "2026-11-19", "to": "2026-11-23"})

    assert [bool(day["slots"]) for day in found["days"]] == [False, False, False, False, True]
    assert len(await calls_of(calendly, TIMES)) == 1


async def test_dates_that_are_over_need_no_reading_and_make_no_answer_older(
    bff: Service, calendly: Simulation
) -> None:
    range_ = {"to": "2026-11-24", "timeZone": "UTC"}
    await bff.free("intro-call", **range_)
    await bff.get("/event-types/intro-call/availability", **{"from": "2026-11-22"}, **range_)
    calendly.clock.advance(minutes=15)
    fresh = await bff.availability(**range_)
    await plan_fault(calendly, "status", path=TIMES, times=20, status=400)

    before = await bff.availability(**{"from": "2026-11-22"}, **range_)
    calendly.clock.advance(minutes=15)
    after = await bff.availability(**{"from": "2026-11-21"}, **range_)

    assert (before["state"], before["asOf"]) == ("fresh", fresh["asOf"])
    assert (after["state"], after["asOf"]) == ("stale", fresh["asOf"])


async def test_a_day_that_is_over_in_a_moment_is_empty_and_costs_no_call(
    bff: Service, calendly: Simulation
) -> None:
    calendly.clock.moment = datetime(2026, 11, 23, 23, 59, 30, tzinfo=UTC)

    found = await bff.availability(to="2026-11-23", timeZone="UTC")

    assert [day["slots"] for day in found["days"]] == [[]]
    assert await calls_of(calendly, TIMES) == []


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        pytest.param("from=2026-12-02&to=2026-12-01", "/query/to", "before_from", id="upside down"),
        pytest.param("from=2026-11-01&to=2026-11-22", "/query/to", "in_the_past", id="over"),
        pytest.param("to=2026-11-22", "/query/to", "in_the_past", id="over, without a beginning"),
        pytest.param("from=2026-12-01&to=2027-02-01", "/query/to", "too_long", id="63 days"),
        pytest.param("from=2027-11-25", "/query/from", "too_far", id="367 days ahead"),
        pytest.param("from=9999-12-31", "/query/from", "too_far", id="the last day there is"),
        pytest.param(
            "from=9999-12-31&to=9999-12-31", "/query/from", "too_far", id="nothing but the last day"
        ),
        pytest.param(
            "from=0001-01-01&to=0001-01-01", "/query/to", "in_the_past", id="the first day there is"
        ),
        pytest.param("from=0001-01-01", "/query/to", "in_the_past", id="from the first day on"),
        pytest.param("from=0000-01-01", "/query/from", "invalid", id="year zero"),
        pytest.param("from=2026-02-30", "/query/from", "invalid", id="no such day"),
        pytest.param("from=tomorrow", "/query/from", "invalid", id="a word"),
        pytest.param("from=", "/query/from", "invalid", id="empty"),
        pytest.param("from=1764576000", "/query/from", "invalid", id="a timestamp"),
        pytest.param("from=1e18", "/query/from", "invalid", id="a float"),
        pytest.param("from=2026-12-01T00:00:00Z", "/query/from", "invalid", id="an instant"),
        pytest.param("from=20261201", "/query/from", "invalid", id="without hyphens"),
        pytest.param("to=%EF%BC%92026-12-01", "/query/to", "invalid", id="a digit of another script"),
        pytest.param("to=2026-12-01%0A", "/query/to", "invalid", id="a line end"),
        pytest.param("to=%00", "/query/to", "invalid", id="NUL"),
        pytest.param("to=%FF%FE", "/query/to", "invalid", id="no UTF-8"),
        pytest.param("timeZone=Europe/Atlantis", "/query/timeZone", "time_zone_unknown", id="unknown zone"),
        pytest.param(
            "timeZone=europe/berlin", "/query/timeZone", "time_zone_unknown", id="zone in small letters"
        ),
        pytest.param(
            "timeZone=../../etc/passwd", "/query/timeZone", "time_zone_unknown", id="a path as a zone"
        ),
        pytest.param("timeZone=", "/query/timeZone", "blank", id="no zone"),
        pytest.param("timeZone=" + "A" * 65, "/query/timeZone", "too_long", id="long zone"),
        pytest.param("from=2026-12-01&from=2026-12-02", "/query/from", "duplicate", id="twice"),
        pytest.param("view=weeks", "/query/view", "invalid", id="unknown view"),
        pytest.param("view=", "/query/view", "invalid", id="no view"),
        pytest.param("view=days&view=slots", "/query/view", "duplicate", id="two views"),
        pytest.param("views=days", "/query", "unknown_field", id="unknown parameter"),
        pytest.param("FROM=2026-12-01", "/query", "unknown_field", id="in capitals"),
    ],
)
@pytest.mark.fault("C08")
async def test_a_wrong_question_is_pointed_at(bff: Service, query: str, pointer: str, code: str) -> None:
    answer = await bff.http.get(f"{API}/event-types/intro-call/availability?{query}")

    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]


async def test_a_day_says_how_many_slots_it_has(bff: Service) -> None:
    found = await bff.availability()

    assert {len(day["slots"]) for day in found["days"]} > {0, 16}
    assert [day["slotCount"] for day in found["days"]] == [len(day["slots"]) for day in found["days"]]


async def test_slots_are_the_view_where_none_is_asked_for(bff: Service) -> None:
    assert await bff.availability(view="slots") == await bff.availability()


async def test_days_are_the_same_answer_without_the_slots(bff: Service) -> None:
    expected = await bff.availability(timeZone="Asia/Kolkata")
    for day in expected["days"]:
        del day["slots"]

    assert await bff.availability(timeZone="Asia/Kolkata", view="days") == expected


async def test_days_cost_the_same_calls_as_slots_and_share_them(bff: Service, calendly: Simulation) -> None:
    await bff.availability(**{"from": "2026-12-01", "to": "2026-12-30"}, view="days")
    calls = len(await calls_of(calendly, TIMES))

    await bff.availability(**{"from": "2026-12-01", "to": "2026-12-30"})

    assert (calls, len(await calls_of(calendly, TIMES))) == (1, 1)


@pytest.mark.fault("U25")
async def test_days_that_were_never_read_are_a_problem_and_not_counted_as_empty(
    bff: Service, calendly: Simulation
) -> None:
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)

    answer = await bff.get("/event-types/intro-call/availability", view="days")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_a_wrong_question_costs_no_call(bff: Service, calendly: Simulation) -> None:
    await clear_calls(calendly)

    await bff.get("/event-types/intro-call/availability", timeZone="Europe/Atlantis")

    assert (await calendly.http.get("/_simulator/calls")).json()["items"] == []


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param("2026-11-23", "2027-01-23", id="62 days"),
        pytest.param("2027-11-24", "2027-11-24", id="366 days ahead"),
    ],
)
async def test_the_longest_and_the_farthest_range_are_answered(bff: Service, first: str, last: str) -> None:
    found = await bff.availability(**{"from": first, "to": last})

    assert (found["days"][0]["date"], found["days"][-1]["date"]) == (first, last)
