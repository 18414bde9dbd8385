"""The JSON Schema of a form, rule by rule. That it agrees with the check is shown in `test_judges`."""

from typing import Any

import pytest

from app.form.model import Form
from app.form.schema import BEYOND_SCHEMA, schema_of
from tests.form.builders import EVENT_TYPE_ID, answered, body, faults, form, invitee, place, question
from tests.support.json_schema import is_valid

PLAIN = form()
CHOICE = form(place("ask_invitee"), place("zoom_conference"))


def takes(asked: Form, **changes: Any) -> bool:
    return is_valid(schema_of(asked, EVENT_TYPE_ID), body(**changes))


def test_the_schema_says_which_dialect_it_is() -> None:
    assert schema_of(PLAIN, EVENT_TYPE_ID)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("asked", "required"),
    [
        pytest.param(PLAIN, False, id="no place"),
        pytest.param(form(place("zoom_conference")), False, id="one place"),
        pytest.param(CHOICE, True, id="choice"),
        pytest.param(form(place("pigeon")), True, id="no bookable place"),
    ],
)
def test_a_place_is_required_exactly_where_there_is_a_choice(asked: Form, *, required: bool) -> None:
    assert ("location" in schema_of(asked, EVENT_TYPE_ID)["required"]) is required


@pytest.mark.parametrize("location", [None, {"optionId": "other"}, {}], ids=repr)
def test_without_a_bookable_place_no_body_is_good(location: Any) -> None:
    assert not takes(form(place("pigeon")), location=location)


def test_a_slug_stands_for_the_id_where_it_is_given() -> None:
    schema = schema_of(PLAIN, EVENT_TYPE_ID, "intro-call")

    assert is_valid(schema, body(eventTypeId="intro-call"))
    assert is_valid(schema, body(eventTypeId=EVENT_TYPE_ID))


def test_the_schema_is_for_one_event_type_alone() -> None:
    assert not takes(PLAIN, eventTypeId="another")


def test_options_and_questions_carry_their_labels() -> None:
    asked = form(place("physical", "1 Example Street"), place("ask_invitee"), questions=(question(),))

    properties = schema_of(asked, EVENT_TYPE_ID)["properties"]

    office, anywhere = properties["location"]["oneOf"]
    assert (office["title"], office["description"]) == ("In person", "1 Example Street")
    assert anywhere["properties"]["value"]["title"] == "Where shall we meet?"
    assert properties["answers"]["anyOf"][0]["items"]["oneOf"][0]["title"] == "Topic?"


TAKEN = [
    pytest.param(PLAIN, {}, id="nothing optional"),
    pytest.param(PLAIN, {"invitee": {"firstName": "G", "email": "grace@example.test"}}, id="first name"),
    pytest.param(PLAIN, {"invitee": invitee(firstName=None, phone="+493023125012")}, id="phone"),
    pytest.param(
        PLAIN, {"guests": ["ada@example.test"], "tracking": {"utmTerm": ""}}, id="guest and tracking"
    ),
    pytest.param(PLAIN, {"formVersion": PLAIN.version, "region": "DE"}, id="version and region"),
    pytest.param(PLAIN, {"answers": [], "location": None}, id="empty answers, null place"),
    pytest.param(CHOICE, {"location": {"optionId": "ask_invitee", "value": " Park "}}, id="a place in words"),
    pytest.param(CHOICE, {"location": {"optionId": "zoom_conference", "value": None}}, id="null value"),
]


@pytest.mark.parametrize(("asked", "changes"), TAKEN)
def test_a_good_body_is_good_to_both(asked: Form, changes: dict[str, Any]) -> None:
    assert takes(asked, **changes)
    assert faults(asked, body(**changes)) == []


REFUSED = [
    pytest.param(PLAIN, {"extra": 1}, id="unknown field"),
    pytest.param(PLAIN, {"start": "2026-12-01T09:00:00"}, id="no offset"),
    pytest.param(PLAIN, {"start": "2026-12-01T09:00:00Z\n"}, id="start with line end"),
    pytest.param(PLAIN, {"start": "2026-02-30T09:00:00Z"}, id="no such day"),
    pytest.param(PLAIN, {"timeZone": ""}, id="empty zone"),
    pytest.param(PLAIN, {"region": "d"}, id="short region"),
    pytest.param(PLAIN, {"region": "DE\n"}, id="region with line end"),
    pytest.param(PLAIN, {"formVersion": "old"}, id="old version"),
    pytest.param(PLAIN, {"invitee": {"email": "grace@example.test"}}, id="nameless"),
    pytest.param(PLAIN, {"invitee": invitee(firstName="G")}, id="two ways of naming"),
    pytest.param(PLAIN, {"invitee": invitee(name=" \ufeff")}, id="blank name"),
    pytest.param(PLAIN, {"invitee": invitee(name="Grace\n")}, id="name with line end"),
    pytest.param(PLAIN, {"invitee": invitee(phone="+493023125012\n")}, id="phone with line end"),
    pytest.param(PLAIN, {"invitee": invitee(email="grace")}, id="no address"),
    pytest.param(PLAIN, {"guests": ["ada@example.test"] * 2}, id="guest twice"),
    pytest.param(PLAIN, {"guests": [f"g{n}@example.test" for n in range(11)]}, id="eleven guests"),
    pytest.param(PLAIN, {"tracking": {"utmSource": "a\n"}}, id="tracking with line end"),
    pytest.param(PLAIN, {"tracking": {"utm": "a"}}, id="unknown tracking"),
    pytest.param(PLAIN, {"answers": [{"questionId": "q", "value": "x"}]}, id="answer nobody asked for"),
    pytest.param(PLAIN, {"location": {"optionId": "zoom_conference"}}, id="place nobody asked for"),
    pytest.param(CHOICE, {}, id="no choice"),
    pytest.param(CHOICE, {"location": None}, id="null choice"),
    pytest.param(CHOICE, {"location": {"optionId": "ask_invitee"}}, id="value missing"),
    pytest.param(CHOICE, {"location": {"optionId": "zoom_conference", "value": "x"}}, id="value too much"),
]


@pytest.mark.parametrize(("asked", "changes"), REFUSED)
def test_a_bad_body_is_bad_to_both(asked: Form, changes: dict[str, Any]) -> None:
    assert not takes(asked, **changes)
    assert faults(asked, body(**changes)) != []


NEEDED = form(
    questions=(question("multi_select", required=True, answer_choices=["A", "B"], include_other=True),)
)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        pytest.param(["A"], True, id="one"),
        pytest.param(["A", "B", "C"], True, id="all and another"),
        pytest.param(["C", "D"], False, id="two others"),
        pytest.param(["A", "A"], False, id="twice"),
        pytest.param([], False, id="none"),
        pytest.param("A", False, id="not a list"),
        pytest.param(None, False, id="null"),
    ],
)
def test_a_multi_select_is_described(value: Any, *, taken: bool) -> None:
    assert takes(NEEDED, answers=answered(NEEDED, value)) is taken


def test_a_required_question_makes_answers_required() -> None:
    assert not takes(NEEDED)
    assert not takes(NEEDED, answers=None)


def test_a_question_is_answered_once() -> None:
    asked = form(questions=(question(),))

    assert not takes(asked, answers=answered(asked, "x") * 2)


BEYOND: dict[str, tuple[Form, dict[str, Any]]] = {
    "start_invalid": (PLAIN, {"start": "2026-02-30T09:00:00Z"}),
    "time_zone_unknown": (PLAIN, {"timeZone": "Europe/Atlantis"}),
    "region_unknown": (PLAIN, {"region": "ZZ"}),
    "phone_invalid": (PLAIN, {"invitee": invitee(phone="+49 1")}),
    "email_invalid": (PLAIN, {"invitee": invitee(email="grace..e@example.test")}),
    "duplicate": (PLAIN, {"guests": ["ada@example.test", "ADA@example.test"]}),
    "guest_is_invitee": (PLAIN, {"guests": ["Grace@example.test"]}),
}


def test_what_is_beyond_the_schema_is_listed() -> None:
    assert [code.value for code, _ in BEYOND_SCHEMA] == list(BEYOND)


@pytest.mark.parametrize("code", BEYOND)
def test_the_check_refuses_what_is_beyond_the_schema(code: str) -> None:
    asked, changes = BEYOND[code]

    assert [found for _, found in faults(asked, body(**changes))] == [code]


@pytest.mark.parametrize("code", [code for code in BEYOND if code != "start_invalid"])
def test_the_schema_takes_what_is_beyond_it(code: str) -> None:
    asked, changes = BEYOND[code]

    assert takes(asked, **changes)
