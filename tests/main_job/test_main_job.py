"""The main job as a front-end developer meets it: `calendly-bff demo`, and five calls."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.form_filler import Filling, filled
from tests.support.front_end import CalendlyControl, FrontEnd, both_sides
from tests.support.programs import running_demo

KOLKATA = "Asia/Kolkata"
PLACE = "Example Park, by the gate"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FrontEnd, CalendlyControl]]:
    with (
        running_demo(tmp_path_factory.mktemp("demo")) as (service, simulator),
        both_sides(service, simulator) as sides,
    ):
        yield sides


def test_a_visit_is_listed_shown_and_booked_where_the_visitor_says(
    demo: tuple[FrontEnd, CalendlyControl],
) -> None:
    front_end, calendly = demo
    event_type = front_end.event_type("visit")
    form = front_end.form(event_type["id"])
    tomorrow = datetime.now(ZoneInfo(KOLKATA)).date() + timedelta(days=1)
    days = front_end.days(event_type["id"], KOLKATA, tomorrow, tomorrow + timedelta(days=6))
    start = next(slot["start"] for day in days for slot in day["slots"])

    response = front_end.book(filled(form, Filling(start=start, time_zone=KOLKATA, option="ask_invitee")))

    assert response.status_code == 201, response.text
    assert len(days) == 7
    assert start.endswith("+05:30")
    assert response.json()["status"] == "confirmed"
    booked = calendly.bookings()
    assert [(each["location"], each["name"]) for each in booked] == [
        ({"type": "ask_invitee", "location": PLACE}, "Visit")
    ]
    assert datetime.fromisoformat(booked[0]["start_time"]) == datetime.fromisoformat(start)


def test_the_demo_answers_with_its_page_and_its_document(demo: tuple[FrontEnd, CalendlyControl]) -> None:
    front_end, _ = demo

    answers = [front_end.http.get(path) for path in ("/", "/docs", "/openapi.json", "/livez", "/readyz")]

    assert [answer.status_code for answer in answers] == [200] * 5
