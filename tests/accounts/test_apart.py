"""Nothing of one account is reached with what belongs to another."""

import asyncio

import pytest

from app import API
from tests.support.accounts import connect, connecting_service
from tests.support.redis import RedisServer
from tests.support.service import Json, Service, booking_body, clear_calls, plan_fault, sent
from tests.support.simulation import GRACE, Simulation

PARTS: tuple[tuple[str, str, Json | None], ...] = (
    ("GET", "", None),
    ("GET", "/calendar.ics", None),
    ("POST", "/cancel", {}),
    ("POST", "/reschedule", {"start": "2026-12-08T16:00:00+01:00"}),
)
KEY = "the-same-key-for-both"


async def _common(bff: Service) -> str:
    """A time at which both are free."""
    zone = {"timeZone": "Europe/Berlin"}
    grace = set(await bff.free("office-hours", **zone))
    return next(start for start in await bff.free("intro-call", **zone) if start in grace)


@pytest.fixture
async def booked(bff: Service) -> list[Json]:
    """With Ada, and with Grace: by one person, for one time, under one key."""
    start = await _common(bff)
    answers = [await bff.book(booking_body(slug, start), KEY) for slug in ("intro-call", "office-hours")]
    assert [(answer.status_code, "Idempotency-Replayed" in answer.headers) for answer in answers] == [
        (201, False)
    ] * 2, [answer.text for answer in answers]
    return [dict(answer.json()) for answer in answers]


async def _active(calendly: Simulation) -> int:
    items: list[Json] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    return sum(item["status"] == "active" for item in items)


async def test_keys_people_and_times_of_different_accounts_do_not_meet(
    bff: Service, calendly: Simulation, booked: list[Json]
) -> None:
    again = [
        await bff.book(booking_body(slug, booked[0]["start"]), KEY) for slug in ("intro-call", "office-hours")
    ]

    assert [answer.json()["id"] for answer in again] == [booking["id"] for booking in booked]
    assert {answer.headers["Idempotency-Replayed"] for answer in again} == {"true"}
    assert await _active(calendly) == 2


async def test_a_manage_token_of_one_account_opens_nothing_of_another(
    bff: Service, calendly: Simulation, booked: list[Json]
) -> None:
    answers = [
        await bff.http.request(
            method,
            f"{API}/bookings/{of['id']}{part}",
            json=body,
            headers={"Authorization": f"Bearer {token['manage']['token']}"},
        )
        for of, token in (booked, booked[::-1])
        for method, part, body in PARTS
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}
    assert await _active(calendly) == 2


async def test_each_booking_is_canceled_at_its_own_account(
    bff: Service, calendly: Simulation, booked: list[Json]
) -> None:
    canceled = await bff.manage(booked[1], "/cancel", {})

    assert canceled.json()["status"] == "canceled"
    assert (await bff.manage(booked[0])).json()["status"] == "confirmed"
    assert await _active(calendly) == 1


async def test_a_booking_takes_no_time_from_another_account(bff: Service, booked: list[Json]) -> None:
    start = booked[0]["start"]
    await bff.manage(booked[1], "/cancel", {})

    assert start in await bff.free("office-hours", timeZone="Europe/Berlin")
    assert start not in await bff.free("intro-call", timeZone="Europe/Berlin")


async def test_what_two_host_together_takes_time_from_both_and_gives_it_back(bff: Service) -> None:
    zone, mine = {"timeZone": "Europe/Berlin"}, ("intro-call", "office-hours")
    free = [set(await bff.free(slug, **zone)) for slug in (*mine, "panel")]
    start = min(set.intersection(*free))

    booking = (await bff.book(booking_body("panel", start))).json()
    taken = [start in await bff.free(slug, **zone) for slug in mine]
    await bff.manage(booking, "/cancel", {})

    assert taken == [False, False]
    assert [start in await bff.free(slug, **zone) for slug in mine] == [True, True]


async def test_a_repeated_attempt_is_answered_though_its_event_type_is_published_no_more(
    bff: Service, calendly: Simulation, booked: list[Json]
) -> None:
    await calendly.as_(GRACE).change("office-hours", active=False)
    calendly.clock.advance(seconds=61)
    body = booking_body("office-hours", booked[1]["start"])

    again, new = await bff.book(body, KEY), await bff.book(body, "another-key")

    assert (again.status_code, again.json()["id"]) == (201, booked[1]["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (new.status_code, new.json()["code"]) == (404, "not_found")


async def test_what_is_being_booked_with_a_connected_account_is_let_finish(
    calendly: Simulation, redis: RedisServer
) -> None:
    """When the process is told to end, and whoever asked has gone."""
    async with connecting_service(calendly, redis) as bff:
        await connect(bff, calendly, "ada")
        body = await bff.booking("intro-call")
        await clear_calls(calendly)
        await plan_fault(calendly, "delay", path="/scheduled_events", method="GET", seconds=0.5)
        asking = asyncio.create_task(bff.book(body))
        async with asyncio.timeout(10):
            await sent(calendly, "/scheduled_events", "GET")
        asking.cancel()

    assert await _active(calendly) == 1
