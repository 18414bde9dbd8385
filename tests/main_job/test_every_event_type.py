"""Every seeded event type: booked from its own form, and what reached Calendly held against a written table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.main_job.golden import BOOKABLE, HIDDEN, HOSTED_ONLY, Golden
from tests.support.canary import VISITOR_EMAIL
from tests.support.form_filler import Filling, filled
from tests.support.front_end import CalendlyControl, FrontEnd
from tests.support.json_schema import is_valid

CONFERENCES = {"zoom_conference": "zoom", "gotomeeting_conference": "gotomeeting"}
"""Kinds that Calendly spells otherwise on a scheduled event."""

WITH_A_PLACE = [each for each in BOOKABLE if "location" in each.sends and each.slug != "workshop"]
"""The first workshop was there before, with its place."""

WORDS = {
    "timeZone": "Europe/Berlin",
    "invitee": {"name": "Grace Example", "email": VISITOR_EMAIL},
}


def in_calendly_spelling(start: str) -> str:
    return datetime.fromisoformat(start).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def published(front_end: FrontEnd) -> dict[str, bool]:
    return {each["slug"]: each["bookable"] for each in front_end.read("/event-types")["items"]}


bookable = pytest.mark.parametrize("golden", [pytest.param(each, id=each.id) for each in BOOKABLE])
how_much = pytest.mark.parametrize("filling", [Filling(), Filling(everything=True)], ids=["required", "all"])


def test_the_table_covers_all_that_is_published(front_end: FrontEnd) -> None:
    listed = published(front_end)

    assert {slug for slug, can_be_booked in listed.items() if can_be_booked} == {
        each.slug for each in BOOKABLE
    }
    assert {slug for slug, can_be_booked in listed.items() if not can_be_booked} == set(HOSTED_ONLY)


@pytest.mark.parametrize("slug", ["visit", "anywhere"])
def test_the_table_covers_every_place_of(slug: str, front_end: FrontEnd) -> None:
    options = front_end.event_type(slug)["location"]["options"]

    assert {option["id"] for option in options} == {each.option for each in BOOKABLE if each.slug == slug}


@bookable
@how_much
def test_a_booking_by_its_form_reaches_calendly_key_by_key(
    golden: Golden, filling: Filling, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    start = front_end.starts(golden.slug)[0]
    body = filled(front_end.form(golden.slug), replace(filling, start=start, option=golden.option))

    response = front_end.book(body)

    assert response.status_code == 201, response.text
    uri = calendly.event_types()[golden.slug]["uri"]
    expected = golden.body(uri, in_calendly_spelling(start), everything=filling.everything)
    assert calendly.sent_bookings() == [expected]


@bookable
def test_what_was_booked_is_confirmed_as_calendly_has_it(
    golden: Golden, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    start = front_end.starts(golden.slug)[0]
    body = filled(front_end.form(golden.slug), Filling(start=start, option=golden.option))

    booking = front_end.book(body).json()

    ends = datetime.fromisoformat(booking["end"]) - datetime.fromisoformat(booking["start"])
    assert (booking["status"], booking["start"], ends) == (
        "confirmed",
        start,
        timedelta(minutes=golden.minutes),
    )
    invitees = [each["email"] for event in calendly.bookings() for each in event["invitees"]]
    assert VISITOR_EMAIL in invitees


@pytest.mark.parametrize("golden", [pytest.param(each, id=each.id) for each in WITH_A_PLACE])
def test_the_event_takes_place_where_the_booking_said(
    golden: Golden, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    start = front_end.starts(golden.slug)[0]

    front_end.book(filled(front_end.form(golden.slug), Filling(start=start, option=golden.option)))

    sent = golden.sends["location"]["kind"]
    assert [event["location"]["type"] for event in calendly.bookings()] == [CONFERENCES.get(sent, sent)]


@bookable
@how_much
def test_the_form_accepts_what_it_was_filled_with(
    golden: Golden, filling: Filling, front_end: FrontEnd
) -> None:
    form = front_end.form(golden.slug)

    body = filled(form, replace(filling, option=golden.option))

    assert is_valid(form["schema"], body)


@pytest.mark.parametrize("slug", HOSTED_ONLY)
@pytest.mark.parametrize("call", ["bookings", "preflight"])
def test_what_the_api_cannot_book_is_sent_to_the_hosted_page(
    slug: str, call: str, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    response = front_end.send(call, WORDS | {"eventTypeId": slug, "start": "2027-01-04T09:00:00+01:00"})

    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "use_hosted_page")
    assert problem["hostedUrl"] == calendly.event_types()[slug]["scheduling_url"]
    assert calendly.sent_bookings() == []


@pytest.mark.parametrize("slug", HIDDEN)
@pytest.mark.parametrize("call", ["bookings", "preflight"])
def test_what_is_hidden_cannot_be_booked(
    slug: str, call: str, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    hidden = calendly.event_types()[slug]["uri"].rsplit("/", 1)[1]

    answers = [
        front_end.send(call, WORDS | {"eventTypeId": name, "start": "2027-01-04T09:00:00+01:00"})
        for name in (slug, hidden)
    ]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "not_found")] * 2
    assert calendly.sent_bookings() == []
