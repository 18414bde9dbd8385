"""Free times of several event types at once: none missing, none twice, and each tells whose it is."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import API
from tests.support.service import Json, Service, booking_body, calls_of, clear_calls, plan_fault, sent
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"
WEEK = {"from": "2026-11-30", "to": "2026-12-06"}


async def _ask(bff: Service, slugs: str, **params: Any) -> Json:
    answer = await bff.get("/availability", eventTypeIds=slugs, **params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _id(bff: Service, slug: str) -> str:
    return str((await bff.get(f"/event-types/{slug}")).json()["id"])


def _offers(found: Json) -> dict[str, list[tuple[str, int]]]:
    """By start: event type and spots left."""
    return {
        slot["start"]: [(offer["eventTypeId"], offer["spotsLeft"]) for offer in slot["offers"]]
        for day in found["days"]
        for slot in day["slots"]
    }


async def test_it_is_the_free_times_of_each_and_of_no_other(bff: Service) -> None:
    slugs = ["workshop", "visit", "call-us", "team-demo"]

    merged = _offers(await _ask(bff, ",".join(slugs), **WEEK, timeZone="Asia/Kolkata"))

    for slug in slugs:
        single = (await bff.get(f"/event-types/{slug}/availability", **WEEK, timeZone="Asia/Kolkata")).json()
        expected = [(slot["start"], slot["spotsLeft"]) for day in single["days"] for slot in day["slots"]]
        found = [
            (start, left)
            for start, offers in merged.items()
            for id_, left in offers
            if id_ == single["eventTypeId"]
        ]
        assert found == expected
    assert [] not in merged.values()


async def test_each_date_is_there_once_even_where_nothing_is_free(bff: Service) -> None:
    found = await _ask(bff, "visit,intro-call", **{"from": "2026-11-27", "to": "2026-11-30"})

    assert [(day["date"], bool(day["slots"])) for day in found["days"]] == [
        ("2026-11-27", True),
        ("2026-11-28", False),
        ("2026-11-29", False),
        ("2026-11-30", True),
    ]


async def test_a_start_that_several_have_is_there_once_and_names_them_in_the_order_asked(
    bff: Service,
) -> None:
    ids = {slug: await _id(bff, slug) for slug in ("visit", "intro-call", "workshop")}

    found = await _ask(bff, "workshop,intro-call,visit", **WEEK)

    starts = [slot["start"] for day in found["days"] for slot in day["slots"]]
    assert starts == sorted(set(starts))
    assert _offers(found)["2026-11-30T09:00:00+01:00"] == [
        (ids["workshop"], 10),
        (ids["intro-call"], 1),
        (ids["visit"], 1),
    ]


async def test_the_event_types_are_described_once_in_the_order_asked(bff: Service) -> None:
    visit = await _id(bff, "visit")

    found = await _ask(bff, f"workshop,{visit}")

    assert found["eventTypes"] == [
        {"eventTypeId": await _id(bff, "workshop"), "name": "Workshop", "durationMinutes": 120},
        {"eventTypeId": visit, "name": "Visit", "durationMinutes": 60},
    ]


async def test_an_offer_can_be_booked_as_it_is(bff: Service) -> None:
    found = await _ask(bff, "call-us,no-place", **WEEK)
    slot = next(slot for day in found["days"] for slot in day["slots"] if len(slot["offers"]) == 2)

    answer = await bff.book(booking_body(slot["offers"][1]["eventTypeId"], slot["start"]))

    assert answer.status_code == 201, answer.text
    assert answer.json()["start"] == slot["start"]


async def test_without_wishes_it_is_a_month_in_the_zone_of_the_host(bff: Service) -> None:
    found = await _ask(bff, "visit,team-demo")

    assert (found["from"], found["to"], found["timeZone"]) == ("2026-11-23", "2026-12-23", "Europe/Berlin")


async def test_one_event_type_is_as_good_as_several(bff: Service) -> None:
    found = await _ask(bff, "visit", **WEEK)

    assert list(_offers(found)) == await bff.free("visit", **WEEK)


async def test_ten_event_types_in_a_week_cost_a_call_each(bff: Service, calendly: Simulation) -> None:
    items = (await bff.get("/event-types")).json()["items"]
    await clear_calls(calendly)

    found = await _ask(bff, ",".join(item["id"] for item in items[:10]), **WEEK)

    asked = [call["query"]["event_type"] for call in await calls_of(calendly, TIMES)]
    assert len(asked) == len(set(asked)) == 10
    assert [each["eventTypeId"] for each in found["eventTypes"]] == [item["id"] for item in items[:10]]


async def test_finding_them_all_takes_one_reading_of_the_catalogue(
    bff: Service, calendly: Simulation
) -> None:
    await _ask(bff, "visit,intro-call,workshop", **WEEK)

    assert len(await calls_of(calendly, "/event_types")) == 1


async def test_what_is_known_of_one_alone_is_not_read_again(bff: Service, calendly: Simulation) -> None:
    await bff.free("visit", **WEEK)
    await clear_calls(calendly)

    await _ask(bff, "visit,intro-call", **WEEK)

    assert len(await calls_of(calendly, TIMES)) == 1


@pytest.mark.fault("U25")
async def test_one_that_cannot_be_read_is_not_left_out_in_silence(bff: Service, calendly: Simulation) -> None:
    await bff.free("visit", **WEEK)
    await plan_fault(calendly, "status", path=TIMES, times=20, status=500)

    answer = await bff.get("/availability", eventTypeIds="visit,intro-call", **WEEK)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_a_booking_is_gone_though_its_part_was_read_before_and_another_was_waited_for(
    bff: Service, calendly: Simulation
) -> None:
    start = (await bff.free("intro-call", **WEEK))[0]
    await clear_calls(calendly)
    await plan_fault(calendly, "delay", path=TIMES, seconds=0.3)
    asking = asyncio.create_task(_ask(bff, "intro-call,visit", **WEEK))
    await sent(calendly, TIMES, "GET")

    await calendly.book("intro-call", start_time=start)
    instant = datetime.fromisoformat(start)
    await bff.account.forget_days(instant, instant + timedelta(minutes=30))

    assert start not in _offers(await asking)


async def test_it_is_as_old_and_as_stale_as_its_oldest_part(bff: Service, calendly: Simulation) -> None:
    await bff.free("visit", **WEEK)
    calendly.clock.advance(minutes=40)
    await bff.free("intro-call", **WEEK)
    await plan_fault(calendly, "status", times=20, status=503)

    found = await _ask(bff, "intro-call,visit", **WEEK)

    assert (found["state"], found["asOf"]) == ("stale", "2026-11-23T06:00:00Z")


@pytest.mark.parametrize(
    "slugs",
    [
        pytest.param("visit,nothing", id="unknown"),
        pytest.param("visit,secret-offer", id="secret"),
        pytest.param("visit, intro-call", id="a blank before"),
        pytest.param("visit;intro-call", id="another separator"),
        pytest.param("nothing,nothing", id="unknown and twice"),
        pytest.param("Visit", id="in capitals"),
    ],
)
async def test_one_that_is_not_there_is_not_found(bff: Service, calendly: Simulation, slugs: str) -> None:
    answer = await bff.get("/availability", eventTypeIds=slugs)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await calls_of(calendly, TIMES) == []


ELEVEN = ",".join(f"e{number}" for number in range(11))
IDS = "/query/eventTypeIds"


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        pytest.param("", IDS, "required", id="none"),
        pytest.param("eventTypeIds=", IDS, "blank", id="empty"),
        pytest.param("eventTypeIds=%20", IDS, "blank", id="a blank"),
        pytest.param("eventTypeIds=,", IDS, "blank", id="a comma"),
        pytest.param("eventTypeIds=visit,", IDS, "blank", id="a comma at the end"),
        pytest.param("eventTypeIds=,visit", IDS, "blank", id="a comma at the beginning"),
        pytest.param("eventTypeIds=visit,%09,intro-call", IDS, "blank", id="a blank in the middle"),
        pytest.param(f"eventTypeIds={ELEVEN}", IDS, "too_many", id="eleven"),
        pytest.param("eventTypeIds=visit,intro-call,visit", IDS, "duplicate", id="one twice"),
        pytest.param("eventTypeIds=visit&eventTypeIds=intro-call", IDS, "duplicate", id="two parameters"),
        pytest.param("eventTypeIds=visit&view=days", "/query", "unknown_field", id="unknown parameter"),
        pytest.param(
            "eventTypeIds=visit&from=2026-12-02&to=2026-12-01", "/query/to", "before_from", id="upside down"
        ),
        pytest.param("eventTypeIds=visit&to=2027-02-01", "/query/to", "too_long", id="too long"),
        pytest.param("eventTypeIds=visit&from=2027-11-25", "/query/from", "too_far", id="too far"),
        pytest.param("eventTypeIds=visit&from=tomorrow", "/query/from", "invalid", id="no date"),
        pytest.param(
            "eventTypeIds=visit&timeZone=Europe/Atlantis", "/query/timeZone", "time_zone_unknown", id="zone"
        ),
    ],
)
@pytest.mark.fault("C08")
async def test_a_wrong_question_is_pointed_at_and_costs_no_reading(
    bff: Service, calendly: Simulation, query: str, pointer: str, code: str
) -> None:
    answer = await bff.http.get(f"{API}/availability?{query}")

    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]
    assert await calls_of(calendly, TIMES) == []


async def test_slug_and_id_of_one_event_type_are_one_twice(bff: Service) -> None:
    answer = await bff.get("/availability", eventTypeIds=f"visit,{await _id(bff, 'visit')}")

    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(IDS, "duplicate")]


async def test_browsers_and_shared_caches_may_keep_it_for_a_moment(bff: Service) -> None:
    answer = await bff.get("/availability", eventTypeIds="visit")

    assert answer.headers["Cache-Control"].startswith("public, max-age=5, ")
