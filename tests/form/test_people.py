"""The invitee, the guests, and where they came from."""

from typing import Any

import pytest

from tests.form.builders import body, faults, form, invitee, sent

NO_FORM = form()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"name": " Grace Example "}, {"name": "Grace Example"}, id="one name, trimmed"),
        pytest.param({"firstName": "Grace"}, {"first_name": "Grace"}, id="first name alone"),
        pytest.param(
            {"firstName": "Grace", "lastName": "Example"},
            {"first_name": "Grace", "last_name": "Example"},
            id="both",
        ),
        pytest.param({"name": "G", "firstName": None, "lastName": None}, {"name": "G"}, id="nulls"),
        pytest.param({"name": "葛" * 255}, {"name": "葛" * 255}, id="full length"),
        pytest.param(
            {"name": "G", "phone": "+49 30 23125012"},
            {"name": "G", "text_reminder_number": "+493023125012"},
            id="phone for reminders",
        ),
    ],
)
def test_the_invitee_is_sent_as_named(given: dict[str, Any], expected: dict[str, str]) -> None:
    booked = sent(NO_FORM, invitee={"email": "grace@example.test"} | given)

    assert booked["invitee"] == {"email": "grace@example.test", "timezone": "Europe/Berlin"} | expected


NAMES = [
    pytest.param({}, "/invitee/name", "required", id="nobody"),
    pytest.param({"name": None}, "/invitee/name", "required", id="null"),
    pytest.param({"lastName": "Example"}, "/invitee/firstName", "required", id="last name alone"),
    pytest.param(
        {"name": "G", "firstName": "G"}, "/invitee/firstName", "not_allowed", id="name and first name"
    ),
    pytest.param({"name": "G", "lastName": "E"}, "/invitee/lastName", "not_allowed", id="name and last name"),
    pytest.param({"name": ""}, "/invitee/name", "blank", id="empty"),
    pytest.param({"name": " \t"}, "/invitee/name", "blank", id="blank"),
    pytest.param({"firstName": "\u2003"}, "/invitee/firstName", "blank", id="blank first name"),
    pytest.param({"firstName": "G", "lastName": " "}, "/invitee/lastName", "blank", id="blank last name"),
    pytest.param({"name": "a" * 256}, "/invitee/name", "too_long", id="long"),
    pytest.param({"name": "Gra\x00ce"}, "/invitee/name", "control_character", id="null character"),
    pytest.param({"name": "Grace\nBcc: x"}, "/invitee/name", "control_character", id="two lines"),
    pytest.param({"name": 5}, "/invitee/name", "invalid", id="number"),
    pytest.param({"name": "\ud800"}, "/invitee/name", "invalid", id="half a surrogate pair"),
    pytest.param({"name": "G", "phone": "+49"}, "/invitee/phone", "phone_invalid", id="phone"),
    pytest.param({"name": "G", "age": 5}, "/invitee", "unknown_field", id="unknown field"),
]


@pytest.mark.parametrize(("given", "pointer", "code"), NAMES)
def test_a_wrong_invitee_is_pointed_at(given: dict[str, Any], pointer: str, code: str) -> None:
    found = faults(NO_FORM, body(invitee={"email": "grace@example.test"} | given))

    assert found == [(pointer, code)]


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        pytest.param("grace@example.test", "grace@example.test", id="plain"),
        pytest.param("Grace.E+tag@EXAMPLE.Test", "Grace.E+tag@example.test", id="domain in capitals"),
        pytest.param("g@xn--bcher-kva.test", "g@xn--bcher-kva.test", id="domain in punycode"),
    ],
)
def test_an_address_is_sent_in_normal_form(given: str, normal: str) -> None:
    assert sent(NO_FORM, invitee=invitee(email=given))["invitee"]["email"] == normal


WRONG_ADDRESSES = [
    pytest.param("", id="empty"),
    pytest.param("grace", id="no at sign"),
    pytest.param("grace@", id="no domain"),
    pytest.param("@example.test", id="no mailbox"),
    pytest.param("grace@example", id="no top level"),
    pytest.param("grace@localhost", id="this machine"),
    pytest.param("grace@[127.0.0.1]", id="address literal"),
    pytest.param("a@b@example.test", id="two at signs"),
    pytest.param("grace..e@example.test", id="two dots"),
    pytest.param("Grace <grace@example.test>", id="display name"),
    pytest.param("grace@example.test\n", id="line end"),
    pytest.param(" grace@example.test", id="outer blank"),
    pytest.param("grace@example.test,ada@example.test", id="two addresses"),
    pytest.param("gräce@example.test", id="mailbox beyond ASCII"),
    pytest.param("grace@exämple.test", id="domain beyond ASCII"),
]


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert faults(NO_FORM, body(invitee=invitee(email=address))) == [("/invitee/email", "email_invalid")]


def test_an_address_that_no_server_takes_is_too_long() -> None:
    address = "a" * 244 + "@example.test"

    assert faults(NO_FORM, body(invitee=invitee(email=address))) == [("/invitee/email", "too_long")]


def test_ten_guests_are_sent() -> None:
    guests = [f"guest{n}@example.test" for n in range(10)]

    assert sent(NO_FORM, guests=guests)["event_guests"] == guests


@pytest.mark.parametrize("nobody", [None, []], ids=["null", "empty"])
def test_without_guests_the_key_is_not_sent(nobody: list[str] | None) -> None:
    assert "event_guests" not in sent(NO_FORM, guests=nobody)


GUESTS = [
    pytest.param(["ada@example.test", "ada@example.test"], [("/guests/1", "duplicate")], id="twice"),
    pytest.param(
        ["ada@example.test", "ADA@Example.test"], [("/guests/1", "duplicate")], id="twice, in other case"
    ),
    pytest.param(["Grace@example.test"], [("/guests/0", "guest_is_invitee")], id="the invitee"),
    pytest.param(["ada"], [("/guests/0", "email_invalid")], id="no address"),
    pytest.param(
        ["ada", "x", "ada@example.test"],
        [("/guests/0", "email_invalid"), ("/guests/1", "email_invalid")],
        id="two are none",
    ),
    pytest.param([f"g{n}@example.test" for n in range(11)], [("/guests", "too_many")], id="eleven"),
    pytest.param(["a" * 250 + "@example.test"], [("/guests/0", "too_long")], id="long"),
    pytest.param([None], [("/guests/0", "invalid")], id="null inside"),
    pytest.param("ada@example.test", [("/guests", "invalid")], id="not a list"),
]


@pytest.mark.parametrize(("guests", "expected"), GUESTS)
def test_wrong_guests_are_pointed_at(guests: Any, expected: list[tuple[str, str]]) -> None:
    assert faults(NO_FORM, body(guests=guests)) == expected


def test_guests_are_judged_although_the_invitee_has_no_address() -> None:
    found = faults(NO_FORM, body(invitee=invitee(email="x"), guests=["y"]))

    assert found == [("/invitee/email", "email_invalid"), ("/guests/0", "email_invalid")]


ALL_NULL = dict.fromkeys(
    ["utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term", "salesforce_uuid"]
)


def test_one_tracking_value_brings_all_six_keys() -> None:
    assert sent(NO_FORM, tracking={"utmTerm": "x"})["tracking"] == ALL_NULL | {"utm_term": "x"}


def test_every_tracking_value_reaches_its_key() -> None:
    given = {
        "utmCampaign": "a",
        "utmSource": "b",
        "utmMedium": "c",
        "utmContent": "d",
        "utmTerm": "e",
        "salesforceUuid": "f",
    }

    assert sent(NO_FORM, tracking=given)["tracking"] == dict(zip(ALL_NULL, "abcdef", strict=True))


@pytest.mark.parametrize("empty", [None, {}, {"utmSource": None}], ids=["null", "no keys", "a null alone"])
def test_without_a_tracking_value_no_key_is_sent(empty: dict[str, None] | None) -> None:
    assert "tracking" not in sent(NO_FORM, tracking=empty)


@pytest.mark.parametrize(
    ("tracking", "pointer", "code"),
    [
        pytest.param({"utmSource": "a" * 256}, "/tracking/utmSource", "too_long", id="long"),
        pytest.param(
            {"salesforceUuid": "a\r\n"}, "/tracking/salesforceUuid", "control_character", id="line end"
        ),
        pytest.param({"utmSource": 5}, "/tracking/utmSource", "invalid", id="number"),
        pytest.param({"utm_source": "x"}, "/tracking", "unknown_field", id="snake case"),
        pytest.param([], "/tracking", "invalid", id="not an object"),
    ],
)
def test_wrong_tracking_is_pointed_at(tracking: Any, pointer: str, code: str) -> None:
    assert faults(NO_FORM, body(tracking=tracking)) == [(pointer, code)]
