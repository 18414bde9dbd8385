"""Calendly's own pages to cancel and to reschedule: what is done there happens, and is told."""

from collections.abc import AsyncIterator

import pytest

from tests.support.listener import Listener, listening
from tests.support.simulation import Json, Simulation, simulation
from tests.support.webhooks import subscribe


@pytest.fixture
async def calendly() -> AsyncIterator[Simulation]:
    async with simulation(sends=True) as running:
        yield running


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


async def move(calendly: Simulation, invitee: Json, start: str, reason: str = "") -> Json:
    """The new invitee."""
    form = {"start_time": start, "reason": reason}
    response = await calendly.http.post(invitee["reschedule_url"], data=form)
    assert response.status_code == 303, response.text
    new = (await calendly.read(invitee["uri"]))["new_invitee"]
    assert response.headers["location"] == f"/confirmations/{new.rsplit('/', 1)[1]}"
    return await calendly.read(new)


async def test_a_visitor_cancels(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call")
    start = (await calendly.read(invitee["event"]))["start_time"]

    response = await calendly.http.post(invitee["cancel_url"], data={"reason": "Ill"})

    shown = await calendly.http.get(response.headers["location"])
    changed = await calendly.read(invitee["uri"])
    assert (response.status_code, changed["status"], changed["rescheduled"]) == (303, "canceled", False)
    assert changed["cancellation"] == {
        "canceled_by": "Grace Example",
        "reason": "Ill",
        "canceler_type": "invitee",
        "created_at": "2026-11-23T06:00:00.000000Z",
    }
    assert (await calendly.read(invitee["event"]))["status"] == "canceled"
    assert "This has been canceled." in shown.text
    assert start in await calendly.starts("intro-call")


async def test_a_cancellation_by_a_visitor_is_told(calendly: Simulation, listener: Listener) -> None:
    invitee = await calendly.book("intro-call")
    await subscribe(calendly, listener.url)

    await calendly.http.post(invitee["cancel_url"])

    (received,) = await listener.after(1)
    cancellation = received.message["payload"]["cancellation"]
    assert (received.event, cancellation["canceler_type"]) == ("invitee.canceled", "invitee")
    assert cancellation["reason"] is None


async def test_a_group_goes_on_without_one(calendly: Simulation, listener: Listener) -> None:
    invitee = await calendly.book("workshop")
    await subscribe(calendly, listener.url)

    await calendly.http.post(invitee["cancel_url"])

    event = await calendly.read(invitee["event"])
    assert (event["status"], event["invitees_counter"]) == ("active", {"total": 9, "active": 8, "limit": 10})
    (received,) = await listener.after(1)
    assert received.message["payload"]["scheduled_event"]["status"] == "active"


async def test_a_visitor_moves_a_booking(calendly: Simulation) -> None:
    old = await calendly.book("phone-consult")
    starts = await calendly.starts("phone-consult")

    new = await move(calendly, old, starts[3], "Train is late")

    old, old_event = await calendly.read(old["uri"]), await calendly.read(old["event"])
    new_event = await calendly.read(new["event"])
    assert (old["status"], old["rescheduled"], old["new_invitee"]) == ("canceled", True, new["uri"])
    assert old["cancellation"]["reason"] == "Train is late"
    assert (new["status"], new["rescheduled"], new["old_invitee"]) == ("active", False, old["uri"])
    assert new["new_invitee"] is None
    assert "cancellation" not in new
    assert {name: new[name] for name in ("email", "name")} == {name: old[name] for name in ("email", "name")}
    assert (old_event["status"], new_event["status"]) == ("canceled", "active")
    assert new_event["start_time"] == starts[3]
    assert new_event["location"] == old_event["location"]


async def test_a_move_frees_one_time_and_takes_another(calendly: Simulation) -> None:
    before = await calendly.starts("intro-call")
    old = await calendly.book("intro-call")

    await move(calendly, old, before[4])

    assert set(before) - set(await calendly.starts("intro-call")) == {before[4]}


async def test_a_move_is_told_as_two_messages(calendly: Simulation, listener: Listener) -> None:
    old = await calendly.book("intro-call")
    await subscribe(calendly, listener.url)

    new = await move(calendly, old, (await calendly.starts("intro-call"))[2])

    told = {one.event: one.message["payload"] for one in await listener.after(2)}
    canceled, created = told["invitee.canceled"], told["invitee.created"]
    assert (canceled["uri"], canceled["rescheduled"], canceled["new_invitee"]) == (
        old["uri"],
        True,
        new["uri"],
    )
    assert (created["uri"], created["old_invitee"]) == (new["uri"], old["uri"])
    assert canceled["scheduled_event"]["status"] == "canceled"


async def test_a_booking_can_be_moved_again(calendly: Simulation) -> None:
    first = await calendly.book("intro-call")
    starts = await calendly.starts("intro-call")

    second = await move(calendly, first, starts[2])
    third = await move(calendly, second, starts[5])

    middle = await calendly.read(second["uri"])
    assert (middle["old_invitee"], middle["new_invitee"]) == (first["uri"], third["uri"])


async def test_a_guest_moves_from_one_group_to_another(calendly: Simulation) -> None:
    old = await calendly.book("workshop")
    starts = await calendly.starts("workshop")

    new = await move(calendly, old, starts[-1])

    old_event, new_event = await calendly.read(old["event"]), await calendly.read(new["event"])
    assert (old_event["status"], old_event["invitees_counter"]["active"]) == ("active", 8)
    assert (new_event["start_time"], new_event["invitees_counter"]["active"]) == (starts[-1], 1)


async def test_the_page_offers_the_free_times(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call")

    page = await calendly.http.get(invitee["reschedule_url"])

    free = (await calendly.starts("intro-call"))[0]
    taken = (await calendly.read(invitee["event"]))["start_time"]
    assert f'<option value="{free}"' in page.text
    assert taken not in page.text


@pytest.mark.parametrize(
    ("start", "complaint"),
    [
        pytest.param("", "start_time: must be a date time", id="no time"),
        pytest.param("2026-11-20T08:00:00Z", "start_time: must be in the future", id="a time in the past"),
        pytest.param("2026-11-23T08:07:00Z", "That start time has been filled", id="a time not on offer"),
    ],
)
async def test_a_wrong_time_moves_nothing(calendly: Simulation, start: str, complaint: str) -> None:
    invitee = await calendly.book("intro-call")

    response = await calendly.http.post(invitee["reschedule_url"], data={"start_time": start})

    assert response.status_code == 400
    assert complaint in response.text
    assert await calendly.read(invitee["uri"]) == invitee


@pytest.mark.parametrize("link", ["cancel_url", "reschedule_url"])
async def test_what_is_over_cannot_be_changed(calendly: Simulation, link: str) -> None:
    invitee = await calendly.book("intro-call")
    calendly.clock.advance(days=1)

    response = await calendly.http.post(invitee[link], data={"start_time": "2026-11-30T08:00:00Z"})

    assert response.status_code == 400
    assert "This has already begun." in response.text
    assert "<form" not in response.text


@pytest.mark.parametrize("link", ["cancel_url", "reschedule_url"])
async def test_what_was_moved_is_changed_at_its_new_time(calendly: Simulation, link: str) -> None:
    invitee = await calendly.book("intro-call")
    await move(calendly, invitee, (await calendly.starts("intro-call"))[1])

    shown = await calendly.http.get(invitee[link])
    sent = await calendly.http.post(invitee[link])

    assert (shown.status_code, sent.status_code) == (200, 400)
    assert "This has been rescheduled." in shown.text


async def test_a_long_reason_is_refused(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call")

    response = await calendly.http.post(invitee["cancel_url"], data={"reason": "x" * 10_001})

    assert response.status_code == 400
    assert (await calendly.read(invitee["uri"]))["status"] == "active"


@pytest.mark.parametrize("page", ["cancellations", "reschedulings"])
async def test_a_booking_that_nobody_made_is_not_found(calendly: Simulation, page: str) -> None:
    assert (await calendly.http.post(f"/{page}/nobody")).status_code == 404
