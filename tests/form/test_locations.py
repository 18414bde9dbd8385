"""The table of kinds: how each looks, and exactly what Calendly gets for it."""

from typing import Any

import msgspec
import pytest

from app.form.build import form_from
from app.form.locations import KINDS
from tests.form.builders import body, event_type, faults, form, place, sent

PHYSICAL = place("physical", "1 Example Street")
CUSTOM = place("custom", "On the bench by the lake")
ASK = place("ask_invitee", "Somewhere in town")
OUTBOUND = place("outbound_call")
INBOUND = place("inbound_call", phone_number="+493023125012")
MEET = place("google_conference")
ZOOM = place("zoom_conference")
GOTO = place("gotomeeting_conference")
TEAMS = place("microsoft_teams_conference")
WEBEX = place("webex_conference")
ANYWHERE = form(PHYSICAL, CUSTOM, ASK, OUTBOUND, INBOUND, MEET, ZOOM, GOTO, TEAMS, WEBEX)

Choice = dict[str, Any]


def choice(option_id: str, value: Any = None) -> Choice:
    return {"optionId": option_id} | ({} if value is None else {"value": value})


GOLDEN = [
    pytest.param(choice("physical-1"), {"kind": "physical", "location": "1 Example Street"}, id="physical"),
    pytest.param(choice("custom-1"), {"kind": "custom", "location": "On the bench by the lake"}, id="custom"),
    pytest.param(
        choice("ask_invitee", " Café Ada "), {"kind": "ask_invitee", "location": "Café Ada"}, id="ask_invitee"
    ),
    pytest.param(
        choice("outbound_call", "+49 (0)30 23 12 50 12"),
        {"kind": "outbound_call", "location": "+493023125012"},
        id="outbound_call",
    ),
    pytest.param(choice("inbound_call"), {"kind": "inbound_call"}, id="inbound_call"),
    pytest.param(choice("google_conference"), {"kind": "google_conference"}, id="google_conference"),
    pytest.param(choice("zoom_conference"), {"kind": "zoom_conference"}, id="zoom_conference"),
    pytest.param(choice("gotomeeting_conference"), {"kind": "gotomeeting_conference"}, id="gotomeeting"),
    pytest.param(choice("microsoft_teams_conference"), {"kind": "microsoft_teams_conference"}, id="teams"),
    pytest.param(choice("webex_conference"), {"kind": "webex_conference"}, id="webex_conference"),
]


@pytest.mark.parametrize(("chosen", "expected"), GOLDEN)
def test_calendly_gets_exactly_what_the_kind_needs(chosen: Choice, expected: dict[str, str]) -> None:
    assert sent(ANYWHERE, location=chosen)["location"] == expected


def test_the_golden_table_has_every_kind() -> None:
    shown = {option.kind for option in ANYWHERE.locations.options}

    assert shown == KINDS.keys()
    assert len(GOLDEN) == len(KINDS) == 10


@pytest.mark.parametrize("locations", [pytest.param(None, id="null"), pytest.param([], id="empty")])
def test_an_event_type_without_places_asks_for_none(locations: list[Any] | None) -> None:
    without = form_from(msgspec.structs.replace(event_type(), locations=locations))

    assert without.locations.mode == "none"
    assert "location" not in sent(without)


def test_round_robin_is_never_sent_a_place() -> None:
    pooled = form(MEET, OUTBOUND, pooling_type="round_robin")

    assert pooled.locations.mode == "none"
    assert "location" not in sent(pooled)


@pytest.mark.parametrize("pooling_type", ["collective", "multi_pool", "something_new"])
def test_other_pools_are_sent_their_place(pooling_type: str) -> None:
    pooled = form(MEET, pooling_type=pooling_type)

    assert sent(pooled)["location"] == {"kind": "google_conference"}


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        pytest.param(PHYSICAL, {"kind": "physical", "location": "1 Example Street"}, id="physical"),
        pytest.param(CUSTOM, {"kind": "custom", "location": "On the bench by the lake"}, id="custom"),
        pytest.param(INBOUND, {"kind": "inbound_call"}, id="inbound_call"),
        pytest.param(ZOOM, {"kind": "zoom_conference"}, id="conference"),
    ],
)
@pytest.mark.parametrize("named", ["left out", "null", "by its id"])
def test_the_only_place_is_filled_in(only: Any, expected: dict[str, str], named: str) -> None:
    fixed = form(only)
    by_id = choice(fixed.locations.options[0].id)
    given: dict[str, dict[str, Any]] = {
        "left out": {},
        "null": {"location": None},
        "by its id": {"location": by_id},
    }

    assert fixed.locations.mode == "fixed"
    assert sent(fixed, **given[named])["location"] == expected


@pytest.mark.parametrize("only", [pytest.param(ASK, id="place"), pytest.param(OUTBOUND, id="phone")])
def test_an_only_place_that_needs_input_is_a_choice(only: Any) -> None:
    assert form(only).locations.mode == "choice"


def test_ids_are_numbered_where_there_may_be_several() -> None:
    many = form(
        PHYSICAL, MEET, place("physical", "2 Example Street"), MEET, CUSTOM, place("new"), place("other")
    )

    ids = [option.id for option in many.locations.options]

    assert ids == [
        "physical-1",
        "google_conference",
        "physical-2",
        "google_conference-2",
        "custom-1",
        "other",
        "other-2",
    ]


def test_two_addresses_are_told_apart() -> None:
    two = form(PHYSICAL, place("physical", "2 Example Street"))

    assert sent(two, location=choice("physical-2"))["location"]["location"] == "2 Example Street"


@pytest.mark.parametrize(
    ("configured", "detail"),
    [
        pytest.param(
            place("physical", "1 Example Street", additional_info="Ring twice"),
            "1 Example Street\nRing twice",
            id="address and hint",
        ),
        pytest.param(
            place("physical", "1 Example Street", additional_info="  "), "1 Example Street", id="blank hint"
        ),
        pytest.param(place("custom", "By the lake"), "By the lake", id="custom"),
        pytest.param(place("ask_invitee", "In town"), "In town", id="hint"),
        pytest.param(place("ask_invitee"), None, id="no hint"),
        pytest.param(
            place("inbound_call", phone_number="+493023125012", additional_info="Desk 2"),
            "+493023125012\nDesk 2",
            id="number to call",
        ),
        pytest.param(
            place("zoom_conference", "https://zoom.example.test/secret"),
            None,
            id="a conference shows nothing",
        ),
        pytest.param(place("carrier_pigeon", "The loft"), None, id="unknown kind"),
    ],
)
def test_a_visitor_sees_what_belongs_to_the_kind(configured: Any, detail: str | None) -> None:
    assert form(configured).locations.options[0].detail == detail


UNBOOKABLE = [
    pytest.param(place("physical"), id="physical without address"),
    pytest.param(place("physical", " \n"), id="physical with blank address"),
    pytest.param(place("custom"), id="custom without text"),
    pytest.param(place("carrier_pigeon"), id="unknown kind"),
]


@pytest.mark.parametrize("configured", UNBOOKABLE)
def test_a_place_we_cannot_name_is_shown_but_not_bookable(configured: Any) -> None:
    mixed = form(configured, MEET)

    assert [option.bookable for option in mixed.locations.options] == [False, True]
    assert mixed.bookable
    assert faults(mixed, body(location=choice(mixed.locations.options[0].id))) == [
        ("/location/optionId", "unknown_option")
    ]


@pytest.mark.parametrize("configured", UNBOOKABLE)
@pytest.mark.parametrize("given", [{}, {"location": {"optionId": "physical-1"}}])
def test_without_any_bookable_place_no_booking_is_right(configured: Any, given: dict[str, Any]) -> None:
    closed = form(configured)

    assert not closed.bookable
    assert faults(closed, body(**given)) == [("/location", "location_unavailable")]


def test_an_unknown_kind_keeps_its_name_and_is_labelled_other() -> None:
    option = form(place("carrier_pigeon")).locations.options[0]

    assert (option.kind, option.label) == ("carrier_pigeon", "Other")


VIOLATIONS = [
    pytest.param(form(), choice("zoom_conference"), "/location", "not_allowed", id="no place is asked for"),
    pytest.param(
        form(MEET, pooling_type="round_robin"),
        choice("google_conference"),
        "/location",
        "not_allowed",
        id="round robin",
    ),
    pytest.param(
        form(MEET), choice("zoom_conference"), "/location/optionId", "unknown_option", id="not the only one"
    ),
    pytest.param(
        form(MEET),
        choice("google_conference", "x"),
        "/location/value",
        "not_allowed",
        id="a value for the only one",
    ),
    pytest.param(ANYWHERE, None, "/location", "required", id="no choice made"),
    pytest.param(ANYWHERE, choice("physical"), "/location/optionId", "unknown_option", id="no such option"),
    pytest.param(
        ANYWHERE, choice("physical-1", "x"), "/location/value", "not_allowed", id="a value nobody asked for"
    ),
    pytest.param(ANYWHERE, choice("ask_invitee"), "/location/value", "required", id="no place named"),
    pytest.param(ANYWHERE, choice("ask_invitee", ""), "/location/value", "blank", id="empty place"),
    pytest.param(ANYWHERE, choice("ask_invitee", " \u00a0"), "/location/value", "blank", id="blank place"),
    pytest.param(ANYWHERE, choice("ask_invitee", "a" * 256), "/location/value", "too_long", id="long place"),
    pytest.param(
        ANYWHERE,
        choice("ask_invitee", "a\nb"),
        "/location/value",
        "control_character",
        id="place on two lines",
    ),
    pytest.param(ANYWHERE, choice("ask_invitee", 5), "/location/value", "invalid", id="place is a number"),
    pytest.param(ANYWHERE, choice("outbound_call"), "/location/value", "required", id="no number"),
    pytest.param(
        ANYWHERE,
        choice("outbound_call", "030 23125012"),
        "/location/value",
        "phone_invalid",
        id="national number without region",
    ),
    pytest.param(
        ANYWHERE,
        choice("outbound_call", "call me"),
        "/location/value",
        "phone_invalid",
        id="no number at all",
    ),
    pytest.param(ANYWHERE, {}, "/location/optionId", "required", id="empty object"),
    pytest.param(
        ANYWHERE,
        choice("ask_invitee", "x") | {"kind": "zoom"},
        "/location",
        "unknown_field",
        id="unknown field",
    ),
    pytest.param(ANYWHERE, "zoom_conference", "/location", "invalid", id="not an object"),
]


@pytest.mark.parametrize(("asked", "chosen", "pointer", "code"), VIOLATIONS)
def test_a_wrong_place_is_pointed_at(asked: Any, chosen: Any, pointer: str, code: str) -> None:
    assert faults(asked, body(location=chosen)) == [(pointer, code)]


def test_a_national_number_is_read_by_the_region() -> None:
    booked = sent(ANYWHERE, location=choice("outbound_call", "030 23125012"), region="DE")

    assert booked["location"]["location"] == "+493023125012"


def test_a_place_of_full_length_is_taken() -> None:
    booked = sent(ANYWHERE, location=choice("ask_invitee", "a" * 255))

    assert booked["location"]["location"] == "a" * 255
