"""What a booking's holder sees of it, and does with it, after it was sent."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.browser.stage import Stage, staged
from tests.support.front_end import Json

Life = tuple[Json, list[Json]]

CALENDARS = {
    "Google Calendar": "calendar.google.com",
    "Outlook": "outlook.live.com",
    "Office 365": "outlook.office.com",
    "Yahoo": "calendar.yahoo.com",
}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A service that gives up waiting for Calendly soon, and takes little silence for an answer.

    Its bookings add up: a simulator that begins anew gives the ids of old anew.
    """
    hasty = {"CALENDLY_BOOKING_TIMEOUT": "2", "BFF_QUIET_PERIOD": "1"}
    with staged(tmp_path_factory.mktemp("hasty"), **hasty) as stage:
        stage.calendly.reset(tier="enterprise")
        yield stage


def statuses(stage: Stage) -> list[str]:
    return [booking["status"] for booking in stage.calendly.bookings()]


@pytest.fixture(
    scope="module", params=[{"width": 390, "to": 3}, {"width": 1280, "to": 9}], ids=["390", "1280"]
)
def life(request: pytest.FixtureRequest, demo: Stage) -> Life:
    """A booking found again, moved and canceled; and what Calendly has of it in the end.

    Each goes to another time: the service knows the booking of the same id as moved there already.
    """
    demo.calendly.reset(tier="enterprise")
    scene = demo.play("afterwards.wholeLife", "intro-call", schemes=["light", "dark"], **request.param)
    return scene, demo.calendly.bookings()


def test_a_booking_is_moved_and_then_canceled_at_calendly(life: Life) -> None:
    scene, bookings = life

    assert [booking["status"] for booking in bookings] == ["canceled", "canceled"]
    assert bookings[1]["cancellation"]["reason"] == "I am ill."
    assert scene["complaints"] == []


def test_each_step_of_managing_a_booking_takes_the_focus(life: Life) -> None:
    scene, _ = life
    question = scene["stations"].pop(4)

    assert question.startswith("Cancel Intro call with Ada Example on ")
    assert scene["stations"] == [
        "You are booked",
        "Choose another time",
        "Move your booking?",
        "You are booked",
        "Cancel the booking",
        "Your booking is canceled",
    ]


def test_a_confirmed_booking_goes_into_five_calendars(life: Life) -> None:
    scene, _ = life

    assert dict(scene["calendars"]) == CALENDARS
    assert scene["file"]["name"] == "booking.ics"
    assert scene["file"]["text"].startswith("BEGIN:VCALENDAR\r\n")


def test_the_address_alone_leads_back_to_a_booking_as_it_then_stands(life: Life) -> None:
    scene, _ = life

    assert (scene["reopened"], scene["left"]) == ("You are booked", "Your booking is canceled")


def test_the_address_of_a_booking_is_sent_to_nobody(life: Life) -> None:
    scene, _ = life
    token = urlsplit(scene["address"]).fragment.rsplit("/", 1)[1]

    assert [url for url in scene["requests"] if token in url] == []
    assert [name for name in scene["referrers"] if name] == []


def test_a_moved_booking_says_that_the_old_time_is_gone_and_two_mails_come(life: Life) -> None:
    scene, _ = life

    assert scene["note"] == (
        "Your old time is canceled. Expect two mails from Calendly:"
        " one that the new time is booked, another that the old one is canceled."
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_a_booking_that_nobody_knows_of_yet_is_waited_for_and_sent_once(stage: Stage, width: int) -> None:
    stage.calendly.fail("^/invitees", times=1, method="POST", kind="commit_then_status")

    scene = stage.play("afterwards.confirming", "intro-call", width=width, schemes=["light", "dark"])

    assert "Please do not book it again" in scene["text"]
    assert (len(scene["sent"]), statuses(stage)) == (1, ["active"])


def test_a_booking_that_was_never_made_says_so_and_is_tried_again_with_its_key(hasty: Stage) -> None:
    before = len(statuses(hasty))
    hasty.calendly.fail("^/invitees", times=1, method="POST", kind="status", status=502)

    scene = hasty.play("afterwards.failed", "intro-call", schemes=["light", "dark"])

    first, second = scene["sent"]
    assert first == second
    assert "Calendly did not take it" in scene["text"]
    assert statuses(hasty)[before:] == ["active"]


def test_an_old_time_that_calendly_holds_on_to_is_said_to_go_later(hasty: Stage) -> None:
    before = len(statuses(hasty))
    hasty.calendly.fail("/cancellation", method="POST", kind="status", status=500)

    scene = hasty.play("afterwards.halfMoved", "intro-call")

    assert scene["before"].startswith("Your old time is still being canceled")
    assert scene["reloaded"].startswith("Your old time is still being canceled")
    assert statuses(hasty)[before:] == ["canceled", "active"]


def test_a_move_that_nobody_knew_of_takes_the_place_of_the_old_time(hasty: Stage) -> None:
    before = len(statuses(hasty))
    end = {"until": "You are booked", "told": "Your old time is canceled."}

    hasty.play("afterwards.moveUnknown", "intro-call", fault="commit_then_status", **end)

    assert statuses(hasty)[before:] == ["canceled", "active"]


def test_a_move_that_was_never_made_leaves_the_old_time(hasty: Stage) -> None:
    before = len(statuses(hasty))
    end = {"until": "Nothing was booked", "told": "Your earlier time stays as it was."}

    hasty.play("afterwards.moveUnknown", "intro-call", fault="status", **end)

    assert statuses(hasty)[before:] == ["active"]


def test_an_address_with_a_wrong_token_leads_to_no_booking(stage: Stage) -> None:
    scene = stage.play("afterwards.dead", "intro-call", schemes=["light", "dark"])

    assert scene["shown"] == ["This link leads to no booking"] * 3
    assert scene["complaints"] == []


def test_a_booking_in_flight_is_waited_for_with_the_same_key(stage: Stage) -> None:
    stage.calendly.fail("^/invitees", times=1, method="POST", kind="delay", seconds=4)

    scene = stage.play("afterwards.inFlight", "intro-call")

    assert set(scene["refusals"]) == {"booking_in_flight"}
    assert len({sent["key"] for sent in scene["sent"]}) == 1
    assert statuses(stage) == ["active"]


def test_a_seat_among_others_is_given_up_on_calendlys_page(stage: Stage) -> None:
    scene = stage.play("afterwards.seat", "workshop", width=390)

    assert scene["led"] == scene["hosted"]
    assert urlsplit(scene["led"]).path.startswith("/cancellations/")
    assert statuses(stage) == ["active"]


def test_what_was_booked_before_is_shown_and_cannot_be_managed(stage: Stage) -> None:
    scene = stage.play("afterwards.joined", "workshop")

    assert "The mails from Calendly have the links" in scene["text"]
    assert "Cancel the booking" not in scene["text"]
    assert scene["address"] == f"{stage.service}/#/booked"


def test_a_new_time_that_is_taken_leaves_the_old_one_and_offers_others(stage: Stage) -> None:
    scene = stage.play("afterwards.overtaken", "intro-call", width=390, schemes=["light", "dark"])

    assert "Your old time stays until then." in scene["taken"]


def test_a_booking_that_is_gone_meanwhile_says_that_it_cannot_be_moved(stage: Stage) -> None:
    scene = stage.play("afterwards.goneMeanwhile", "intro-call")

    assert "This can no longer be changed" in scene["text"]
    assert scene["stands"] == "Your booking is canceled"
