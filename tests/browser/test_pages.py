"""What the pages show before anything is booked."""

import re

import httpx
import phonenumbers
import pytest

from tests.browser.stage import Stage
from tests.project.repository import ROOT

STATIC = ROOT / "app" / "features" / "demo_page" / "static"


def test_what_cannot_be_booked_here_says_why_and_leads_to_calendly(stage: Stage) -> None:
    cards = {card["href"]: card["text"] for card in stage.play("visits.list")["cards"]}

    assert "Paid when booking" in cards[f"{stage.simulator}/ada/paid-session"]
    assert "A poll among dates" in cards[f"{stage.simulator}/ada/poll-lunch"]


def test_what_can_be_pressed_is_at_least_24_pixels_high(stage: Stage) -> None:
    assert stage.play("visits.targets", "workshop", width=320)["small"] == []


def test_times_are_shown_in_the_visitors_zone_until_another_is_chosen(stage: Stage) -> None:
    scene = stage.play("visits.zones", "intro-call", zone="Europe/Berlin")

    assert scene["own"] == "Europe/Berlin"
    assert scene["before"] != scene["after"]


def test_months_without_times_say_so_and_one_can_leaf_no_further_back_than_today(stage: Stage) -> None:
    scene = stage.play("visits.beyond", "call-us")

    assert scene["text"].startswith("There are no free times in ")
    assert scene["back"] == scene["left"]


def test_an_address_that_names_no_meeting_says_so(stage: Stage) -> None:
    assert stage.play("visits.nowhere")["complaints"] == []


def test_the_api_document_is_drawn_without_any_other_origin(stage: Stage) -> None:
    scene = stage.play("visits.documentation")

    assert scene["operations"] >= 5
    assert scene["complaints"] == []


def test_the_countries_offered_for_phone_numbers_are_those_that_have_some() -> None:
    (listed,) = re.findall(r'"([A-Z]{400,})"', (STATIC / "fields.js").read_text())

    assert set(re.findall("..", listed)) == set(phonenumbers.SUPPORTED_REGIONS)


def test_every_file_of_the_page_is_served_and_bound_to_its_origin(stage: Stage) -> None:
    for name in sorted(file.name for file in STATIC.iterdir()):
        answer = httpx.get(f"{stage.service}/demo/{name}")

        assert (answer.status_code, answer.text) == (200, (STATIC / name).read_text())
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; connect-src 'self';")


@pytest.mark.parametrize("name", ["router.py", "..%2frouter.py", "nothing.js"])
def test_what_is_no_file_of_the_page_is_not_found(stage: Stage, name: str) -> None:
    answer = httpx.get(f"{stage.service}/demo/{name}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
