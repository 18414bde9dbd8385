"""A subscription that Calendly gives up."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.support.hooks import eventually, running_receiver
from tests.support.redis import RedisServer, running_redis
from tests.support.service import Service
from tests.support.simulation import Json, Simulation
from tests.support.webhooks import organization

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.fault("W05")
async def test_a_subscription_that_was_given_up_is_shown_and_made_anew(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Nobody listens at the address: after a day Calendly gives it up, and the next look finds that."""
    async with running_receiver(calendly, redis, public_url=NOWHERE) as receiver:
        [subscription] = receiver.app.state.resources.webhooks.subscriptions
        await subscription.register()
        before = await _shown(receiver)
        await _given_up(calendly)
        since = calendly.clock()
        await subscription.look()
        shown = await _shown(receiver)
        gauges = (await receiver.http.get("/metrics")).text
    calendly.clock.advance(hours=1)
    async with running_receiver(calendly, redis, public_url=NOWHERE) as another:
        await eventually(lambda: _is_shown(another, "active"))

    assert (before[0], shown) == ("active", ("disabled", since))
    assert 'bff_webhook_subscription{state="disabled"} 1.0' in gauges
    assert 'bff_webhook_subscription{state="active"} 0.0' in gauges
    assert await _states(calendly) == ["active"]


@pytest.mark.fault("W05")
async def test_while_the_store_is_away_nobody_knows_of_the_subscription(
    calendly: Simulation, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as fragile:
        async with running_receiver(calendly, fragile, public_url=NOWHERE) as receiver:
            await receiver.get("/event-types")
            fragile.kill()

            assert (await _shown(receiver))[0] == "unknown"


async def _shown(receiver: Service) -> tuple[str, datetime]:
    ready = (await receiver.http.get("/readyz")).json()
    return ready["webhooks"], datetime.fromisoformat(ready["webhooksSince"])


async def _is_shown(receiver: Service, state: str) -> bool:
    return (await _shown(receiver))[0] == state


async def _subscriptions(calendly: Simulation) -> list[Json]:
    whose = {"organization": await organization(calendly), "user": await calendly.me(), "scope": "user"}
    return list((await calendly.get("/webhook_subscriptions", **whose)).json()["collection"])


async def _states(calendly: Simulation) -> list[str]:
    return [each["state"] for each in await _subscriptions(calendly)]


async def _given_up(calendly: Simulation) -> None:
    await calendly.book("intro-call")

    async def fails() -> bool:
        return (await _subscriptions(calendly))[0]["retry_started_at"] is not None

    await eventually(fails)
    calendly.clock.advance(days=1, minutes=1)
    assert await _states(calendly) == ["disabled"]
