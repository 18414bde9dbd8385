"""What goes wrong is told where it can be mended, and nothing that was typed is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.stage import Stage


def test_each_fault_is_told_at_its_field_and_the_first_takes_the_focus(stage: Stage) -> None:
    scene = stage.play("troubles.emptyForm", "questionnaire", schemes=["light", "dark"])

    assert scene["faults"] == [
        {"field": "Name", "text": "Please fill this in.", "tied": True},
        {"field": "Email", "text": "This is not a complete e-mail address.", "tied": True},
        {"field": "Which company are you with?", "text": "Please fill this in.", "tied": True},
        {"field": "How large is your team?", "text": "Please choose.", "tied": True},
        {"field": "Which days suit you?", "text": "Please choose.", "tied": True},
    ]
    assert scene["focus"] == "Name"
    assert scene["jumped"] == "Monday"


def test_a_slot_taken_behind_our_back_is_replaced_without_typing_again(stage: Stage) -> None:
    scene = stage.play("troubles.slotTaken", "intro-call", schemes=["light", "dark"])

    assert scene["focus"] == "This time has just been taken"
    assert scene["offered"] >= 3
    assert scene["name"] == "Grace Example"
    assert scene["next"].startswith("Book for")
    assert scene["chosen"] != scene["wanted"]
    booked = {booking["start_time"] for booking in stage.calendly.bookings()}
    assert {datetime.fromisoformat(start) for start in booked} == {
        datetime.fromisoformat(scene["wanted"]),
        datetime.fromisoformat(scene["chosen"]),
    }


def test_a_lost_answer_is_asked_for_again_with_the_same_key(stage: Stage) -> None:
    scene = stage.play("troubles.answerLost", "intro-call")

    first, second = scene["sent"]
    assert first == second
    assert not scene["open"]
    assert len(stage.calendly.bookings()) == 1


@pytest.mark.parametrize("scene", ["closedMeanwhile", "closedAfterwards"])
def test_no_second_way_is_offered_while_an_earlier_try_is_open(stage: Stage, scene: str) -> None:
    offered = stage.play(f"troubles.{scene}", "no-place")

    assert (offered["links"], offered["again"]) == (0, 1)


def test_a_failure_is_not_shown_as_a_lack_of_times(stage: Stage) -> None:
    stage.calendly.fail("/event_type_available_times", kind="status", status=500)

    scene = stage.play("troubles.noTimes", "deep-dive")

    assert "cannot say which times are free" in scene["text"]
    assert "no free times" not in scene["text"]
    assert scene["hosted"] == f"{stage.simulator}/ada/deep-dive"


def test_a_form_that_has_changed_is_read_again_and_keeps_what_was_typed(stage: Stage) -> None:
    uuid = stage.calendly.event_types()["anywhere"]["uri"].rsplit("/", 1)[1]

    scene = stage.play("troubles.formChanged", "anywhere", uuid=uuid)

    assert (scene["places"], scene["name"]) == (2, "Grace Example")
    assert len(stage.calendly.bookings()) == 1


def test_what_only_calendly_books_leads_to_its_page(stage: Stage) -> None:
    start = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0).isoformat()

    scene = stage.play("troubles.hostedOnly", "paid-session", start=start)

    assert scene["hosted"] == f"{stage.simulator}/ada/paid-session"


def test_a_spent_quota_offers_calendlys_page_and_keeps_what_was_typed(demo_apart: Stage) -> None:
    refusal = {"title": "Too Many Requests", "message": "Rate limit exceeded."}
    demo_apart.calendly.fail("^/invitees", method="POST", kind="status", status=429, body=refusal)

    scene = demo_apart.play("troubles.quotaSpent", "intro-call")

    assert scene["hosted"].startswith(f"{demo_apart.simulator}/ada/intro-call/")
    assert scene["name"] == "Grace Example"
    assert "Try again in" in scene["text"]
