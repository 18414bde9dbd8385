"""Hosted pages: every link in an answer leads somewhere."""

import pytest

from tests.support.simulation import Simulation


async def test_every_event_type_has_a_page(calendly: Simulation) -> None:
    listing = await calendly.get("/event_types", user=await calendly.me(), count=100)

    for kind in listing.json()["collection"]:
        response = await calendly.http.get(kind["scheduling_url"])
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert f"<h1>{kind['name']}</h1>" in response.text


async def test_a_slot_has_a_page_that_names_its_time(calendly: Simulation) -> None:
    slot = (await calendly.available_times("intro-call")).json()["collection"][0]

    response = await calendly.http.get(slot["scheduling_url"])

    assert "30 minutes on Monday 23 November 2026, 08:00 UTC." in response.text


@pytest.mark.parametrize(("link", "title"), [("cancel_url", "Cancel"), ("reschedule_url", "Reschedule")])
async def test_a_booking_has_pages_to_change_it(calendly: Simulation, link: str, title: str) -> None:
    invitee = await calendly.book("intro-call")

    response = await calendly.http.get(invitee[link])

    assert response.status_code == 200
    assert f"<h1>{title}: Intro call</h1>" in response.text


async def test_a_join_link_leads_somewhere(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call")
    calendly.clock.advance(seconds=2)
    event = await calendly.read(invitee["event"])

    response = await calendly.http.get(event["location"]["join_url"])

    assert response.status_code == 200


async def test_a_user_has_a_page(calendly: Simulation) -> None:
    user = await calendly.read("/users/me")

    response = await calendly.http.get(user["scheduling_url"])

    assert "<h1>Ada Example</h1>" in response.text


async def test_what_a_visitor_typed_is_text_on_a_page(calendly: Simulation) -> None:
    invitee = await calendly.book(
        "intro-call", invitee={"name": "<b>Grace</b>", "email": "grace@example.test", "timezone": "UTC"}
    )

    response = await calendly.http.get(invitee["cancel_url"])

    assert "&lt;b&gt;Grace&lt;/b&gt;" in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/nobody",
        "/nobody/intro-call",
        "/ada/nothing",
        "/grace/intro-call",
        "/ada/intro-call/noon",
        "/ada/intro-call/0001-01-01T00:00:00+23:00",
        "/ada/nothing/2026-11-23T08:00:00Z",
        "/cancellations/nobody",
        "/reschedulings/nobody",
        "/conferences/nothing",
    ],
)
async def test_a_link_that_was_never_handed_out_is_not_found(calendly: Simulation, path: str) -> None:
    response = await calendly.http.get(path)

    assert response.status_code == 404
