"""What is the same for every event type: the fields, their types and their lengths."""

from datetime import timedelta
from typing import Any

import pytest

from app.form.check import check
from app.form.faults import MESSAGES, Code, fault_from
from app.form.submission import Submission
from tests.form.builders import body, faults, form, invitee
from tests.support.json_schema import assert_is_schema, is_valid

NO_FORM = form()

STARTS = [
    pytest.param("2026-12-01T09:00:00+01:00", id="offset"),
    pytest.param("2026-12-01T08:00:00Z", id="UTC"),
    pytest.param("2026-12-01T08:00:00.000000Z", id="microseconds"),
    pytest.param("2026-12-01T03:00:00-05:00", id="negative offset"),
    pytest.param("2028-02-29T09:00:00+05:45", id="leap day"),
]


@pytest.mark.parametrize("start", STARTS)
def test_a_start_is_an_instant(start: str) -> None:
    assert Submission.model_validate(body(start=start)).start.utcoffset() is not None


def test_a_start_keeps_its_offset() -> None:
    submission = Submission.model_validate(body(start="2026-12-01T09:00:00+01:00"))

    assert submission.start.utcoffset() == timedelta(hours=1)


WRONG_STARTS = [
    pytest.param("2026-12-01T09:00:00", id="no offset"),
    pytest.param("2026-12-01", id="no time"),
    pytest.param("2026-12-01 09:00:00Z", id="blank in the middle"),
    pytest.param("2026-12-01T09:00Z", id="no seconds"),
    pytest.param("2026-12-01T09:00:00+0100", id="offset without colon"),
    pytest.param("2026-12-01T09:00:00+24:00", id="offset of a day"),
    pytest.param("2026-12-31T23:59:60Z", id="leap second"),
    pytest.param("2026-12-01T24:00:00Z", id="hour 24"),
    pytest.param("2026-02-30T09:00:00Z", id="thirtieth of February"),
    pytest.param("2026-13-01T09:00:00Z", id="month 13"),
    pytest.param("1999-12-31T09:00:00Z", id="last century"),
    pytest.param("2101-01-01T09:00:00Z", id="next century"),
    pytest.param("0001-01-01T00:00:00+14:00", id="before time"),
    pytest.param("2026-W49-2T09:00:00Z", id="week date"),
    pytest.param("20261201T090000Z", id="basic format"),
    pytest.param("2026-12-01T09:00:00Z\n", id="line end"),
    pytest.param("٢٠٢٦-12-01T09:00:00Z", id="digits of another script"),
    pytest.param(1_764_576_000, id="a number"),
    pytest.param(True, id="truth"),
    pytest.param(None, id="null"),
    pytest.param("", id="empty"),
]


@pytest.mark.parametrize("start", WRONG_STARTS)
def test_what_is_no_instant_is_refused(start: Any) -> None:
    assert faults(NO_FORM, body(start=start)) == [("/start", "start_invalid")]


WRONG_FIELDS = [
    pytest.param({"eventTypeId": ""}, "/eventTypeId", "blank", id="empty event type"),
    pytest.param({"eventTypeId": "a" * 129}, "/eventTypeId", "too_long", id="long event type"),
    pytest.param({"eventTypeId": 5}, "/eventTypeId", "invalid", id="numeric event type"),
    pytest.param({"timeZone": "Europe/Atlantis"}, "/timeZone", "time_zone_unknown", id="unknown zone"),
    pytest.param({"timeZone": None}, "/timeZone", "invalid", id="null zone"),
    pytest.param({"timeZone": "A" * 65}, "/timeZone", "too_long", id="long zone"),
    pytest.param({"region": "ZZ"}, "/region", "region_unknown", id="unknown region"),
    pytest.param({"region": "de"}, "/region", "region_unknown", id="region in small letters"),
    pytest.param({"region": "DEU"}, "/region", "too_long", id="region of three letters"),
    pytest.param({"formVersion": "a" * 256}, "/formVersion", "too_long", id="long version"),
    pytest.param({"formVersion": 1}, "/formVersion", "invalid", id="numeric version"),
    pytest.param({"invitee": None}, "/invitee", "invalid", id="null invitee"),
    pytest.param({"invitee": []}, "/invitee", "invalid", id="invitee as a list"),
    pytest.param({"answers": {}}, "/answers", "invalid", id="answers as an object"),
    pytest.param({"answers": [5]}, "/answers/0", "invalid", id="answer as a number"),
    pytest.param({"answers": [{}]}, "/answers/0/questionId", "required", id="answer without question"),
    pytest.param({"answers": [{"questionId": "q"}] * 101}, "/answers", "too_many", id="too many answers"),
    pytest.param({"durationMinutes": 60}, "", "unknown_field", id="unknown field"),
    pytest.param({"event_type_id": "x"}, "", "unknown_field", id="snake case"),
]


@pytest.mark.parametrize(("changes", "pointer", "code"), WRONG_FIELDS)
def test_a_wrong_field_is_pointed_at(changes: dict[str, Any], pointer: str, code: str) -> None:
    assert faults(NO_FORM, body(**changes)) == [(pointer, code)]


@pytest.mark.parametrize("field", ["eventTypeId", "start", "timeZone", "invitee"])
def test_a_needed_field_that_is_left_out_is_pointed_at(field: str) -> None:
    given = body()
    del given[field]

    assert faults(NO_FORM, given) == [(f"/{field}", "required")]


@pytest.mark.parametrize("whole", [None, [], "x", 5, True], ids=repr)
def test_a_body_that_is_no_object_is_refused(whole: Any) -> None:
    assert faults(NO_FORM, whole) == [("", "invalid")]


@pytest.mark.parametrize("field", ["location", "answers", "guests", "tracking", "region", "formVersion"])
def test_null_counts_as_left_out(field: str) -> None:
    plain = check(NO_FORM, Submission.model_validate(body()))

    with_null = check(NO_FORM, Submission.model_validate(body(**{field: None})))

    assert with_null == plain


def test_the_name_of_an_unknown_field_is_not_repeated() -> None:
    fault = fault_from("extra_forbidden", ("invitee", "secret"))

    assert "secret" not in f"{fault.pointer}{fault.message}"


def test_a_pointer_escapes_what_json_pointers_mean_something_by() -> None:
    assert fault_from("missing", ("a/b", "~", 0)).pointer == "/a~1b/~0/0"


def test_every_code_has_a_message() -> None:
    assert MESSAGES.keys() == set(Code)


def test_a_value_is_not_repeated_when_the_model_is_refused() -> None:
    given = body(invitee=invitee(email=5, name="Canary"))

    with pytest.raises(ValueError, match="email") as caught:
        Submission.model_validate(given)

    assert "Canary" not in str(caught.value)


def test_the_example_of_the_api_document_is_a_good_body() -> None:
    examples = Submission.model_json_schema()["examples"]

    assert [Submission.model_validate(example).event_type_id for example in examples] == ["phone-consult"]


def test_the_api_document_agrees_with_the_model() -> None:
    schema = Submission.model_json_schema()
    assert_is_schema(schema)

    assert is_valid(schema, body(answers=[{"questionId": "q", "value": ["x"]}]))
    assert not is_valid(schema, body(answers=[{"questionId": "q", "value": 5}]))
