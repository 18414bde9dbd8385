"""Every rule for a booking, broken: what is wrong, and the fault that must be named.

A base booking keeps all rules of its event type; a violation changes values in
it by JSON pointer, or takes them away.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

GONE = object()
"""Takes the member away."""

LONG = "x" * 256
GRACE = {"name": "Grace Example", "email": "grace@example.test"}

_SHARED: Json = {"start": "2027-01-04T10:00:00+01:00", "timeZone": "Europe/Berlin", "invitee": GRACE}

PLACES: Json = {
    "intro-call": None,
    "phone-consult": {"optionId": "outbound_call", "value": "+4930901820"},
    "visit": {"optionId": "ask_invitee", "value": "Example Park"},
    "anywhere": {"optionId": "inbound_call"},
    "no-place": None,
    "team-demo": None,
    "questionnaire": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """`faults`: pointer and code of all that is to be named. `unread`: refused before the event type is looked up."""

    id: str
    slug: str = "no-place"
    change: Json
    faults: list[tuple[str, str]]
    unread: bool = False


def one(id_: str, pointer: str, value: object, code: str, at: str | None = None, **more: Any) -> Violation:
    """One change and one fault, at the same place unless `at` says otherwise."""
    where = pointer if at is None else at
    return Violation(id=id_, change={pointer: value}, faults=[(where, code)], **more)


def unread(id_: str, pointer: str, value: object, code: str, at: str | None = None) -> Violation:
    return one(id_, pointer, value, code, at, unread=True)


def broken(violation: Violation, answers: list[Json]) -> Json:
    """The body to send; `answers` are those that the questionnaire's form asks for, all of them."""
    body: Json = {"eventTypeId": violation.slug, **deepcopy(_SHARED)}
    if PLACES[violation.slug] is not None:
        body["location"] = dict(PLACES[violation.slug])
    if violation.slug == "questionnaire":
        body["answers"] = deepcopy(answers)
    for pointer, value in violation.change.items():
        _apply(body, pointer, value)
    return body


def _apply(body: Any, pointer: str, value: object) -> None:
    *parents, last = pointer.removeprefix("/").split("/")
    for parent in parents:
        body = body[int(parent)] if isinstance(body, list) else body.setdefault(parent, {})
    at: Any = int(last) if isinstance(body, list) else last
    if value is GONE:
        del body[at]
    elif isinstance(body, list) and at == len(body):
        body.append(value)
    else:
        body[at] = value


_BERLIN = {"optionId": "physical-1"}

LOCATIONS = [
    one("choice-not-made", "/location", GONE, "required", slug="visit"),
    one("choice-null", "/location", None, "required", slug="visit"),
    one("option-unknown", "/location/optionId", "zoom_conference", "unknown_option", slug="visit"),
    one("option-of-no-kind", "/location/optionId", "teleport", "unknown_option", slug="anywhere"),
    one("option-not-numbered", "/location/optionId", "physical", "unknown_option", slug="anywhere"),
    one(
        "fixed-option-unknown",
        "/location",
        {"optionId": "zoom_conference"},
        "unknown_option",
        "/location/optionId",
        slug="intro-call",
    ),
    one("place-missing", "/location/value", GONE, "required", slug="visit"),
    one("place-blank", "/location/value", "   ", "blank", slug="visit"),
    one("place-with-control-character", "/location/value", "a\u0000b", "control_character", slug="visit"),
    one(
        "value-where-none-is-asked",
        "/location",
        _BERLIN | {"value": "here"},
        "not_allowed",
        "/location/value",
        slug="visit",
    ),
    one(
        "value-for-a-conference",
        "/location",
        {"optionId": "google_conference", "value": "x"},
        "not_allowed",
        "/location/value",
        slug="intro-call",
    ),
    one("value-for-an-inbound-call", "/location/value", "+4930901820", "not_allowed", slug="anywhere"),
    one("sent-to-round-robin", "/location", {"optionId": "zoom_conference"}, "not_allowed", slug="team-demo"),
    one("sent-where-there-is-none", "/location", {"optionId": "physical-1"}, "not_allowed"),
    unread("option-missing", "/location", {}, "required", "/location/optionId"),
    unread("place-empty", "/location", {"optionId": "a", "value": ""}, "blank", "/location/value"),
    unread("place-too-long", "/location", {"optionId": "a", "value": LONG}, "too_long", "/location/value"),
    unread("location-is-text", "/location", "ask_invitee", "invalid"),
    unread("calendlys-own-spelling", "/location", {"optionId": "a", "kind": "zoom"}, "unknown_field"),
]

PHONES = [
    one("call-number-missing", "/location/value", GONE, "required", slug="phone-consult"),
    one("call-number-is-words", "/location/value", "call me", "phone_invalid", slug="phone-consult"),
    one("call-number-too-short", "/location/value", "+4930", "phone_invalid", slug="phone-consult"),
    one(
        "call-number-national-without-region",
        "/location/value",
        "030 901820",
        "phone_invalid",
        slug="phone-consult",
    ),
    one(
        "call-number-with-extension",
        "/location/value",
        "+4930901820 ext. 5",
        "phone_invalid",
        slug="phone-consult",
    ),
    one("call-number-blank", "/location/value", "    ", "phone_invalid", slug="phone-consult"),
    one("reminder-number-impossible", "/invitee/phone", "+999123456789", "phone_invalid"),
    one("reminder-number-national", "/invitee/phone", "030 901820", "phone_invalid"),
    Violation(
        id="national-number-of-another-region",
        slug="phone-consult",
        change={"/region": "US", "/location/value": "030 901820"},
        faults=[("/location/value", "phone_invalid")],
    ),
    unread("region-unknown", "/region", "ZZ", "region_unknown"),
    unread("region-in-small-letters", "/region", "de", "region_unknown"),
    unread("region-too-long", "/region", "DEU", "too_long"),
    unread("reminder-number-is-a-number", "/invitee/phone", 4930901820, "invalid"),
    unread("reminder-number-empty", "/invitee/phone", "", "blank"),
]

QUESTIONS = [
    one("text-required-and-blank", "/answers/0/value", " ", "required", slug="questionnaire"),
    one("text-required-and-null", "/answers/0/value", None, "required", slug="questionnaire"),
    one("text-required-and-left-out", "/answers/0/value", GONE, "required", slug="questionnaire"),
    one("line-with-line-feed", "/answers/0/value", "a\nb", "control_character", slug="questionnaire"),
    one("line-too-long", "/answers/0/value", LONG, "too_long", slug="questionnaire"),
    one("line-is-a-list", "/answers/0/value", ["a"], "invalid", slug="questionnaire"),
    one("text-with-null", "/answers/1/value", "a\u0000b", "control_character", slug="questionnaire"),
    one("phone-is-words", "/answers/2/value", "at home", "phone_invalid", slug="questionnaire"),
    one("single-not-a-choice", "/answers/3/value", "A hundred", "choice_invalid", slug="questionnaire"),
    one("single-is-a-list", "/answers/3/value", ["Just me"], "invalid", slug="questionnaire"),
    one("single-required-and-empty", "/answers/3/value", "", "required", slug="questionnaire"),
    one("other-too-long", "/answers/4/value", LONG, "too_long", slug="questionnaire"),
    one(
        "other-with-control-character", "/answers/4/value", "a\tb", "control_character", slug="questionnaire"
    ),
    one("multi-not-a-choice", "/answers/5/value", ["Sunday"], "choice_invalid", slug="questionnaire"),
    one("multi-is-text", "/answers/5/value", "Monday", "invalid", slug="questionnaire"),
    one("multi-required-and-empty", "/answers/5/value", [], "required", slug="questionnaire"),
    one("multi-twice-the-same", "/answers/5/value", ["Monday", "Monday"], "duplicate", slug="questionnaire"),
    one("multi-two-others", "/answers/6/value", ["One", "Two"], "too_many", slug="questionnaire"),
    one("multi-other-blank", "/answers/6/value", ["Prices", " "], "blank", slug="questionnaire"),
    one(
        "question-unknown",
        "/answers",
        [{"questionId": "q_nobody", "value": "x"}],
        "unknown_question",
        "/answers/0/questionId",
    ),
    Violation(
        id="none-answered",
        slug="questionnaire",
        change={"/answers": GONE},
        faults=[("/answers", "required")] * 3,
    ),
    unread("answer-without-question", "/answers", [{"value": "x"}], "required", "/answers/0/questionId"),
    unread(
        "answer-is-a-number", "/answers", [{"questionId": "q", "value": 5}], "invalid", "/answers/0/value"
    ),
    unread("answers-are-an-object", "/answers", {"q": "x"}, "invalid"),
    unread("answers-too-many", "/answers", [{"questionId": "q"}] * 101, "too_many"),
    unread(
        "answer-has-calendlys-field",
        "/answers",
        [{"questionId": "q", "position": 0}],
        "unknown_field",
        "/answers/0",
    ),
    unread(
        "answer-far-too-long",
        "/answers",
        [{"questionId": "q", "value": "x" * 10_001}],
        "too_long",
        "/answers/0/value",
    ),
]

GUESTS = [
    one("guest-without-domain", "/guests", ["nobody"], "email_invalid", "/guests/0"),
    one("guest-not-ascii", "/guests", ["gräce@example.test"], "email_invalid", "/guests/0"),
    one("guest-twice", "/guests", ["a@example.test", "A@example.test"], "duplicate", "/guests/1"),
    one("guest-is-the-invitee", "/guests", ["Grace@Example.test"], "guest_is_invitee", "/guests/0"),
    unread("guest-too-many", "/guests", [f"guest{n}@example.test" for n in range(11)], "too_many"),
    unread("guest-is-an-object", "/guests", [{"email": "a@example.test"}], "invalid", "/guests/0"),
    unread("guest-too-long", "/guests", [f"{LONG}@example.test"], "too_long", "/guests/0"),
    unread("guests-are-text", "/guests", "a@example.test", "invalid"),
]

PEOPLE = [
    one("name-missing", "/invitee/name", GONE, "required"),
    one("name-blank", "/invitee/name", "\u00a0", "blank"),
    one("name-with-line-feed", "/invitee/name", "Grace\nExample", "control_character"),
    one("name-and-first-name", "/invitee/firstName", "Grace", "not_allowed"),
    one("name-and-last-name", "/invitee/lastName", "Example", "not_allowed"),
    one("email-without-at", "/invitee/email", "grace.example.test", "email_invalid"),
    one("email-with-display-name", "/invitee/email", "Grace <grace@example.test>", "email_invalid"),
    one("email-with-two-addresses", "/invitee/email", "a@example.test,b@example.test", "email_invalid"),
    one(
        "email-with-line-feed", "/invitee/email", "grace@example.test\r\nBcc: a@example.test", "email_invalid"
    ),
    one("email-empty", "/invitee/email", "", "email_invalid"),
    one("email-not-ascii", "/invitee/email", "grace@exämple.test", "email_invalid"),
    Violation(
        id="last-name-alone",
        change={"/invitee/name": GONE, "/invitee/lastName": "Example"},
        faults=[("/invitee/firstName", "required")],
    ),
    unread("name-empty", "/invitee/name", "", "blank"),
    unread("name-too-long", "/invitee/name", LONG, "too_long"),
    unread("name-is-a-list", "/invitee/name", ["Grace"], "invalid"),
    unread("email-missing", "/invitee/email", GONE, "required"),
    unread("email-null", "/invitee/email", None, "invalid"),
    unread("email-too-long", "/invitee/email", f"{LONG}@example.test", "too_long"),
    unread("invitee-missing", "/invitee", GONE, "required"),
    unread("invitee-unknown-field", "/invitee/timezone", "Europe/Berlin", "unknown_field", "/invitee"),
]

ZONES = [
    unread("zone-missing", "/timeZone", GONE, "required"),
    unread("zone-null", "/timeZone", None, "invalid"),
    unread("zone-empty", "/timeZone", "", "blank"),
    unread("zone-unknown", "/timeZone", "Mars/Olympus", "time_zone_unknown"),
    unread("zone-in-small-letters", "/timeZone", "europe/berlin", "time_zone_unknown"),
    unread("zone-is-a-file", "/timeZone", "../Europe/Berlin", "time_zone_unknown"),
    unread("zone-is-an-offset", "/timeZone", "+01:00", "time_zone_unknown"),
    unread("zone-too-long", "/timeZone", "Europe/" + "x" * 64, "too_long"),
    unread("start-without-offset", "/start", "2027-01-04T10:00:00", "start_invalid"),
    unread("start-is-no-day", "/start", "2027-02-30T10:00:00Z", "start_invalid"),
    unread("start-is-a-number", "/start", 1_800_000_000, "start_invalid"),
    unread("start-missing", "/start", GONE, "required"),
    unread("start-with-leap-second", "/start", "2027-01-04T10:00:60Z", "start_invalid"),
]

TRACKING = [
    one(
        "tracking-with-control-character",
        "/tracking",
        {"utmSource": "a\nb"},
        "control_character",
        "/tracking/utmSource",
    ),
    unread("tracking-too-long", "/tracking", {"utmTerm": LONG}, "too_long", "/tracking/utmTerm"),
    unread("tracking-unknown-key", "/tracking", {"utm_source": "x"}, "unknown_field", "/tracking"),
    unread("tracking-is-a-number", "/tracking", {"salesforceUuid": 5}, "invalid", "/tracking/salesforceUuid"),
    unread("tracking-is-text", "/tracking", "newsletter", "invalid"),
]

WHOLE = [
    unread("event-type-missing", "/eventTypeId", GONE, "required"),
    unread("event-type-empty", "/eventTypeId", "", "blank"),
    unread("event-type-too-long", "/eventTypeId", "x" * 129, "too_long"),
    unread("form-version-is-a-number", "/formVersion", 1, "invalid"),
    unread("unknown-field", "/duration", 90, "unknown_field", ""),
    Violation(
        id="everything-at-once",
        slug="visit",
        change={
            "/invitee/email": "nobody",
            "/location/value": " ",
            "/guests": ["nobody"],
            "/tracking": {"utmTerm": "\t"},
        },
        faults=[
            ("/invitee/email", "email_invalid"),
            ("/location/value", "blank"),
            ("/guests/0", "email_invalid"),
            ("/tracking/utmTerm", "control_character"),
        ],
    ),
]

VIOLATIONS = [*LOCATIONS, *PHONES, *QUESTIONS, *GUESTS, *PEOPLE, *ZONES, *TRACKING, *WHOLE]
