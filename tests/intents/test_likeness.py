"""Whether a booking that is there already says what somebody asks for now."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.calendly.models import (
    EventGuest,
    EventLocation,
    Invitee,
    InviteeAnswer,
    InviteesCounter,
    NewAnswer,
    NewBooking,
    NewInvitee,
    NewLocation,
    ScheduledEvent,
)
from app.intents.likeness import digest, says_the_same

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOST = "https://api.calendly.example.test"
EVENT = ScheduledEvent(
    uri=f"{HOST}/scheduled_events/EVENT",
    event_type=f"{HOST}/event_types/TYPE",
    name="Phone consult",
    status="active",
    start_time=NINE,
    end_time=NINE,
    location=EventLocation(type="outbound_call", location="+49 30 12345678"),
    event_guests=[EventGuest(email="Ada@example.test")],
    invitees_counter=InviteesCounter(total=1, active=1, limit=1),
)
INVITEE = Invitee(
    uri=f"{HOST}/scheduled_events/EVENT/invitees/INVITEE",
    event=EVENT.uri,
    email="grace@example.test",
    status="active",
    created_at=NINE,
    name="Grace Example",
    questions_and_answers=[InviteeAnswer("What is it about?", " Tea "), InviteeAnswer("Anything else?", "")],
)
BOOKING = NewBooking(
    event_type=f"{HOST}/event_types/TYPE",
    start_time="2026-11-24T09:00:00.000000Z",
    invitee=NewInvitee(email="grace@example.test", timezone="Europe/Berlin", name="grace example"),
    location=NewLocation("outbound_call", "+493012345678"),
    questions_and_answers=[NewAnswer("What is it about?", "Tea", 0)],
    event_guests=["ada@example.test"],
)
OTHERS = [
    pytest.param({"location": NewLocation("outbound_call", "+493087654321")}, id="another number"),
    pytest.param({"location": NewLocation("google_conference")}, id="another kind of place"),
    pytest.param({"event_guests": None}, id="without the guest"),
    pytest.param({"event_guests": ["host@example.test"]}, id="another guest"),
    pytest.param({"questions_and_answers": [NewAnswer("What is it about?", "Milk", 0)]}, id="another answer"),
    pytest.param({"questions_and_answers": None}, id="no answer"),
    pytest.param(
        {"invitee": NewInvitee("grace@example.test", "Europe/Berlin", name="Ada Example")}, id="another name"
    ),
]


def _booking(**changes: Any) -> NewBooking:
    return msgspec.structs.replace(BOOKING, **changes)


def test_the_same_is_the_same_however_it_is_spelt() -> None:
    assert says_the_same(BOOKING, EVENT, INVITEE)


@pytest.mark.parametrize("changes", OTHERS)
def test_whoever_says_something_else_says_something_else(changes: dict[str, Any]) -> None:
    assert not says_the_same(_booking(**changes), EVENT, INVITEE)


def test_first_and_last_name_are_one_name() -> None:
    person = NewInvitee("grace@example.test", "Europe/Berlin", first_name="Grace", last_name="Example")

    assert says_the_same(_booking(invitee=person), EVENT, INVITEE)


@pytest.mark.parametrize(
    ("asked", "told", "same"),
    [
        pytest.param(" Grace  Example", "grace example", True, id="trimmed"),
        pytest.param("O\u2019Brien-Example", "O'Brien Example", True, id="other marks"),
        pytest.param("Gre\u0301goire", "Gr\u00e9goire", True, id="composed"),
        pytest.param("\u2606 \u2606", "\u2606\u2606", True, id="no letters"),
        pytest.param("\u2606", "\u2605", False, id="other signs"),
        pytest.param("Grace Example", "Ada Example", False, id="another"),
    ],
)
def test_a_name_is_the_same_however_calendly_spells_it(asked: str, told: str, *, same: bool) -> None:
    invitee = msgspec.structs.replace(INVITEE, name=told)
    booking = _booking(invitee=NewInvitee("grace@example.test", "Europe/Berlin", name=asked))

    assert says_the_same(booking, EVENT, invitee) is same
    assert (digest(booking) == digest(invitee)) is same


def test_a_digest_tells_answers_apart() -> None:
    another = _booking(questions_and_answers=[NewAnswer("What is it about?", "Milk", 0)])

    assert digest(BOOKING) == digest(INVITEE) != digest(another)


def test_a_name_that_is_missing_is_nobodys() -> None:
    nobody = msgspec.structs.replace(INVITEE, name=None)
    unnamed = _booking(invitee=NewInvitee("grace@example.test", "Europe/Berlin"))

    assert not says_the_same(unnamed, EVENT, nobody)


@pytest.mark.parametrize("changes", OTHERS[:4])
def test_place_and_guests_of_an_event_for_many_are_not_one_invitees(changes: dict[str, Any]) -> None:
    shared = msgspec.structs.replace(EVENT, invitees_counter=InviteesCounter(total=2, active=2, limit=9))

    assert says_the_same(_booking(**changes), shared, INVITEE)


def test_what_calendly_does_not_tell_is_taken_for_the_same() -> None:
    untold = msgspec.structs.replace(EVENT, location=EventLocation(type="outbound_call"))

    assert says_the_same(BOOKING, untold, INVITEE)


@pytest.mark.parametrize(("told", "same"), [(None, True), ("+49 151 23", True), ("+4915199", False)])
def test_a_number_for_reminders_counts_where_both_have_one(told: str | None, *, same: bool) -> None:
    person = NewInvitee(
        "grace@example.test", "Europe/Berlin", name="Grace Example", text_reminder_number="+4915123"
    )

    assert (
        says_the_same(
            _booking(invitee=person), EVENT, msgspec.structs.replace(INVITEE, text_reminder_number=told)
        )
        is same
    )


@pytest.mark.parametrize(
    ("asked", "told", "same"),
    [
        pytest.param("Tea\nMilk", "Milk\nTea", True, id="choices in another order"),
        pytest.param("Tea", "Tea\nMilk", False, id="one choice more"),
        pytest.param("\U0001f44d", "\U0001f44e", False, id="signs alone"),
        pytest.param("\u0930\u093e\u092e", "\u0930\u092e\u093e", False, id="vowel marks"),
    ],
)
def test_an_answer_is_the_same_in_whatever_order_its_choices_come(
    asked: str, told: str, *, same: bool
) -> None:
    invitee = msgspec.structs.replace(
        INVITEE,
        questions_and_answers=[InviteeAnswer("What is it about?", told), InviteeAnswer("More?", "  ")],
    )
    booking = _booking(questions_and_answers=[NewAnswer("What is it about?", asked, 0)])

    assert says_the_same(booking, EVENT, invitee) is same
    assert (digest(booking) == digest(invitee)) is same


def test_what_calendly_does_not_tell_is_no_difference() -> None:
    split = msgspec.structs.replace(INVITEE, name=None, first_name="Grace", last_name="Example")

    assert says_the_same(BOOKING, msgspec.structs.replace(EVENT, event_guests=None), split)
