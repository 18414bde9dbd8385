"""A grant that dies takes its own account's bookings along, and nothing else."""

import asyncio

import pytest

from app.doctor import Verdict, diagnose
from tests.soak.waiting import until
from tests.support.accounts import (
    connect,
    connecting_of,
    connecting_service,
    id_of,
    revoked,
    settings_to_connect,
)
from tests.support.redis import RedisServer
from tests.support.service import Json, Service
from tests.support.simulation import GRACE, Simulation

BEYOND_STALE = {"minutes": 11}
"""Older free times than those that are given while they are read again."""


@pytest.fixture
async def dead(bff: Service, calendly: Simulation) -> Json:
    """Grace has taken her consent back at Calendly: a body for one of her times, from before."""
    body = await bff.booking("office-hours")
    await bff.free("intro-call")
    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(**BEYOND_STALE)
    return body


async def _looked(bff: Service) -> Json:
    await connecting_of(bff).roster.look()
    return dict((await bff.http.get("/readyz")).json())


async def test_what_is_known_of_it_is_still_shown_and_marked(bff: Service, dead: Json) -> None:
    found = await bff.availability("office-hours")

    assert found["state"] == "stale"
    assert dead["start"] in [slot["start"] for day in found["days"] for slot in day["slots"]]


async def test_it_takes_no_bookings_and_names_calendlys_page(
    bff: Service, calendly: Simulation, dead: Json
) -> None:
    answer = await bff.book(dead)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (503, "bookings_closed")
    assert told["hostedUrl"].startswith(
        f"{calendly.http.base_url}/grace/office-hours".replace("//grace", "/grace")
    )


@pytest.mark.usefixtures("dead")
async def test_the_other_account_goes_on(bff: Service) -> None:
    await bff.availability("office-hours")

    assert (await bff.availability("intro-call"))["state"] == "fresh"
    assert (await bff.book(await bff.booking("intro-call"))).status_code == 201


@pytest.mark.usefixtures("dead")
async def test_it_is_counted_and_a_new_link_mends_it(bff: Service, calendly: Simulation) -> None:
    await bff.availability("office-hours")
    before = await _looked(bff)
    metrics = (await bff.http.get("/metrics")).text

    await connect(bff, calendly, "grace")
    calendly.clock.advance(seconds=2)

    assert (before["status"], before["accounts"]) == ("ready", {"open": 1, "dead": 1, "unreadable": 0})
    assert 'bff_accounts{state="dead"} 1.0' in metrics
    assert (await _looked(bff))["accounts"] == {"open": 2, "dead": 0, "unreadable": 0}

    async def is_booked() -> bool:
        return (await bff.book(await bff.booking("office-hours"))).status_code == 201

    async with asyncio.timeout(10):
        await until(is_booked, every=0.1)


async def test_where_it_is_the_only_one_the_service_is_degraded(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with connecting_service(calendly, redis) as bff:
        assert (await bff.http.get("/readyz")).json()["status"] == "ready"
        await connect(bff, calendly, "grace")
        await revoked(bff, calendly, GRACE)
        calendly.clock.advance(**BEYOND_STALE)
        await bff.get("/event-types")

        told = await _looked(bff)

    assert (told["status"], told["accounts"]) == ("degraded", {"open": 0, "dead": 1, "unreadable": 0})


async def test_doctor_says_why_and_what_to_do(bff: Service, calendly: Simulation, redis: RedisServer) -> None:
    await revoked(bff, calendly, GRACE)
    settings = settings_to_connect(calendly, redis)

    async def found() -> dict[str, tuple[Verdict, str]]:
        findings = [each async for each in diagnose(settings, calendly.clock)]
        return {each.subject: (each.verdict, each.text) for each in findings}

    subject = f"account {await id_of(calendly, GRACE)}"
    first, then = await found(), await found()

    assert first[f"account {await id_of(calendly)}"] == (Verdict.FINE, "Calendly answers")
    assert first[subject][0] is then[subject][0] is Verdict.WRONG
    assert first[subject][1].startswith("Calendly refuses its token.")
    assert then[subject][1].startswith("Calendly no longer takes its refresh token.")
    assert first[subject][1].endswith("calendly-bff accounts link")


async def test_doctor_says_which_scopes_are_missing(calendly: Simulation, redis: RedisServer) -> None:
    async with connecting_service(calendly, redis) as bff:
        await connect(bff, calendly, "grace")
    settings = settings_to_connect(calendly, redis)
    wider = settings.calendly.model_copy(
        update={"oauth_scopes": f"{settings.calendly.oauth_scopes} scheduled_events:read organizations:read"}
    )

    findings = [
        each
        async for each in diagnose(settings.model_copy(update={"calendly": wider}), calendly.clock)
        if each.subject.startswith("account")
    ]

    assert [(each.verdict, each.text.partition(".")[0]) for each in findings] == [
        (Verdict.WRONG, "has not granted organizations:read")
    ]
