"""What was answered with 204 is kept, whatever dies."""

from pathlib import Path

import pytest

from tests.faults.received import has, stored
from tests.soak.answer_times import TOO_SLOW
from tests.soak.findings import table
from tests.soak.town import running_town
from tests.soak.webhooks import run_deliveries
from tests.support.hooks import counted, deliver, event_type_delivery, eventually, own, running_receiver
from tests.support.redis import RedisServer, running_redis
from tests.support.service import plan_fault
from tests.support.simulation import Simulation


@pytest.mark.fault("W04")
async def test_what_cannot_be_written_down_is_to_come_again(calendly: Simulation, tmp_path: Path) -> None:
    with running_redis(tmp_path) as fragile:
        async with running_receiver(calendly, fragile) as receiver:
            message = await own(calendly)
            await deliver(receiver.http, await own(calendly, invitee="IN0"), calendly.clock())
            await eventually(lambda: has(receiver, done=1))
            fragile.kill()
            away = await deliver(receiver.http, message, calendly.clock())
            fragile.start()

            async def is_taken() -> bool:
                return (await deliver(receiver.http, message, calendly.clock())).status_code == 204

            await eventually(is_taken)
            await deliver(receiver.http, message, calendly.clock())
            await eventually(lambda: has(receiver, done=2))

            assert (away.status_code, away.json()["code"]) == (503, "delivery_not_kept")
            assert await counted(receiver, "duplicate") == 1


@pytest.mark.fault("W04")
async def test_what_was_written_down_survives_the_death_of_store_and_process(
    calendly: Simulation, tmp_path: Path
) -> None:
    """Calendly does not answer, so that it could not be carried out before."""
    message = event_type_delivery() | {"created_by": await calendly.me()}
    with running_redis(tmp_path) as fragile:
        async with running_receiver(calendly, fragile) as receiver:
            await receiver.get("/event-types")
            await plan_fault(calendly, "status", path="^/users/me$", times=1000, status=500)
            answer = await deliver(receiver.http, message, calendly.clock())
            await eventually(lambda: _has_failed(fragile))
            done_before = await counted(receiver, "done")
            fragile.kill()
        fragile.start()
        await calendly.http.delete("/_simulator/faults")
        async with running_receiver(calendly, fragile) as another:
            await eventually(lambda: has(another, done=1))

    assert (answer.status_code, done_before) == (204, 0)


async def _has_failed(redis: RedisServer) -> bool:
    return any("tries:" in name for name in stored(redis))


@pytest.mark.fault("W03")
@pytest.mark.fault("W04")
async def test_what_is_kept_is_what_was_delivered_though_redis_was_dead(tmp_path: Path) -> None:
    """`make soak-webhooks` does it with thousands, and for longer, and judges the time as well: that takes a machine
    on which no other test runs.
    """
    async with running_town(tmp_path) as town:
        findings = await run_deliveries(town, 100, away=2.0)

    wrong = {name for name, count in findings.wrong.items() if count}
    assert wrong <= {TOO_SLOW}, table([findings])
