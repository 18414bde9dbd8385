"""The location rules: what each kind needs, what it must not carry, and what is not on offer."""

import pytest

from tests.support.simulation import Json, Simulation, location_for

NOT_CONFIGURED = "Specified location kind is not configured for this event type."
INVALID = "The supplied parameters are invalid."
KINDS = [
    "physical", "custom", "ask_invitee", "outbound_call", "inbound_call", "google_conference",
    "zoom_conference", "gotomeeting_conference", "microsoft_teams_conference", "webex_conference",
]  # fmt: skip
BERLIN = "Example House, 1 Sample Street, Berlin"
POTSDAM = "Example Lodge, 2 Sample Square, Potsdam"


def invalid_choice(field: str) -> Json:
    return {
        "message": "invalid location choice",
        "parameter": f"event.location_configuration.{field}",
        "code": "invalid_location_choice",
    }


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        pytest.param(
            "physical",
            {"type": "physical", "location": BERLIN, "additional_info": "Second floor, ring twice."},
            id="physical",
        ),
        pytest.param("custom", {"type": "custom", "location": "At the fountain in the park"}, id="custom"),
        pytest.param(
            "ask_invitee", {"type": "ask_invitee", "location": "The cafe round the corner"}, id="ask"
        ),
        pytest.param("outbound_call", {"type": "outbound_call", "location": "+493012345678"}, id="outbound"),
        pytest.param(
            "inbound_call",
            {"type": "inbound_call", "location": "+49301234567", "additional_info": "Ask for Ada."},
            id="inbound",
        ),
        pytest.param(
            "google_conference",
            {"type": "google_conference", "status": "processing", "join_url": None},
            id="google",
        ),
        pytest.param(
            "zoom_conference",
            {"type": "zoom", "status": "processing", "join_url": None, "data": None},
            id="zoom",
        ),
        pytest.param(
            "gotomeeting_conference",
            {"type": "gotomeeting", "status": "processing", "join_url": None, "data": None},
            id="gotomeeting",
        ),
        pytest.param(
            "microsoft_teams_conference",
            {"type": "microsoft_teams_conference", "status": "processing", "join_url": None, "data": None},
            id="teams",
        ),
        pytest.param(
            "webex_conference",
            {"type": "webex_conference", "status": "processing", "join_url": None, "data": None},
            id="webex",
        ),
    ],
)
async def test_the_event_shows_the_chosen_place(calendly: Simulation, kind: str, shown: Json) -> None:
    configured = next(
        place for place in (await calendly.event_type("anywhere"))["locations"] if place["kind"] == kind
    )

    invitee = await calendly.book("anywhere", location=location_for(configured))

    event = await calendly.read(invitee["event"])
    assert event["location"] == shown


async def test_no_place_means_no_location_on_the_event(calendly: Simulation) -> None:
    invitee = await calendly.book("no-place")

    event = await calendly.read(invitee["event"])
    assert event["location"] is None


async def test_round_robin_takes_the_first_configured_place(calendly: Simulation) -> None:
    invitee = await calendly.book("team-demo", start_time="2026-11-23T08:00:00.000000Z")

    event = await calendly.read(invitee["event"])
    assert event["location"]["type"] == "zoom"


async def test_round_robin_without_a_place_has_none(calendly: Simulation) -> None:
    await calendly.change("team-demo", locations=None)
    invitee = await calendly.book("team-demo", start_time="2026-11-23T08:00:00.000000Z")

    event = await calendly.read(invitee["event"])
    assert event["location"] is None


async def test_the_second_of_two_addresses_can_be_chosen(calendly: Simulation) -> None:
    invitee = await calendly.book("visit", location={"kind": "physical", "location": POTSDAM})

    event = await calendly.read(invitee["event"])
    assert event["location"]["location"] == POTSDAM


@pytest.mark.parametrize("slug", ["intro-call", "visit", "call-us"])
async def test_a_configured_place_may_not_be_left_out(calendly: Simulation, slug: str) -> None:
    body = await calendly.booking(slug)
    del body["location"]

    response = await calendly.send(body)

    assert response.status_code == 400
    assert response.json() == {
        "title": "Invalid Argument",
        "message": INVALID,
        "details": [invalid_choice("kind")],
    }


@pytest.mark.parametrize(
    ("slug", "status"),
    [
        pytest.param("intro-call", 201, id="one conference"),
        pytest.param("call-us", 201, id="one number to call"),
        pytest.param("phone-consult", 400, id="one that needs input"),
        pytest.param("visit", 400, id="several"),
    ],
)
async def test_only_a_single_place_may_be_left_out_where_assumed(
    calendly: Simulation, slug: str, status: int
) -> None:
    await calendly.assume(singleLocationRequired=False)
    body = await calendly.booking(slug)
    del body["location"]

    response = await calendly.send(body)

    assert response.status_code == status


@pytest.mark.parametrize(
    ("slug", "location"),
    [
        pytest.param("intro-call", {"kind": "zoom_conference"}, id="another conference"),
        pytest.param("intro-call", {"kind": "google_meet"}, id="a name of the booked event"),
        pytest.param("no-place", {"kind": "zoom_conference"}, id="none is configured"),
        pytest.param("visit", {"kind": "custom", "location": BERLIN}, id="right text, wrong kind"),
        pytest.param("visit", {"kind": "physical", "location": "Elsewhere"}, id="another address"),
        pytest.param("anywhere", {"kind": "custom", "location": "Elsewhere"}, id="another custom place"),
    ],
)
async def test_a_place_that_is_not_on_offer_is_refused(
    calendly: Simulation, slug: str, location: Json
) -> None:
    response = await calendly.send(await calendly.booking(slug, location=location))

    assert response.status_code == 400
    assert response.json() == {
        "title": "Invalid Argument",
        "message": NOT_CONFIGURED,
        "details": [invalid_choice("location")],
    }


async def test_another_address_is_taken_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(locationTextMustMatch=False)

    invitee = await calendly.book("visit", location={"kind": "physical", "location": "Elsewhere"})

    event = await calendly.read(invitee["event"])
    assert event["location"]["location"] == "Elsewhere"


async def test_round_robin_must_not_be_sent_a_location(calendly: Simulation) -> None:
    body = await calendly.booking("team-demo", location={"kind": "zoom_conference"})

    response = await calendly.send(body)

    assert response.status_code == 400
    assert response.json()["details"] == [invalid_choice("location")]


async def test_round_robin_ignores_a_location_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(roundRobinLocationRefused=False)

    response = await calendly.send(await calendly.booking("team-demo", location={"kind": "zoom_conference"}))

    assert response.status_code == 201


@pytest.mark.parametrize("kind", ["physical", "custom", "ask_invitee", "outbound_call"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param({}, "is missing", id="missing"),
        pytest.param({"location": " "}, "must be filled", id="blank"),
    ],
)
async def test_a_kind_that_needs_a_value_gets_one(
    calendly: Simulation, kind: str, value: Json, message: str
) -> None:
    response = await calendly.send(await calendly.booking("anywhere", location={"kind": kind} | value))

    assert response.status_code == 400
    assert response.json()["details"] == [{"message": message, "parameter": "location.location"}]


@pytest.mark.parametrize("number", ["030 123", "+0123456789", "call me", "+12345678901234567"])
async def test_a_call_needs_a_phone_number(calendly: Simulation, number: str) -> None:
    location = {"kind": "outbound_call", "location": number}

    response = await calendly.send(await calendly.booking("phone-consult", location=location))

    assert response.status_code == 400
    assert response.json()["details"] == [
        {"message": "is not a valid phone number", "parameter": "event.location_configuration.location"}
    ]


async def test_any_text_can_be_called_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(phonesChecked=False)

    invitee = await calendly.book("phone-consult", location={"kind": "outbound_call", "location": "me"})

    assert invitee["status"] == "active"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.endswith(("conference", "inbound_call"))])
async def test_a_value_where_none_belongs_is_refused_in_strict_mode(calendly: Simulation, kind: str) -> None:
    location = {"kind": kind, "location": "anywhere"}

    response = await calendly.send(await calendly.booking("anywhere", location=location))

    assert response.status_code == 400
    assert response.json() == {
        "title": "Invalid Argument",
        "message": "Simulator strict mode: Calendly would ignore this in silence.",
        "details": [
            {
                "message": "is not allowed for this kind",
                "parameter": "location.location",
                "code": "simulator_strict",
            }
        ],
    }


async def test_a_value_where_none_belongs_is_ignored_otherwise(calendly: Simulation) -> None:
    await calendly.settings(strict=False)

    invitee = await calendly.book("call-us", location={"kind": "inbound_call", "location": "anywhere"})

    event = await calendly.read(invitee["event"])
    assert event["location"]["location"] == "+49301234567"
