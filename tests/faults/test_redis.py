"""A Redis that loses what it had acknowledged."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.intents import names
from tests.support.redis_groups import WatchedRedis, running
from tests.support.service import SOON, Json, Service, calls_of, running_service, settings_for
from tests.support.simulation import Simulation

PROTOCOL = replace(SOON, answer_within=timedelta(seconds=1))
"""So that the wait after a loss is short, too."""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRedis]:
    group = WatchedRedis(tmp_path)
    with running(group):
        yield group


@pytest.mark.fault("R08")
@pytest.mark.fault("B11")
@pytest.mark.parametrize(
    "known_before",
    [
        pytest.param(True, id="it forgot the last records"),
        pytest.param(False, id="it forgot everything"),
    ],
)
async def test_a_booking_that_a_failover_forgot_is_not_made_again(
    calendly: Simulation, watched: WatchedRedis, *, known_before: bool
) -> None:
    settings = settings_for(str(calendly.http.base_url), state_url=watched.url())
    async with running_service(settings, calendly.clock, PROTOCOL) as bff:
        body = await bff.booking("workshop")
        if known_before:
            assert (await bff.preflight(body)).status_code == 200
            await asyncio.to_thread(watched.await_copy, names.NAMING)
        watched.part()
        first = await bff.book(body, "key")
        watched.master.kill()
        watched.replica.resume()
        await asyncio.to_thread(watched.await_failover)

        again, waits = await _replayed(bff, body)

    assert first.status_code == 201
    assert again["start"] == first.json()["start"]
    # Who has lost everything must not tell at once that nobody is at it.
    assert ("booking_in_flight" in waits) is not known_before
    assert waits <= {"bookings_closed", "booking_in_flight"}
    assert len(await calls_of(calendly, "/invitees", "POST")) == 1


async def _replayed(bff: Service, body: dict[str, object]) -> tuple[Json, set[str]]:
    """What was answered in the end, and with which problems before: until the new master is found, and may be used."""
    waits: set[str] = set()
    for _ in range(200):
        answer = await bff.book(body, "key")
        if answer.status_code == 201:
            assert "Idempotency-Replayed" in answer.headers
            return answer.json(), waits
        waits.add(answer.json()["code"])
        await asyncio.sleep(0.1)
    raise TimeoutError
