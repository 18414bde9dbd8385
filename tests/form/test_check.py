"""The whole check: every fault at once, in order, and the body that comes of it."""

import msgspec
import pytest

from app.errors import FormChangedError, InvalidRequestError
from app.form.build import form_from
from app.form.check import check
from app.form.model import Form
from app.form.submission import Submission
from tests.form.builders import (
    EVENT_TYPE_URI,
    SLOT,
    answered,
    body,
    event_type,
    faults,
    form,
    invitee,
    place,
    question,
    sent,
)

CHOICE = form(place("ask_invitee"), place("outbound_call"), questions=(question(required=True),))

CANARY = "canary-5f2c"

ALL_WRONG = body(
    invitee={"firstName": "\x00", "email": CANARY, "phone": CANARY},
    location={"optionId": "outbound_call", "value": CANARY},
    answers=[{"questionId": CANARY, "value": CANARY}],
    guests=[f"{CANARY}@"],
    tracking={"utmSource": f"{CANARY}\n"},
)


def test_all_faults_are_told_at_once_in_the_order_of_the_body() -> None:
    assert faults(CHOICE, ALL_WRONG) == [
        ("/invitee/email", "email_invalid"),
        ("/invitee/firstName", "control_character"),
        ("/invitee/phone", "phone_invalid"),
        ("/location/value", "phone_invalid"),
        ("/answers/0/questionId", "unknown_question"),
        ("/answers", "required"),
        ("/guests/0", "email_invalid"),
        ("/tracking/utmSource", "control_character"),
    ]


def test_nothing_of_the_input_is_repeated() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check(CHOICE, Submission.model_validate(ALL_WRONG))

    assert CANARY not in repr(caught.value.faults)


def test_a_body_without_anything_optional_brings_no_optional_key() -> None:
    assert sent(form()) == {
        "event_type": EVENT_TYPE_URI,
        "start_time": SLOT,
        "invitee": {"email": "grace@example.test", "timezone": "Europe/Berlin", "name": "Grace Example"},
    }


def test_a_body_with_everything_brings_every_key() -> None:
    booked = sent(
        CHOICE,
        invitee=invitee(phone="030 23125012"),
        location={"optionId": "outbound_call", "value": "030 23125013"},
        answers=answered(CHOICE, "Us"),
        guests=["ada@example.test"],
        tracking={"utmSource": "newsletter"},
        region="DE",
        formVersion=CHOICE.version,
    )

    assert booked == {
        "event_type": EVENT_TYPE_URI,
        "start_time": SLOT,
        "invitee": {
            "email": "grace@example.test",
            "timezone": "Europe/Berlin",
            "name": "Grace Example",
            "text_reminder_number": "+493023125012",
        },
        "location": {"kind": "outbound_call", "location": "+493023125013"},
        "questions_and_answers": [{"question": "Topic?", "answer": "Us", "position": 0}],
        "tracking": {
            "utm_campaign": None,
            "utm_source": "newsletter",
            "utm_medium": None,
            "utm_content": None,
            "utm_term": None,
            "salesforce_uuid": None,
        },
        "event_guests": ["ada@example.test"],
    }


def test_another_version_of_the_form_is_refused_with_the_new_one() -> None:
    submission = Submission.model_validate(body(formVersion="000000000000"))

    with pytest.raises(FormChangedError) as caught:
        check(CHOICE, submission)

    assert caught.value.form_version == CHOICE.version


BOTH = (place("ask_invitee"), place("outbound_call"))
CHANGED = [
    pytest.param(form(*BOTH[::-1], questions=(question(required=True),)), id="places in another order"),
    pytest.param(form(BOTH[0], questions=(question(required=True),)), id="a place less"),
    pytest.param(
        form(place("ask_invitee", "Near"), BOTH[1], questions=(question(required=True),)), id="another hint"
    ),
    pytest.param(form(*BOTH), id="no question"),
    pytest.param(form(*BOTH, questions=(question(),)), id="a question that is optional now"),
    pytest.param(
        form(*BOTH, questions=(question(required=True),), pooling_type="round_robin"), id="round robin"
    ),
]


@pytest.mark.parametrize("changed", CHANGED)
def test_the_version_changes_with_what_decides(changed: Form) -> None:
    assert changed.version != CHOICE.version


def test_the_version_does_not_change_with_what_does_not_decide() -> None:
    plain = event_type(place("ask_invitee"), questions=(question(),))
    renamed = msgspec.structs.replace(plain, name="New name", duration=60, color="#0069ff", position=3)

    assert form_from(renamed).version == form_from(plain).version


def test_a_form_survives_the_cache() -> None:
    assert msgspec.json.decode(msgspec.json.encode(CHOICE), type=Form) == CHOICE


def test_a_form_without_questions_is_built_from_null() -> None:
    plain = msgspec.structs.replace(event_type(), custom_questions=None)

    assert form_from(plain).questions == ()
