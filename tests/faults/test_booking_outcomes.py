"""What bookings come to under crowds and unclear answers, with services and Calendly in processes of their own.

`make soak-bookings` tries the same many more times.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from app.intents.options import ProtocolOptions
from tests.soak.ambiguity import run_ambiguity
from tests.soak.crowds import run_one_key, run_one_seat
from tests.soak.findings import table
from tests.soak.programs import run_rush
from tests.soak.world import running_world

TRIALS = 60
CROWDS = 20


@pytest.mark.fault("B03")
async def test_fifty_submits_with_one_key_are_one_booking_and_one_answer(tmp_path: Path) -> None:
    async with running_world(tmp_path, ProtocolOptions()) as world:
        findings = await run_one_key(world, CROWDS)

    assert findings.kept, table([findings])


@pytest.mark.fault("B02")
async def test_of_fifty_visitors_for_one_seat_one_has_it_and_calendly_is_asked_once(tmp_path: Path) -> None:
    async with running_world(tmp_path, ProtocolOptions()) as world:
        findings = await run_one_seat(world, CROWDS)

    assert findings.kept, table([findings])


@pytest.mark.fault("B06")
@pytest.mark.fault("B07")
@pytest.mark.fault("B08")
async def test_an_unclear_outcome_is_told_as_it_is_in_calendly(tmp_path: Path) -> None:
    brisk = ProtocolOptions(answer_within=timedelta(seconds=4), quiet=timedelta(seconds=1.5))
    async with running_world(tmp_path, brisk, CALENDLY_BOOKING_TIMEOUT="2") as world:
        findings = await run_ambiguity(world, TRIALS)

    assert findings.kept, table([findings])


async def test_a_rush_overruns_no_window_of_calendlys_and_everybody_is_told_where_to_book(
    tmp_path: Path,
) -> None:
    findings = await run_rush(tmp_path, 300)

    assert findings.kept, table([findings])
