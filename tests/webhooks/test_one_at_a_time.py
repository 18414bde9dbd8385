"""Whoever makes, mends, removes or looks at a subscription does so in its turn."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from app.store.connection import open_store
from app.store.state import StateStore, StoreAwayError
from app.webhooks.looks import State
from app.webhooks.subscriptions import Registered, Subscription
from app.webhooks.turns import TurnTakenError, turn
from tests.support.ports import free_port
from tests.support.service import plan_fault, sent
from tests.support.webhooks import subscribe
from tests.webhooks.office import URL, Office

ACTS: dict[str, Callable[[Subscription], Awaitable[object]]] = {
    "register": Subscription.register,
    "register anew": partial(Subscription.register, anew=True),
    "mend": Subscription.mend,
}
"""What makes one."""


async def test_what_is_removed_while_it_is_made_stays_away(office: Office) -> None:
    subscription = office.by_itself()
    await plan_fault(office.calendly, "delay", path="^/webhook_subscriptions$", method="POST", seconds=0.5)
    making = asyncio.create_task(subscription.look_if_due())
    await sent(office.calendly, "/webhook_subscriptions")

    assert await subscription.remove() == 1

    await making
    office.calendly.clock.advance(hours=1)
    await subscription.look_if_due()
    assert await office.there() == []


@pytest.mark.parametrize("act", ACTS)
async def test_what_is_removed_while_a_command_makes_it_stays_away(office: Office, act: str) -> None:
    subscription = office.by_itself()
    await plan_fault(office.calendly, "delay", path="^/webhook_subscriptions$", method="POST", seconds=0.5)
    making = asyncio.ensure_future(ACTS[act](subscription))
    await sent(office.calendly, "/webhook_subscriptions")

    assert await replace(subscription).remove() == 1

    await making
    office.calendly.clock.advance(hours=1)
    await subscription.look_if_due()
    assert await office.there() == []


async def test_of_many_who_make_it_at_once_one_does(office: Office) -> None:
    replicas = [replace(office.by_itself()) for _ in range(8)]

    said = await asyncio.gather(
        *(each.register() for each in replicas[:4]), *(each.mend() for each in replicas[4:])
    )

    assert len([each for each in said if each in {Registered.MADE, True}]) == 1
    assert await office.made() == 1
    assert [each["state"] for each in await office.there()] == ["active"]


@pytest.mark.parametrize("act", [*ACTS, "remove"])
async def test_whose_turn_does_not_come_changes_nothing(office: Office, act: str) -> None:
    await subscribe(office.calendly, URL)
    before, account = await office.there(), await office.account()
    hasty = replace(office.subscription, patience=timedelta(milliseconds=20))
    acts = ACTS | {"remove": Subscription.remove}

    async with turn(hasty.state, account):
        with pytest.raises(TurnTakenError):
            await acts[act](hasty)

    assert (await office.there(), await hasty.known()) == (before, None)


@pytest.mark.parametrize("act", [*ACTS, "remove", "look"])
async def test_without_a_store_nothing_is_done_for_nobody_would_know_what_is_wanted(
    office: Office, act: str
) -> None:
    await subscribe(office.calendly, URL)
    before = await office.there()
    acts = ACTS | {"remove": Subscription.remove, "look": Subscription.look_if_due}

    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as nowhere:
        cut_off = replace(office.subscription, state=StateStore(nowhere))
        with pytest.raises(StoreAwayError):
            await acts[act](cut_off)
        assert (await cut_off.seen()).state is State.UNKNOWN

    assert await office.there() == before
