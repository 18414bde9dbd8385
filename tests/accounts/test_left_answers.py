"""What was begun while an account was served is not given to anybody who asks after it has left."""

import asyncio

from app import API
from tests.support.accounts import account_of, connecting_of
from tests.support.service import Service, clear_calls, plan_fault, sent
from tests.support.simulation import GRACE, Simulation

TIMES = "/event_type_available_times"
MERGED = f"{API}/availability?eventTypeIds=office-hours,intro-call"


async def test_an_answer_that_was_being_made_of_an_account_that_left_is_not_kept(
    bff: Service, calendly: Simulation
) -> None:
    """Its days are in memory, and those of the other take their time."""
    grace = await account_of(bff, calendly, GRACE)
    await bff.availability("office-hours")
    await clear_calls(calendly)
    await plan_fault(calendly, "delay", path=TIMES, seconds=0.7)
    asking = asyncio.create_task(bff.http.get(MERGED))
    await sent(calendly, TIMES, "GET")

    assert await connecting_of(bff).disconnect(await grace.id())
    begun = await asking

    again = await bff.http.get(MERGED)
    assert (begun.status_code, again.status_code) == (200, 404)
