"""Hosts who connect their accounts in a browser, and visitors who book with each of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.browser.stage import Json, Stage
from tests.support.accounts import OPERATOR, OPERATOR_KEY
from tests.support.front_end import FrontEnd, both_sides
from tests.support.programs import running_service_program, running_simulator_program


@pytest.fixture
def connecting(tmp_path: Path) -> Iterator[tuple[Stage, FrontEnd]]:
    """Nobody is connected yet."""
    with ExitStack() as stack:
        simulator = stack.enter_context(running_simulator_program(tmp_path))
        told = {
            "CALENDLY_API_URL": simulator,
            "CALENDLY_OAUTH_URL": simulator,
            "CALENDLY_OAUTH_CLIENT_ID": "simulator-web-client",
            "CALENDLY_OAUTH_CLIENT_SECRET": "simulator-web-client-secret",
            "BFF_OPERATOR_KEY": OPERATOR_KEY,
        }
        service = stack.enter_context(running_service_program(tmp_path, told))
        front_end, calendly = stack.enter_context(both_sides(service, simulator))
        yield Stage(service, simulator, calendly), front_end


def _link(stage: Stage) -> str:
    answer = httpx.post(f"{stage.service}/connect/links", headers=OPERATOR)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


def _booked(front_end: FrontEnd, slug: str) -> Json:
    start = front_end.starts(slug, after_days=2)[0]
    answer = front_end.book(
        {
            "eventTypeId": slug,
            "start": start,
            "timeZone": "Europe/Berlin",
            "invitee": {"name": "Visitor Example", "email": "visitor@example.test"},
        }
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_two_hosts_connect_a_third_refuses_and_visitors_book_with_each(
    connecting: tuple[Stage, FrontEnd], tmp_path: Path
) -> None:
    stage, front_end = connecting
    links = [_link(stage) for _ in range(3)]

    ada = stage.play("connect.grant", link=links[0], user="ada", width=390, leaves=True)
    refused = stage.play("connect.refuse", link=links[1], user="grace", leaves=True)
    before = {each["account"] for each in front_end.read("/event-types")["items"]}
    grace = stage.play("connect.grant", link=links[2], user="grace", leaves=True)
    used = stage.play("connect.used", link=links[0], width=390)

    for scene in (ada, refused, grace):
        assert scene["complaints"] == []
        assert scene["height"] >= 44
        assert [told for told in scene["referrers"] if told and told.startswith(stage.service)] == []
    assert "Ada Example can be booked from now on." in ada["text"]
    assert "Grace Example can be booked from now on." in grace["text"]
    assert "nothing has changed" in refused["text"]
    assert used["text"].startswith("This link is not good, or no longer")
    assert before == {"ada"}
    assert {each["account"] for each in front_end.read("/event-types")["items"]} == {"ada", "grace"}

    bookings = [_booked(front_end, slug) for slug in ("intro-call", "office-hours")]
    assert [booking["host"]["name"] for booking in bookings] == ["Ada Example", "Grace Example"]
    assert front_end.manage(bookings[1], "/cancel", {}).json()["status"] == "canceled"
    assert front_end.manage(bookings[0]).json()["status"] == "confirmed"

    logged = (tmp_path / "service.log").read_text()
    secrets = [link.rsplit("/", 1)[1] for link in links] + [ada["url"].partition("?")[2]]
    assert '"route": "/oauth/callback"' in logged
    assert [secret for secret in secrets if secret in logged] == []
