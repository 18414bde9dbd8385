"""A cancellation of which nobody knew at first whether it was made is told of when that is known, and once."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app.streams.listener import Listener
from tests.soak.waiting import until
from tests.streams.ears import Ear
from tests.support.service import Json, Service, plan_fault
from tests.support.simulation import Simulation

CANCELLATION = "/cancellation$"
LOOKS = "^/scheduled_events/[^/]+$"


@pytest.fixture
async def ear(bff: Service) -> AsyncIterator[Ear]:
    """Of the streams of one event type."""
    owned = bff.app.state.resources
    offered = await owned.accounts.find("intro-call")
    ear = Ear()
    listener = Listener(offered.event_type.id, ear.send, ear.cut)
    owned.hub.enter(offered.account.access, listener)
    await owned.hub.join(listener, None)
    yield ear
    owned.hub.leave(listener)


async def _cancel_unseen(bff: Service, calendly: Simulation, booking: Json) -> httpx.Response:
    """Calendly cancels it, is silent, and then does not say how it stands."""
    await plan_fault(calendly, "commit_then_hang", path=CANCELLATION, method="POST", seconds=1)
    canceling = asyncio.create_task(bff.manage(booking, "/cancel", {}))

    async def is_done() -> bool:
        booked = (await calendly.http.get("/_simulator/bookings")).json()["items"]
        return any(each["status"] == "canceled" for each in booked)

    async with asyncio.timeout(20):
        await until(is_done, every=0.02)
    await plan_fault(calendly, "status", path=LOOKS, method="GET", times=20, status=503)
    answer = await canceling
    await calendly.http.delete("/_simulator/faults")
    return answer


async def test_whoever_repeats_a_cancellation_that_was_made_unseen_has_it_told_and_once(
    bff: Service, calendly: Simulation, ear: Ear
) -> None:
    body = await bff.booking()
    booking = (await bff.book(body)).json()
    taken = ["slot.taken", "availability.changed"]
    await ear.until(*taken)
    assert body["start"] not in await bff.free("intro-call")

    first = await _cancel_unseen(bff, calendly, booking)
    repeated = [(await bff.manage(booking, "/cancel", {})).json()["status"] for _ in range(2)]
    bff.app.state.resources.announcer.changed_all(bff.account.access)

    await ear.until(*taken, "slot.freed", "availability.changed", "availability.changed")
    assert (first.status_code >= 500, repeated) == (True, ["canceled", "canceled"])
    assert body["start"] in await bff.free("intro-call")
