"""A subscription that is wanted by itself is made unasked, and what somebody has removed stays away."""

import asyncio
from datetime import timedelta

import pytest

from app.background import running
from app.webhooks.looks import State
from app.webhooks.subscriptions import EVENTS, Subscription
from app.webhooks.watch import watch
from tests.soak.waiting import until
from tests.webhooks.office import Office


async def test_what_is_wanted_by_itself_is_made_at_the_first_look(office: Office) -> None:
    await office.by_itself().look_if_due()

    assert [each["events"] for each in await office.there()] == [EVENTS]


async def test_what_is_wanted_by_itself_and_was_removed_stays_away(office: Office) -> None:
    subscription = office.by_itself()
    await subscription.look_if_due()
    await subscription.remove()
    office.calendly.clock.advance(hours=1)

    await subscription.look_if_due()

    assert await office.there() == []


async def test_what_is_new_is_looked_at_before_the_next_round(office: Office) -> None:
    present: list[Subscription] = []

    async def is_made() -> bool:
        return len(await office.there()) == 1

    watching = watch(lambda: present, timedelta(hours=1), timedelta(milliseconds=10))
    async with asyncio.timeout(10), running(watching):
        await asyncio.sleep(0.05)
        present.append(office.by_itself())
        await until(is_made, every=0.02)


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "never made"])
async def test_what_nobody_wanted_is_not_mended(office: Office, *, removed: bool) -> None:
    if removed:
        await office.subscription.register()
        await office.subscription.remove()
        office.calendly.clock.advance(hours=1)

    found = await office.subscription.look_if_due()

    assert found is not None
    assert (found.state, await office.there()) == (State.MISSING, [])


async def test_what_was_looked_at_before_it_was_wanted_by_itself_is_made_as_soon_as_it_is(
    office: Office,
) -> None:
    """Keys are set after accounts were connected."""
    await office.subscription.look_if_due()

    await office.by_itself().look_if_due()

    assert len(await office.there()) == 1
