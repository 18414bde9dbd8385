"""Free times: which dates, in which zone, how old, and at what cost upstream."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import API
from tests.support.redis import CACHE, RedisServer
from tests.support.service import Service, calls_of, clear_calls, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"


async def _ask(bff: Service, slug: str = "intro-call", **params: Any) -> dict[str, Any]:
    answer = await bff.get(f"/event-types/{slug}/availability", **params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _renewed(bff: Service) -> dict[str, Any]:
    """The first answer that is fresh again."""
    for _ in range(100):
        found = await _ask(bff)
        if found["state"] == "fresh":
            return found
        await asyncio.sleep(0.05)
    raise TimeoutError


async def test_without_wishes_it_is_thirty_one_days_in_the_hosts_zone(bff: Service) -> None:
    found = await _ask(bff)

    assert (found["from"], found["to"], found["timeZone"]) == ("2026-11-23", "2026-12-23", "Europe/Berlin")
    assert [day["date"] for day in found["days"]][::30] == ["2026-11-23", "2026-12-23"]


async def test_each_date_is_there_once_even_where_nothing_is_free(bff: Service) -> None:
    found = await _ask(bff, **{"from": "2026-11-27", "to": "2026-11-30"})

    assert [(day["date"], bool(day["slots"])) for day in found["days"]] == [
        ("2026-11-27", True),
        ("2026-11-28", False),
        ("2026-11-29", False),
        ("2026-11-30", True),
    ]


async def test_only_the_end_may_be_given(bff: Service) -> None:
    found = await _ask(bff, to="2026-11-25")

    assert (found["from"], found["to"]) == ("2026-11-23", "2026-11-25")


async def test_today_is_today_in_the_zone_asked_for(bff: Service) -> None:
    found = await _ask(bff, timeZone="Pacific/Honolulu")

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
    found = await _ask(bff, "workshop")

    spots = [slot["spotsLeft"] for day in found["days"] for slot in day["slots"]]
    assert spots[:2] == [2, 10]


async def test_id_and_slug_give_the_same_times(bff: Service) -> None:
    by_slug = await _ask(bff, "visit")

    assert await _ask(bff, by_slug["eventTypeId"]) == by_slug


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
    found = await _ask(bff, **{"from": "2026-11-19", "to": "2026-11-23"})

    assert [bool(day["slots"]) for day in found["days"]] == [False, False, False, False, True]
    assert len(await calls_of(calendly, TIMES)) == 1


async def test_dates_that_are_over_need_no_reading_and_make_no_answer_older(
    bff: Service, calendly: Simulation
) -> None:
    range_ = {"to": "2026-11-24", "timeZone": "UTC"}
    await bff.free("intro-call", **range_)
    await bff.get("/event-types/intro-call/availability", **{"from": "2026-11-22"}, **range_)
    calendly.clock.advance(minutes=15)
    fresh = await _ask(bff, **range_)
    await plan_fault(calendly, "status", path=TIMES, times=20, status=400)

    before = await _ask(bff, **{"from": "2026-11-22"}, **range_)
    calendly.clock.advance(minutes=15)
    after = await _ask(bff, **{"from": "2026-11-21"}, **range_)

    assert (before["state"], before["asOf"]) == ("fresh", fresh["asOf"])
    assert (after["state"], after["asOf"]) == ("stale", fresh["asOf"])


async def test_a_day_that_is_over_in_a_moment_is_empty_and_costs_no_call(
    bff: Service, calendly: Simulation
) -> None:
    calendly.clock.moment = datetime(2026, 11, 23, 23, 59, 30, tzinfo=UTC)

    found = await _ask(bff, to="2026-11-23", timeZone="UTC")

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
    found = await _ask(bff)

    assert {len(day["slots"]) for day in found["days"]} > {0, 16}
    assert [day["slotCount"] for day in found["days"]] == [len(day["slots"]) for day in found["days"]]


async def test_slots_are_the_view_where_none_is_asked_for(bff: Service) -> None:
    assert await _ask(bff, view="slots") == await _ask(bff)


async def test_days_are_the_same_answer_without_the_slots(bff: Service) -> None:
    expected = await _ask(bff, timeZone="Asia/Kolkata")
    for day in expected["days"]:
        del day["slots"]

    assert await _ask(bff, timeZone="Asia/Kolkata", view="days") == expected


async def test_days_cost_the_same_calls_as_slots_and_share_them(bff: Service, calendly: Simulation) -> None:
    await _ask(bff, **{"from": "2026-12-01", "to": "2026-12-30"}, view="days")
    calls = len(await calls_of(calendly, TIMES))

    await _ask(bff, **{"from": "2026-12-01", "to": "2026-12-30"})

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
    found = await _ask(bff, **{"from": first, "to": last})

    assert (found["days"][0]["date"], found["days"][-1]["date"]) == (first, last)


async def test_a_cold_month_far_from_utc_costs_two_calls(bff: Service, calendly: Simulation) -> None:
    await _ask(bff, **{"from": "2026-12-01", "to": "2026-12-31", "timeZone": "Asia/Kolkata"})

    assert 1 <= len(await calls_of(calendly, TIMES)) <= 2


async def test_no_call_spans_more_than_calendly_allows(bff: Service, calendly: Simulation) -> None:
    await _ask(bff, **{"from": "2026-11-23", "to": "2027-01-23", "timeZone": "America/New_York"})

    spans = [
        datetime.fromisoformat(call["query"]["end_time"])
        - datetime.fromisoformat(call["query"]["start_time"])
        for call in await calls_of(calendly, TIMES)
    ]
    assert len(spans) == 3
    assert max(spans) <= timedelta(days=31)


async def test_zones_share_the_days_they_have_in_common(bff: Service, calendly: Simulation) -> None:
    range_ = {"from": "2026-12-01", "to": "2026-12-14"}
    await _ask(bff, **range_, timeZone="Asia/Tokyo")
    await clear_calls(calendly)

    await _ask(bff, **range_, timeZone="America/Los_Angeles")

    asked = [call["query"]["start_time"][:10] for call in await calls_of(calendly, TIMES)]
    assert asked == ["2026-12-15"]


async def test_ranges_within_a_known_one_cost_nothing(bff: Service, calendly: Simulation) -> None:
    await _ask(bff, **{"from": "2026-12-01", "to": "2026-12-31"})
    await clear_calls(calendly)

    await _ask(bff, **{"from": "2026-12-03", "to": "2026-12-09"})
    await _ask(bff, **{"from": "2026-12-20", "to": "2026-12-28"})

    assert await calls_of(calendly, TIMES) == []


async def test_a_fresh_answer_says_when_it_was_read(bff: Service, calendly: Simulation) -> None:
    await _ask(bff)
    calendly.clock.advance(seconds=30)

    found = await _ask(bff)

    assert (found["state"], found["asOf"]) == ("fresh", "2026-11-23T06:00:00Z")


async def test_what_is_older_than_its_lifetime_is_answered_marked_while_it_is_read_again(
    bff: Service, calendly: Simulation
) -> None:
    await _ask(bff)
    await clear_calls(calendly)
    calendly.clock.advance(seconds=31)

    found = [await _ask(bff) for _ in range(5)]
    renewed = await _renewed(bff)

    assert (found[0]["state"], found[0]["asOf"]) == ("stale", "2026-11-23T06:00:00Z")
    assert renewed["asOf"] == "2026-11-23T06:00:31Z"
    assert len(await calls_of(calendly, TIMES)) == 1


async def test_what_is_older_than_that_is_read_before_it_is_answered(
    bff: Service, calendly: Simulation
) -> None:
    await _ask(bff)
    calendly.clock.advance(minutes=11)

    found = await _ask(bff)

    assert (found["state"], found["asOf"]) == ("fresh", "2026-11-23T06:11:00Z")


@pytest.mark.fault("U13")
async def test_while_calendly_fails_an_older_answer_is_given_and_marked(
    bff: Service, calendly: Simulation
) -> None:
    before = await _ask(bff)
    await plan_fault(calendly, "status", times=20, status=503)
    calendly.clock.advance(minutes=40)

    found = await _ask(bff)

    assert (found["state"], found["asOf"]) == ("stale", "2026-11-23T06:00:00Z")
    assert found["days"] == before["days"]


async def test_an_answer_is_as_old_as_its_oldest_part(bff: Service, calendly: Simulation) -> None:
    await _ask(bff, **{"from": "2026-12-01", "to": "2026-12-03"})
    calendly.clock.advance(seconds=10)

    found = await _ask(bff, **{"from": "2026-12-01", "to": "2026-12-05"})

    assert (found["state"], found["asOf"]) == ("fresh", "2026-11-23T06:00:00Z")


@pytest.mark.fault("U25")
async def test_what_was_never_read_is_a_problem_and_no_empty_list(bff: Service, calendly: Simulation) -> None:
    await _ask(bff, **{"from": "2026-12-01", "to": "2026-12-03"})
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)

    answer = await bff.get(
        "/event-types/intro-call/availability", **{"from": "2026-12-01", "to": "2026-12-04"}
    )

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_an_answer_that_is_too_old_is_given_no_longer(bff: Service, calendly: Simulation) -> None:
    await _ask(bff)
    await bff.get("/event-types")
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)
    calendly.clock.advance(minutes=61)

    answer = await bff.get("/event-types/intro-call/availability")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_browsers_and_shared_caches_may_keep_it_for_moments(bff: Service, calendly: Simulation) -> None:
    fresh = await bff.get("/event-types/intro-call/availability")
    calendly.clock.advance(seconds=31)
    stale = await bff.get("/event-types/intro-call/availability")

    later = "stale-while-revalidate={}, stale-if-error=3600"
    assert fresh.headers["Cache-Control"] == f"public, max-age=5, {later.format(25)}"
    assert stale.headers["Cache-Control"] == f"public, max-age=1, {later.format(5)}"


async def test_a_booking_made_elsewhere_is_seen_after_half_a_minute(
    bff: Service, calendly: Simulation
) -> None:
    first = (await bff.free("intro-call"))[0]
    await calendly.book("intro-call")
    calendly.clock.advance(seconds=31)

    await _ask(bff)

    assert first not in [slot["start"] for day in (await _renewed(bff))["days"] for slot in day["slots"]]


async def test_replicas_share_what_they_read(bff: Service, calendly: Simulation, redis: RedisServer) -> None:
    await _ask(bff)
    await clear_calls(calendly)
    settings = settings_for(str(calendly.http.base_url), redis_url=redis.url(CACHE))
    async with running_service(settings, calendly.clock) as replica:
        await _ask(replica)

    assert await calls_of(calendly, TIMES) == []


async def test_one_call_renews_what_visitors_in_all_zones_look_at(bff: Service, calendly: Simulation) -> None:
    zones = ("Asia/Tokyo", "Europe/Berlin", "America/Los_Angeles")
    week = {"from": "2026-12-01", "to": "2026-12-07"}
    for zone in zones:
        await bff.get("/event-types/intro-call/availability", timeZone=zone, **week)
    await clear_calls(calendly)
    calendly.clock.advance(seconds=31)

    async def states() -> set[str]:
        answers = [
            await bff.get("/event-types/intro-call/availability", timeZone=zone, **week) for zone in zones
        ]
        return {answer.json()["state"] for answer in answers}

    assert "stale" in await states()
    for _ in range(500):
        if await states() == {"fresh"}:
            break
        await asyncio.sleep(0.01)
    assert await states() == {"fresh"}
    assert len(await calls_of(calendly, TIMES)) == 1
