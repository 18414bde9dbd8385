"""A Redis that loses what it had acknowledged."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis_groups import WatchedRedis, running
from tests.support.service import Service, calls_of, running_service, settings_for
from tests.support.simulation import Simulation


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRedis]:
    group = WatchedRedis(tmp_path)
    with running(group):
        yield group


@pytest.mark.fault("R08")
@pytest.mark.fault("B11")
async def test_a_booking_that_a_failover_forgot_is_not_made_again(
    calendly: Simulation, watched: WatchedRedis
) -> None:
    settings = settings_for(str(calendly.http.base_url), state_url=watched.url())
    async with running_service(settings, calendly.clock) as bff:
        body = await bff.booking("workshop")
        watched.replica.pause()
        first = await bff.book(body, "key")
        watched.master.kill()
        watched.replica.resume()
        await asyncio.to_thread(watched.await_failover)

        again = await _replayed(bff, body)

    assert first.status_code == 201
    assert again
    assert len(await calls_of(calendly, "/invitees", "POST")) == 1


async def _replayed(bff: Service, body: dict[str, object]) -> bool:
    """Whether it was a replay; tried until the new master is found."""
    for _ in range(100):
        answer = await bff.book(body, "key")
        if answer.status_code == 201:
            return "Idempotency-Replayed" in answer.headers
        assert answer.json()["code"] == "bookings_closed"
        await asyncio.sleep(0.1)
    raise TimeoutError
