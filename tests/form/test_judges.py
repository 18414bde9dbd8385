"""One generator, two judges: the JSON Schema that a front end sees, and the check that a booking passes."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.calendly.models import EventType
from app.form.build import form_from
from app.form.check import check
from app.form.locations import KINDS
from app.form.model import Form
from app.form.schema import BEYOND_SCHEMA, schema_of
from app.form.submission import Submission
from tests.form.builders import EVENT_TYPE_ID, EVENT_TYPE_URI, SLOT, faults
from tests.form.strategies import bodies, event_types, good_bodies
from tests.support.json_schema import assert_is_schema, is_valid

EXPLAINED = {code.value for code, _ in BEYOND_SCHEMA}
WITH_TEXT = {"physical", "custom", "ask_invitee", "outbound_call"}

UNHURRIED = (HealthCheck.too_slow, HealthCheck.data_too_large)
thorough = settings(max_examples=250, deadline=None, suppress_health_check=UNHURRIED)
brief = settings(max_examples=50, deadline=None, suppress_health_check=UNHURRIED)


def codes(form: Form, body: Any) -> set[str]:
    return {code for _, code in faults(form, body)}


@thorough
@given(event_types().map(form_from), st.data())
def test_schema_and_check_agree_but_for_what_is_listed(form: Form, data: st.DataObject) -> None:
    body = data.draw(bodies(form))

    found = codes(form, body)

    if is_valid(schema_of(form, EVENT_TYPE_ID), body):
        assert found <= EXPLAINED
    else:
        assert found


@thorough
@given(event_types().map(form_from), st.data())
def test_what_follows_the_form_is_accepted_by_both(form: Form, data: st.DataObject) -> None:
    body = data.draw(good_bodies(form))

    accepted = not codes(form, body)

    assert accepted is form.bookable
    assert is_valid(schema_of(form, EVENT_TYPE_ID), body) is form.bookable


@thorough
@given(event_types(), st.data())
def test_an_accepted_body_obeys_calendlys_rules(configured: EventType, data: st.DataObject) -> None:
    form = form_from(configured)
    body = data.draw(bodies(form) | good_bodies(form))
    if codes(form, body):
        return

    accepted = check(form, Submission.model_validate(body))
    sent = msgspec.to_builtins(accepted.new_booking(EVENT_TYPE_URI, SLOT))

    assert_invitee_is_whole(sent["invitee"])
    assert_location_is_configured(configured, sent.get("location"))
    assert_answers_fit(configured, sent.get("questions_and_answers"))
    assert_extras_are_whole(sent)


def assert_invitee_is_whole(invitee: dict[str, str]) -> None:
    assert {"email", "timezone"} <= invitee.keys()
    assert ("name" in invitee) != ("first_name" in invitee)
    assert all(invitee.values())


def assert_location_is_configured(configured: EventType, location: dict[str, str] | None) -> None:
    if configured.pooling_type == "round_robin" or not configured.locations:
        assert location is None
        return
    assert location is not None
    assert location["kind"] in KINDS.keys() & {each.kind for each in configured.locations}
    assert ("location" in location) is (location["kind"] in WITH_TEXT)
    if location["kind"] in {"physical", "custom"}:
        pairs = {(each.kind, each.location) for each in configured.locations}
        assert (location["kind"], location["location"]) in pairs


def assert_answers_fit(configured: EventType, answers: list[dict[str, Any]] | None) -> None:
    assert answers != []
    enabled = [each for each in configured.custom_questions or () if each.enabled]
    given_for = [(each["question"], each["position"]) for each in answers or ()]
    assert set(given_for) <= {(each.name, each.position) for each in enabled}
    assert {(each.name, each.position) for each in enabled if each.required} <= set(given_for)
    assert [position for _, position in given_for] == sorted(position for _, position in given_for)
    assert all(each["answer"].strip() for each in answers or ())


def assert_extras_are_whole(sent: dict[str, Any]) -> None:
    assert len(sent.get("tracking") or dict.fromkeys(range(6))) == 6
    guests = sent.get("event_guests", ["somebody"])
    assert 1 <= len(guests) <= 10
    assert (
        len({guest.casefold() for guest in guests} | {sent["invitee"]["email"].casefold()}) == len(guests) + 1
    )


@brief
@given(event_types().map(form_from))
def test_the_schema_of_any_form_is_a_json_schema(form: Form) -> None:
    assert_is_schema(schema_of(form, EVENT_TYPE_ID, "intro-call"))


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@thorough
@given(json_values, st.sampled_from(sorted(Submission.model_json_schema()["properties"])))
def test_no_body_breaks_the_model(value: Any, field: str) -> None:
    for body in (value, {field: value}):
        try:
            Submission.model_validate(body)
        except ValidationError:
            continue


@brief
@given(event_types().map(form_from))
def test_ids_are_never_given_twice(form: Form) -> None:
    options = [option.id for option in form.locations.options]
    questions = [question.id for question in form.questions]

    assert len(set(options)) == len(options)
    assert len(set(questions)) == len(questions)
