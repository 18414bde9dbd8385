"""What is noted of the subscription of an account that leaves, and may come again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from app.calendly.client import CalendlyClient
from app.calendly.failures import GrantLostError
from app.calendly.transport import Transport
from app.webhooks import names
from app.webhooks.looks import LEAVING, State, forget_look
from app.webhooks.subscriptions import Subscription
from tests.oauth.desk import Desk, open_desk
from tests.support.oauth import Application
from tests.support.service import clear_calls, plan_fault, sent
from tests.webhooks.office import Office


async def test_an_account_that_has_left_begins_anew(office: Office) -> None:
    subscription = office.by_itself()
    await subscription.look_if_due()
    await subscription.remove()

    await forget_look(subscription.state, await office.account())
    await subscription.look_if_due()

    assert len(await office.there()) == 1


async def test_what_an_operator_removed_stays_away_though_a_disconnect_was_cut_short(
    office: Office, store: Redis
) -> None:
    subscription = office.by_itself()
    await subscription.remove()

    await subscription.remove(leaving=True)

    assert await store.ttl(names.look(await office.account())) > LEAVING.total_seconds()


async def test_whoever_looks_while_an_account_leaves_leaves_nothing_behind(office: Office) -> None:
    subscription = office.by_itself()
    await subscription.remove()
    await clear_calls(office.calendly)
    await plan_fault(office.calendly, "delay", path="^/webhook_subscriptions$", seconds=0.5)
    office.calendly.clock.advance(hours=1)
    looking = asyncio.create_task(subscription.look_if_due())
    await sent(office.calendly, "/webhook_subscriptions", "GET")

    await forget_look(subscription.state, await office.account())

    await looking
    assert (await office.there(), await subscription.known()) == ([], None)


async def test_whoever_looks_after_an_account_has_left_leaves_nothing_behind(
    office: Office, store: Redis
) -> None:
    """Not every process knows of it at once."""
    async with _connected(office, store) as (desk, late):
        await _disconnected(desk)

        with pytest.raises(GrantLostError):
            await late.look_if_due()

    await office.by_itself().look_if_due()
    assert len(await office.there()) == 1


async def test_while_a_grant_is_dead_it_is_unknown_and_what_was_wanted_is_kept(
    office: Office, store: Redis
) -> None:
    async with _connected(office, store) as (desk, subscription):
        await subscription.look_if_due()
        await _disconnected(desk)
        office.calendly.clock.advance(hours=1)

        found = await subscription.look_if_due()

    assert found is not None
    assert (found.state, found.wanted) == (State.UNKNOWN, True)


@asynccontextmanager
async def _connected(office: Office, store: Redis) -> AsyncIterator[tuple[Desk, Subscription]]:
    """Ada by OAuth, in a process that has her access token in memory."""
    async with open_desk(office.calendly, store) as desk:
        transport = Transport(
            origin=str(office.calendly.http.base_url).rstrip("/"),
            token=await desk.knowing(),
            clock=office.calendly.clock,
        )
        client = CalendlyClient(transport)
        yield desk, replace(office.by_itself(), calls=client.webhook_subscriptions)
        await client.aclose()


async def _disconnected(desk: Desk) -> None:
    """And revoked at Calendly."""
    grant = await desk.grants.remove(desk.grant.account)
    assert grant is not None
    assert (await Application(calendly=desk.calendly).revoke(grant.refresh_token)).status_code == 200
