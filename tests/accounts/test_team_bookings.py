"""Bookings of a round robin that is offered through one member, and that Calendly gives to another: each host alone may
read and cancel what they host.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.relay.examples import SECRET
from tests.relay.receiver import receiving
from tests.soak.waiting import until
from tests.support.accounts import connect, connecting_service, owned, settings_to_connect
from tests.support.redis import RedisServer
from tests.support.service import (
    SOON,
    Json,
    Service,
    booking_body,
    clear_calls,
    plan_fault,
    running_service,
)
from tests.support.simulation import Simulation

TEAM = "team-demo"
WEEK = {"from": "2026-11-24", "to": "2026-11-28"}
FREE_AT = {"ada": 9, "grace": 19}
"""An hour of UTC, in winter, at which only this host works."""

hosts = pytest.mark.parametrize("host", ["ada", "grace"])
"""It is offered through Grace."""


@pytest.fixture
async def other(calendly: Simulation, redis: RedisServer, bff: Service) -> AsyncIterator[Service]:
    """Another replica, that remembers nothing."""
    async with connecting_service(calendly, redis) as service:
        assert len(owned(service).accounts.all()) == len(owned(bff).accounts.all()) == 2
        yield service


async def _times(bff: Service, host: str) -> list[str]:
    starts = await bff.free(TEAM, **WEEK)
    return [each for each in starts if datetime.fromisoformat(each).astimezone(UTC).hour == FREE_AT[host]]


async def _host(calendly: Simulation) -> str:
    """Of the latest event."""
    latest = (await calendly.http.get("/_simulator/bookings")).json()["items"][-1]
    (member,) = latest["event_memberships"]
    return str(member["user_name"]).split()[0].lower()


async def _booked(bff: Service, calendly: Simulation, host: str, nth: int = 0) -> Json:
    """Given to this host."""
    answer = await bff.book(booking_body(TEAM, (await _times(bff, host))[nth]))
    assert (answer.status_code, await _host(calendly)) == (201, host), answer.text
    await clear_calls(calendly)
    return dict(answer.json())


async def _calls(calendly: Simulation) -> list[Mapping[str, Any]]:
    """About single events, since the log was cleared."""
    items = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return [each for each in items if each["path"].startswith("/scheduled_events/")]


async def _statuses(calendly: Simulation) -> Mapping[int, int]:
    """Once all have been answered: of two that are made together, one may be on its way when the other fails."""

    async def are_answered() -> bool:
        return all(each["status"] for each in await _calls(calendly))

    async with asyncio.timeout(10):
        await until(are_answered, every=0.02)
    return Counter(each["status"] for each in await _calls(calendly))


@hosts
async def test_whoever_is_the_host_a_booking_is_told_as_calendly_has_it(
    bff: Service, calendly: Simulation, host: str
) -> None:
    booked = await _booked(bff, calendly, host)

    read = await bff.manage(booked)

    assert booked["location"]["kind"] == "zoom_conference"
    assert (read.status_code, read.json()["host"]["name"]) == (200, f"{host.title()} Example")


@hosts
@pytest.mark.parametrize("replica", ["the same", "another"])
async def test_whoever_is_the_host_a_booking_can_be_managed(
    bff: Service, other: Service, calendly: Simulation, host: str, replica: str
) -> None:
    at = {"the same": bff, "another": other}[replica]
    first, second = [await _booked(bff, calendly, host, nth) for nth in range(2)]
    later = (await _times(bff, host))[-1]

    assert (await at.manage(first)).json()["status"] == "confirmed"
    assert "BEGIN:VEVENT" in (await at.manage(first, "/calendar.ics")).text
    assert (await at.manage(first, "/cancel", {})).json()["status"] == "canceled"
    assert (await at.manage(first)).json()["status"] == "canceled"
    moved = await at.manage(second, "/reschedule", {"start": later})
    assert (moved.status_code, moved.json()["previous"]["status"]) == (201, "canceled"), moved.text
    assert (await bff.manage(moved.json())).json()["status"] == "confirmed"
    assert (await bff.manage(second)).json()["status"] == "canceled"


@pytest.mark.parametrize(("first", "then"), [("ada", "grace"), ("grace", "ada")])
async def test_a_booking_moves_from_one_host_to_another(
    bff: Service, other: Service, calendly: Simulation, first: str, then: str
) -> None:
    booked = await _booked(bff, calendly, first)

    moved = await other.manage(booked, "/reschedule", {"start": (await _times(bff, then))[0]})

    assert (moved.status_code, await _host(calendly)) == (201, then), moved.text
    assert [(await bff.manage(each)).json()["status"] for each in (booked, moved.json())] == [
        "canceled",
        "confirmed",
    ]


async def test_whoever_was_found_to_be_the_host_is_asked_first_from_then_on(
    bff: Service, other: Service, calendly: Simulation
) -> None:
    booked = await _booked(bff, calendly, "ada")

    for replica, told in ((bff, {200: 2}), (other, {403: 2, 200: 2}), (other, {200: 2})):
        await clear_calls(calendly)
        await replica.manage(booked)

        assert await _statuses(calendly) == told


async def test_what_has_one_host_costs_no_call_more(bff: Service, calendly: Simulation) -> None:
    booked = (await bff.book(await bff.booking("mentoring"))).json()
    await clear_calls(calendly)

    assert (await bff.manage(booked)).status_code == 200
    assert await _statuses(calendly) == {200: 2}


async def test_of_what_has_one_host_nobody_else_is_asked(bff: Service, calendly: Simulation) -> None:
    booked = (await bff.book(await bff.booking("mentoring"))).json()
    await clear_calls(calendly)
    await plan_fault(calendly, "status", status=403, path="^/scheduled_events/", times=2)

    answer = await bff.manage(booked)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_refused_us")
    assert await _statuses(calendly) == {403: 2}


async def test_an_account_that_does_not_share_the_event_type_is_never_asked(
    bff: Service, other: Service, calendly: Simulation
) -> None:
    """Not even where its token would be let."""
    booked = await _booked(bff, calendly, "ada")
    [grace] = [each["account"] for each in (await bff.get("/event-types", slug=TEAM)).json()["items"]]
    await calendly.change(TEAM, hosts=[grace])
    calendly.clock.advance(seconds=61)
    await clear_calls(calendly)

    answer = await other.manage(booked)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_refused_us")
    assert await _statuses(calendly) == {403: 2}


async def test_where_the_host_is_not_connected_the_operator_is_told_so(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with connecting_service(calendly, redis) as bff:
        await connect(bff, calendly, "grace")
        booked = await _booked(bff, calendly, "ada")

        with capture_logs() as logs:
            answer = await bff.manage(booked)

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_refused_us")
    told = {(each["event"], each.get("event_type")) for each in logs if each["log_level"] == "error"}
    assert told == {("accounts.host_not_connected", booked["eventTypeId"])}


async def test_while_a_colleague_does_not_answer_it_may_be_the_host(
    bff: Service, other: Service, calendly: Simulation
) -> None:
    """Then to come back helps, and nobody is refused."""
    booked = await _booked(bff, calendly, "ada")
    await plan_fault(calendly, "status", status=403, path="^/scheduled_events/", times=2)
    await plan_fault(calendly, "status", status=500, path="^/scheduled_events/", times=4)

    answers = [await other.manage(booked) for _ in range(2)]

    assert [(each.status_code, each.json().get("code")) for each in answers] == [
        (502, "upstream_failed"),
        (200, None),
    ]


@hosts
@pytest.mark.usefixtures("bff")
async def test_a_booking_whose_answer_was_lost_is_found_with_whoever_hosts_it(
    calendly: Simulation, redis: RedisServer, host: str
) -> None:
    async with running_service(settings_to_connect(calendly, redis), calendly.clock, SOON) as hasty:
        await plan_fault(calendly, "commit_then_reset", path="^/invitees$", method="POST")
        answer = await hasty.book(booking_body(TEAM, (await _times(hasty, host))[0]))
        assert (answer.status_code, await _host(calendly)) == (202, host)

        assert (await hasty.settled(answer.json()))["status"] == "confirmed"


async def test_the_customers_backend_is_told_where_it_takes_place(
    calendly: Simulation, redis: RedisServer
) -> None:
    """At once: nothing is in the way of reading it."""
    relay: Json = {"relay_secrets": (SecretStr(SECRET),), "relay_allow_private": True}
    async with (
        receiving() as receiver,
        connecting_service(calendly, redis, relay_urls=(SecretStr(receiver.url),), **relay) as bff,
    ):
        for user in ("ada", "grace"):
            await connect(bff, calendly, user)
        booked = await _booked(bff, calendly, "ada")
        [told] = await receiver.after(1)

    assert (told.type, told.data["bookingId"]) == ("booking.confirmed", booked["id"])
    assert told.data["location"]["kind"] == "zoom_conference"
