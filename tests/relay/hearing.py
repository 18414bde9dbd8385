"""A service that Calendly can reach and that tells a backend, and when all of that is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
from redis import Redis

from app.main import create_app
from app.relay import names
from tests.life.stage import BRISK
from tests.relay.receiver import Received, Receiver
from tests.relay.test_service import hastened, hinted, settings_telling
from tests.soak.waiting import until
from tests.support.canary_watch import watched
from tests.support.hooks import believing, eventually
from tests.support.redis import STATE, RedisServer
from tests.support.service import Service
from tests.support.serving import serve
from tests.support.simulation import Simulation

SILENT = 4.0
"""Seconds for which Calendly may say nothing; nobody looks meanwhile."""

UNHURRIED = replace(BRISK, answer_within=timedelta(seconds=SILENT))


@asynccontextmanager
async def hearing(calendly: Simulation, redis: RedisServer, receiver: Receiver) -> AsyncIterator[Service]:
    """It hears of nothing before somebody subscribes it."""
    await calendly.settings(tier="enterprise")
    settings = believing(settings_telling(calendly, redis, receiver))
    app = create_app(settings, clock=calendly.clock, protocol=UNHURRIED)
    with serve(watched(app), patience=2.0) as url:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Service(app, http)


async def carried_out(bff: Service, number: int) -> None:
    """Wait until so many deliveries were."""

    async def are_done() -> bool:
        metrics = (await bff.http.get("/metrics")).text
        return f'bff_webhook_deliveries_total{{outcome="done"}} {number}.0' in metrics

    await eventually(are_done)


async def all_told(redis: RedisServer, receiver: Receiver) -> list[Received]:
    """All that comes, in the order of what happened, once nobody has anything to look into or to send."""
    hastened(redis, timedelta(days=3))

    async def is_so() -> bool:
        with Redis(port=redis.port, db=STATE) as store:
            return not hinted(redis) and not store.zcard(names.WAITING)

    async with asyncio.timeout(20):
        await until(is_so, every=0.05)
    return receiver.received
