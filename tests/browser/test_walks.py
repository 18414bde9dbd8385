"""From the list to the confirmation, in every way that visitors go."""

from typing import Any

import pytest

from tests.browser.stage import Stage

PLACE = "Example Park, by the gate"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_visitor_books_by_mouse_and_axe_finds_nothing_at_any_step(stage: Stage, width: int) -> None:
    scene = stage.play("walks.byMouse", width=width, schemes=["light", "dark"])

    assert PLACE in scene["ticket"]
    assert [booking["location"]["location"] for booking in stage.calendly.bookings()] == [PLACE]
    assert scene["complaints"] == []


def test_a_visitor_books_by_keyboard_and_each_step_takes_the_focus(stage: Stage) -> None:
    scene = stage.play("walks.byKeyboard")

    assert scene["stations"] == [
        "Choose a day and a time",
        "the heading of the day",
        "Your details",
        "In person",
        "You are booked",
    ]
    assert len(stage.calendly.bookings()) == 1


def test_a_national_number_is_booked_with_the_country_that_was_chosen(stage: Stage) -> None:
    scene = stage.play("walks.byPhone", "phone-consult", zone="Asia/Kolkata")

    assert scene["sent"][0]["body"]["region"] == "DE"
    assert [sent["location"] for sent in stage.calendly.sent_bookings()] == [
        {"kind": "outbound_call", "location": "+493023125012"}
    ]


def test_every_type_of_question_is_answered(stage: Stage) -> None:
    stage.play("walks.everyQuestion", "questionnaire", width=390)

    (sent,) = stage.calendly.sent_bookings()
    assert [answer["answer"] for answer in sent["questions_and_answers"]] == [
        "Example Ltd",
        "One line\nand another",
        "+493023125012",
        "2 to 10",
        "On the radio",
        "Monday\nFriday",
        "Prices\nThe weather",
    ]
    assert sent["event_guests"] == ["ada@example.test", "guest@example.test"]


@pytest.fixture(scope="module")
def hasty(demo: Stage) -> tuple[dict[str, Any], int]:
    """A scene in which one clicks twice, reloads, and steps back; and how many bookings came of it."""
    demo.calendly.reset(tier="enterprise")
    scene = demo.play("walks.hastily", "intro-call")
    return scene, len(demo.calendly.bookings())


def test_a_double_click_sends_one_booking(hasty: tuple[dict[str, Any], int]) -> None:
    scene, bookings = hasty

    assert (len(scene["sent"]), bookings) == (1, 1)


def test_a_step_back_from_the_confirmation_leads_past_the_form(hasty: tuple[dict[str, Any], int]) -> None:
    scene, _ = hasty

    assert scene["after"] == "Choose a day and a time"
