"""The seed: the same for every instance, with one event type for each thing that can go differently."""

from datetime import datetime, timedelta

import pytest

from tests.support.simulation import GRACE, MONDAY, Simulation, simulation

TRAITS = [
    ("intro-call", {"duration": 30, "locations": [{"kind": "google_conference"}]}),
    ("phone-consult", {"locations": [{"kind": "outbound_call"}]}),
    ("no-place", {"locations": None}),
    ("workshop", {"kind": "group", "active": True}),
    ("team-demo", {"pooling_type": "round_robin"}),
    ("panel", {"pooling_type": "collective"}),
    ("deep-dive", {"duration": 60, "duration_options": [60, 90]}),
    ("paid-session", {"is_paid": True}),
    ("poll-lunch", {"booking_method": "poll"}),
    ("secret-offer", {"secret": True, "active": True}),
    ("retired", {"active": False}),
]
PLACES = [
    ("call-us", ["inbound_call"]),
    ("visit", ["physical", "physical", "ask_invitee"]),
    (
        "anywhere",
        [
            "physical",
            "custom",
            "ask_invitee",
            "outbound_call",
            "inbound_call",
            "google_conference",
            "zoom_conference",
            "gotomeeting_conference",
            "microsoft_teams_conference",
            "webex_conference",
        ],
    ),
]


@pytest.mark.parametrize(("slug", "traits"), TRAITS, ids=[slug for slug, _ in TRAITS])
async def test_an_event_type_is_what_its_slug_stands_for(
    calendly: Simulation, slug: str, traits: dict[str, object]
) -> None:
    kind = await calendly.event_type(slug)

    assert {name: kind[name] for name in traits} == traits


@pytest.mark.parametrize(("slug", "kinds"), PLACES, ids=[slug for slug, _ in PLACES])
async def test_an_event_type_offers_its_places(calendly: Simulation, slug: str, kinds: list[str]) -> None:
    kind = await calendly.event_type(slug)

    assert [place["kind"] for place in kind["locations"]] == kinds


async def test_the_questionnaire_asks_in_every_way(calendly: Simulation) -> None:
    questions = (await calendly.event_type("questionnaire"))["custom_questions"]

    asked = [question for question in questions if question["enabled"]]
    assert {question["type"] for question in asked} == {
        "string",
        "text",
        "phone_number",
        "single_select",
        "multi_select",
    }
    assert {question["required"] for question in asked} == {True, False}
    assert {(item["type"], item["include_other"]) for item in asked if item["answer_choices"]} == {
        ("single_select", True),
        ("single_select", False),
        ("multi_select", True),
        ("multi_select", False),
    }
    assert [question["position"] for question in questions] == list(range(8))
    assert len(questions) - len(asked) == 1


async def test_both_shapes_of_id_occur(calendly: Simulation) -> None:
    lengths = {
        len((await calendly.event_type(slug))["uri"].rsplit("/", 1)[1]) for slug in ("visit", "deep-dive")
    }

    assert lengths == {16, 36}


async def test_the_second_host_lives_elsewhere(calendly: Simulation) -> None:
    grace = await calendly.as_(GRACE).read("/users/me")

    assert (grace["name"], grace["timezone"], grace["email"]) == (
        "Grace Example",
        "America/New_York",
        "grace@example.test",
    )


async def test_ids_are_those_of_every_other_instance(calendly: Simulation) -> None:
    async with simulation() as other:
        theirs = await other.event_type("visit")

    assert theirs == await calendly.event_type("visit")


@pytest.mark.parametrize("minutes", [0, 29, 59, 60, 61, 119, 120, 121, 600, 1440, 5 * 1440, 6 * 1440 + 90])
async def test_the_first_workshop_has_two_seats_left_for_at_least_half_an_hour(
    calendly: Simulation, minutes: int
) -> None:
    calendly.clock.advance(minutes=minutes)
    await calendly.http.post("/_simulator/reset")
    seats = []

    for _ in range(2):
        first, second = (await calendly.available_times("workshop")).json()["collection"][:2]
        seats.append((first["invitees_remaining"], second["invitees_remaining"]))
        calendly.clock.advance(minutes=30)

    assert seats == [(2, 10), (2, 10)]


async def test_the_seed_is_relative_to_now(calendly: Simulation) -> None:
    first = datetime.fromisoformat((await calendly.starts("workshop"))[0])

    assert MONDAY < first < MONDAY + timedelta(days=4)
