"""`POST /bookings` while the service stops: a visitor who is still there gets an answer."""

import asyncio

from app.resources import Resources
from tests.support.service import Service, plan_fault, sent
from tests.support.simulation import Simulation

SILENT = 30
"""Seconds: longer than anybody waits."""


async def test_who_waits_for_the_event_of_a_booking_is_told_that_it_stands(
    bff: Service, calendly: Simulation
) -> None:
    owned: Resources = bff.app.state.resources
    body = await bff.booking("no-place")
    await plan_fault(calendly, "delay", path="^/scheduled_events/[^/]+$", seconds=SILENT, times=5)
    visit = asyncio.create_task(bff.book(body))
    await sent(calendly)

    async with asyncio.timeout(5):
        await owned.runner.aclose()
        answer = await visit

    assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")
    assert answer.json()["start"] == body["start"]
