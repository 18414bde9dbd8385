"""`GET /bookings/{id}`: what the holder of a token gets to read, whatever has happened meanwhile."""

from datetime import datetime, timedelta

import pytest

from app import API
from tests.life.stage import Stage, canceled_by_host, events, made, status_of, writes
from tests.support.form_filler import Filling, filled
from tests.support.keys import OTHER_KEY, SECRET_KEY
from tests.support.redis import RedisServer
from tests.support.service import Json, Service, clear_calls, plan_fault
from tests.support.simulation import Simulation

GRACE = {"name": "Grace Example", "email": "grace@example.test"}


async def _made_in_full(bff: Service, slug: str) -> Json:
    """With every optional field filled in."""
    form = (await bff.get(f"/event-types/{slug}/form")).json()
    body = filled(form, Filling(start=(await bff.free(slug))[0], everything=True))
    answer = await bff.book(body | {"invitee": GRACE | {"phone": "+49 30 901820"}})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    "slug", ["intro-call", "visit", "phone-consult", "no-place", "questionnaire", "panel"]
)
async def test_a_booking_is_read_as_it_was_answered(bff: Service, slug: str) -> None:
    booking = await _made_in_full(bff, slug)

    answer = await bff.manage(booking)

    assert (answer.status_code, answer.json()) == (200, booking)


async def test_what_is_read_is_stored_by_nobody_on_the_way(bff: Service) -> None:
    answer = await bff.manage(await made(bff))

    assert answer.headers["Cache-Control"] == "no-store"


async def test_reading_asks_calendly_to_do_nothing(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await clear_calls(calendly)

    await bff.manage(booking)
    await bff.manage(booking, "/calendar.ics")

    assert await writes(calendly) == []


@pytest.mark.parametrize(("outcome", "status"), [("pushed", "ready"), ("failed", "failed")])
async def test_a_conference_that_was_pending_is_told_once_it_is_done(
    bff: Service, calendly: Simulation, outcome: str, status: str
) -> None:
    await calendly.settings(conferenceOutcome=outcome)
    booking = await made(bff)
    before = (await bff.manage(booking)).json()["location"]
    calendly.clock.advance(seconds=2)

    after = (await bff.manage(booking)).json()["location"]

    assert (before["status"], before["joinUrl"]) == ("pending", None)
    assert (after["status"], bool(after["joinUrl"])) == (status, outcome == "pushed")


async def test_a_join_link_that_came_later_is_in_the_calendar_links(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    calendly.clock.advance(seconds=2)

    read = (await bff.manage(booking)).json()

    assert all(
        read["location"]["joinUrl"].rsplit("/", 1)[1] in link for link in read["calendarLinks"].values()
    )


async def test_what_the_host_canceled_is_canceled(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await canceled_by_host(calendly)

    read = (await bff.manage(booking)).json()

    assert (read["status"], read["calendarLinks"]) == ("canceled", None)


async def test_a_booking_that_is_over_can_still_be_read(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    calendly.clock.advance(days=6)

    assert await status_of(bff, booking) == "confirmed"


@pytest.mark.parametrize(
    ("distance", "status"),
    [
        pytest.param(timedelta(microseconds=-1), 200, id="just in time"),
        pytest.param(timedelta(0), 404, id="just too late"),
    ],
)
async def test_a_token_is_good_until_it_expires(
    bff: Service, calendly: Simulation, distance: timedelta, status: int
) -> None:
    booking = await made(bff)
    calendly.clock.moment = datetime.fromisoformat(booking["manage"]["expiresAt"]) + distance

    answer = await bff.manage(booking)

    assert answer.status_code == status


async def test_a_token_expires_seven_days_after_the_end(bff: Service) -> None:
    booking = await made(bff)

    expiry = datetime.fromisoformat(booking["manage"]["expiresAt"])

    assert expiry - datetime.fromisoformat(booking["end"]) == timedelta(days=7)


@pytest.mark.parametrize("part", ["", "/calendar.ics"])
async def test_without_a_token_nothing_is_read(bff: Service, part: str) -> None:
    booking = await made(bff)

    answer = await bff.get(f"/bookings/{booking['id']}{part}")

    assert (answer.status_code, answer.json()["code"]) == (401, "manage_token_required")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_token_of_one_booking_reads_no_other(bff: Service) -> None:
    one, other = await made(bff), await made(bff)

    answer = await bff.manage(one | {"manage": other["manage"]})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_token_outlives_a_new_key(stage: Stage, bff: Service) -> None:
    booking = await made(bff)

    async with stage.service(OTHER_KEY, SECRET_KEY) as rotated:
        read = await rotated.manage(booking)

    assert read.json() == booking


async def test_a_token_dies_with_its_key(stage: Stage, bff: Service) -> None:
    booking = await made(bff)

    async with stage.service(OTHER_KEY) as rotated:
        answer = await rotated.manage(booking)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.fault("R09")
async def test_a_booking_is_read_after_the_store_lost_everything(bff: Service, redis: RedisServer) -> None:
    booking = await made(bff)
    redis.flush()

    read = await bff.manage(booking)

    assert read.json() == booking


async def test_any_replica_reads_a_booking(stage: Stage, bff: Service) -> None:
    booking = await made(bff)

    async with stage.service() as replica:
        read = await replica.manage(booking)

    assert read.json() == booking


async def test_guests_of_a_group_are_not_told_to_one_of_them(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff, "workshop", guests=["guest-one@example.test"])
    uri = (await calendly.event_type("workshop"))["uri"]
    start = (await events(calendly))[-1]["start_time"]
    body = await calendly.booking("workshop", event_type=uri, start_time=start)
    await calendly.send(body | {"event_guests": ["guest-two@example.test"]})

    read = (await bff.manage(booking)).json()

    assert (read["status"], read["guests"]) == ("confirmed", [])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param({"kind": "status", "status": 500}, (502, "upstream_failed"), id="failing"),
        pytest.param({"kind": "status", "status": 429}, (503, "upstream_busy"), id="busy"),
        pytest.param({"kind": "status", "status": 401}, (502, "upstream_refused_us"), id="token revoked"),
        pytest.param({"kind": "status", "status": 404}, (404, "not_found"), id="event gone"),
    ],
)
async def test_what_calendly_does_not_tell_is_no_status(
    bff: Service, calendly: Simulation, fault: Json, expected: tuple[int, str]
) -> None:
    booking = await made(bff)
    await plan_fault(calendly, path="/scheduled_events/", times=10, **fault)

    answer = await bff.manage(booking)

    assert (answer.status_code, answer.json()["code"]) == expected


async def test_an_id_that_can_be_none_is_not_found(bff: Service) -> None:
    booking = await made(bff)

    answer = await bff.http.get(
        f"{API}/bookings/bk.1", headers={"Authorization": f"Bearer {booking['manage']['token']}"}
    )

    assert answer.status_code == 404
