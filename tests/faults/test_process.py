"""Services that die or are stopped while they book: in processes of their own, as in production.

None lost or doubled in 60 trials shows, at 95 %, that fewer than one in 20 is; `make soak-bookings` tries thousands.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.findings import table
from tests.soak.kills import QUICK, run_kills
from tests.soak.programs import run_stop
from tests.soak.world import running_world

TRIALS = 60


@pytest.mark.fault("B09")
async def test_killed_at_any_step_a_booking_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    async with running_world(tmp_path, QUICK, CALENDLY_BOOKING_TIMEOUT="2") as world:
        findings = await run_kills(world, TRIALS)

    assert findings.kept, table([findings])


@pytest.mark.fault("B09")
async def test_the_trials_see_doubles_where_nobody_can_look_for_a_booking(tmp_path: Path) -> None:
    blind = replace(QUICK, look_first=False)
    async with running_world(tmp_path, blind, CALENDLY_BOOKING_TIMEOUT="2") as world:
        await world.calendly.blind()
        findings = await run_kills(world, TRIALS // 2)

    assert findings.wrong["doubled"] > 0, table([findings])


@pytest.mark.fault("B10")
async def test_told_to_stop_while_it_books_the_service_answers_all_and_leaves_nothing_unclear(
    tmp_path: Path,
) -> None:
    findings = await run_stop(tmp_path, 20)

    assert findings.kept, table([findings])
