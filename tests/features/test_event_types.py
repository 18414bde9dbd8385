"""`GET /event-types`, one of them, and its form, as a front end sees them."""

from typing import Any

import pytest

from app import API
from tests.support.service import Service, calls_of, clear_calls, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

PUBLISHED = [
    "intro-call",
    "phone-consult",
    "call-us",
    "visit",
    "anywhere",
    "no-place",
    "questionnaire",
    "workshop",
    "team-demo",
    "panel",
    "deep-dive",
    "paid-session",
    "poll-lunch",
]
READS = ["", "/form", "/availability", "/availability/next"]


async def _shown(bff: Service, **params: Any) -> list[str]:
    answer = await bff.get("/event-types", **params)
    return [item["slug"] for item in answer.json()["items"]]


async def test_what_is_published_is_listed_in_the_hosts_order(bff: Service) -> None:
    assert await _shown(bff) == PUBLISHED


async def test_a_list_can_be_narrowed_to_a_slug(bff: Service) -> None:
    assert await _shown(bff, slug="visit") == ["visit"]


async def test_a_list_can_be_narrowed_to_an_account(bff: Service) -> None:
    assert await _shown(bff, account="ada") == PUBLISHED


async def test_a_list_for_an_unknown_account_is_empty(bff: Service) -> None:
    assert await _shown(bff, account="nobody") == []


async def test_an_event_type_shows_what_a_booking_page_needs(bff: Service) -> None:
    answer = await bff.get("/event-types/intro-call")

    shown = answer.json()
    assert shown.pop("id")
    assert shown.pop("hostedUrl").startswith("http")
    assert shown.pop("location")["mode"] == "fixed"
    assert shown == {
        "slug": "intro-call",
        "name": "Intro call",
        "description": "Half an hour to get to know each other.",
        "durationMinutes": 30,
        "kind": "solo",
        "color": "#0069ff",
        "locale": "en",
        "account": "ada",
        "host": {"name": "Ada Example", "avatarUrl": None},
        "timeZone": "Europe/Berlin",
        "bookable": True,
        "notBookableReason": None,
        "questions": [],
    }


async def test_id_and_slug_lead_to_the_same_event_type(bff: Service) -> None:
    by_slug = await bff.get("/event-types/visit")

    by_id = await bff.get(f"/event-types/{by_slug.json()['id']}")

    assert by_id.json() == by_slug.json()


async def test_a_place_that_needs_words_of_the_visitor_says_so(bff: Service) -> None:
    shown = (await bff.get("/event-types/visit")).json()["location"]

    assert [option["input"] and option["input"]["type"] for option in shown["options"]] == [
        None,
        None,
        "place",
    ]


async def test_questions_are_shown_without_the_disabled_one(bff: Service) -> None:
    questions = (await bff.get("/event-types/questionnaire")).json()["questions"]

    assert [question["type"] for question in questions] == [
        "string",
        "text",
        "phone",
        "single_select",
        "single_select",
        "multi_select",
        "multi_select",
    ]


@pytest.mark.parametrize(("slug", "reason"), [("paid-session", "paid"), ("poll-lunch", "poll")])
async def test_what_only_calendlys_page_can_book_is_shown_with_the_reason(
    bff: Service, slug: str, reason: str
) -> None:
    shown = (await bff.get(f"/event-types/{slug}")).json()

    assert (shown["bookable"], shown["notBookableReason"]) == (False, reason)


async def test_a_place_of_a_kind_we_do_not_know_leaves_only_the_hosted_page(
    bff: Service, calendly: Simulation
) -> None:
    await calendly.change("intro-call", locations=[{"kind": "hologram"}])

    shown = (await bff.get("/event-types/intro-call")).json()

    assert shown["notBookableReason"] == "location_unsupported"


@pytest.mark.parametrize("rest", READS)
@pytest.mark.parametrize(
    "wanted", ["secret-offer", "retired", "office-hours", "unheard-of", "UNHEARDOFAAAAAAA"]
)
async def test_hidden_foreign_and_unknown_ones_are_answered_alike(
    bff: Service, wanted: str, rest: str
) -> None:
    answer = await bff.get(f"/event-types/{wanted}{rest}")

    problem = answer.json()
    del problem["requestId"]
    assert problem == {
        "type": "/problems/not_found",
        "title": "There is nothing here.",
        "status": 404,
        "code": "not_found",
    }


async def test_a_hidden_event_type_is_not_found_by_its_id_either(bff: Service, calendly: Simulation) -> None:
    secret = (await calendly.event_type("secret-offer"))["uri"].rsplit("/", 1)[1]

    assert (await bff.get(f"/event-types/{secret}")).status_code == 404


async def test_a_slug_that_two_have_leads_to_neither(bff: Service, calendly: Simulation) -> None:
    call_us = (await calendly.event_type("call-us"))["uri"].rsplit("/", 1)[1]
    await calendly.http.patch(f"/_simulator/event_types/{call_us}", json={"slug": "visit"})

    assert (await bff.get("/event-types/visit")).status_code == 404


async def test_a_form_has_a_version_a_schema_and_fields(bff: Service) -> None:
    answer = (await bff.get("/event-types/visit/form")).json()

    assert answer["version"]
    assert answer["schema"]["type"] == "object"
    assert "/invitee/email" in [field["pointer"] for field in answer["fields"]]


async def test_a_form_takes_the_slug_in_place_of_the_id(bff: Service) -> None:
    visit = (await bff.get("/event-types/visit")).json()["id"]

    schema = (await bff.get("/event-types/visit/form")).json()["schema"]

    assert schema["properties"]["eventTypeId"] == {"enum": [visit, "visit"]}


async def test_a_form_takes_no_slug_that_leads_to_another_as_well(bff: Service, calendly: Simulation) -> None:
    ids = [(await calendly.event_type(slug))["uri"].rsplit("/", 1)[1] for slug in ("visit", "call-us")]
    await calendly.http.patch(f"/_simulator/event_types/{ids[1]}", json={"slug": "visit"})

    schemas = [(await bff.get(f"/event-types/{each}/form")).json()["schema"] for each in ids]

    assert [schema["properties"]["eventTypeId"]["enum"] for schema in schemas] == [[each] for each in ids]


async def test_a_form_has_another_version_when_the_questions_changed(
    bff: Service, calendly: Simulation
) -> None:
    before = (await bff.get("/event-types/intro-call/form")).json()["version"]
    await calendly.change(
        "intro-call", custom_questions=[{"name": "Why?", "type": "string", "position": 0, "required": True}]
    )
    calendly.clock.advance(seconds=61)

    after = (await bff.get("/event-types/intro-call/form")).json()["version"]

    assert after != before


@pytest.mark.parametrize("path", ["/event-types", "/event-types/visit", "/event-types/visit/form"])
async def test_browsers_may_keep_event_types_for_a_minute(bff: Service, path: str) -> None:
    answer = await bff.get(path)

    assert answer.headers["Cache-Control"] == "public, max-age=60"


async def test_only_allowed_event_types_are_published(calendly: Simulation) -> None:
    visit = (await calendly.event_type("visit"))["uri"].rsplit("/", 1)[1]
    settings = settings_for(str(calendly.http.base_url), event_types=("intro-call", visit))
    async with running_service(settings, calendly.clock) as bff:
        shown = await _shown(bff)
        other = await bff.get("/event-types/call-us")

    assert shown == ["intro-call", "visit"]
    assert other.status_code == 404


async def test_all_questions_about_event_types_share_one_reading(bff: Service, calendly: Simulation) -> None:
    await clear_calls(calendly)

    for path in ("/event-types", "/event-types/visit", "/event-types/unheard-of", "/event-types/panel/form"):
        await bff.get(path)

    assert len(await calls_of(calendly, "/users/me")) == 1
    assert len(await calls_of(calendly, "/event_types")) == 1


async def test_a_change_is_seen_after_a_minute(bff: Service, calendly: Simulation) -> None:
    await bff.get("/event-types/visit")
    await calendly.change("visit", name="Other")
    calendly.clock.advance(seconds=61)

    assert (await bff.get("/event-types/visit")).json()["name"] == "Other"


async def test_while_calendly_fails_the_last_reading_is_shown(bff: Service, calendly: Simulation) -> None:
    await bff.get("/event-types")
    await plan_fault(calendly, "status", path="/users/me", times=10)
    calendly.clock.advance(minutes=59)

    assert await _shown(bff) == PUBLISHED


@pytest.mark.fault("U20")
async def test_what_was_read_an_hour_ago_is_shown_no_longer(bff: Service, calendly: Simulation) -> None:
    await bff.get("/event-types")
    await plan_fault(calendly, "status", path="/users/me", times=10, status=401)
    calendly.clock.advance(minutes=61)

    answer = await bff.get("/event-types")

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_refused_us")


async def test_another_process_finds_the_reading_in_redis(
    bff: Service, calendly: Simulation, redis: Any
) -> None:
    await bff.get("/event-types")
    await clear_calls(calendly)
    settings = settings_for(str(calendly.http.base_url), redis_url=redis.url(0))
    async with running_service(settings, calendly.clock) as other:
        shown = await _shown(other)

    assert shown == PUBLISHED
    assert await calls_of(calendly, "/event_types") == []


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        pytest.param("?colour=red", [("/query", "unknown_field")], id="unknown"),
        pytest.param("?slug=visit&slug=panel", [("/query/slug", "duplicate")], id="twice"),
        pytest.param(
            "?slug=a&slug=b&account=c&account=d&x=1",
            [("/query/account", "duplicate"), ("/query/slug", "duplicate"), ("/query", "unknown_field")],
            id="all at once",
        ),
    ],
)
async def test_a_query_that_is_not_ours_is_refused(
    bff: Service, query: str, faults: list[tuple[str, str]]
) -> None:
    answer = await bff.http.get(f"{API}/event-types{query}")

    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == faults
