"""Free times on several replicas: what changes is seen everywhere, and what is read is read once for all.

`make soak-availability` tries each of these many times, and longer.
"""

from pathlib import Path

import pytest

from tests.soak.coherence import run_cuts, running_town, silent
from tests.soak.cold import run_crowds, run_leaders, running_village
from tests.soak.findings import table

LIFETIME = 3.0
"""Seconds: longer than a slot that is taken may be seen, and short enough to wait for."""

CUT = 3.0
"""Seconds."""


async def test_a_change_is_seen_at_every_replica_within_a_second_though_none_is_told_of_it(
    tmp_path: Path,
) -> None:
    async with running_town(tmp_path, lifetime=LIFETIME) as town:
        findings = await run_cuts(town, 1, silent, CUT)

    assert findings.kept, table([findings])


async def test_the_trials_see_taken_slots_where_replicas_trust_what_they_may_not_have_heard(
    tmp_path: Path,
) -> None:
    async with running_town(tmp_path, doubts=False) as town:
        findings = await run_cuts(town, 1, silent, CUT)

    assert findings.wrong["taken and seen after 1 s"] > 0, table([findings])


@pytest.mark.fault("P10")
async def test_a_crowd_for_a_cold_month_costs_what_one_visitor_costs_and_a_dead_reader_one_call_more(
    tmp_path: Path,
) -> None:
    async with running_village(tmp_path, 3) as village:
        findings = [await run_crowds(village, 2, 200), await run_leaders(village, 1)]

    assert all(each.kept for each in findings), table(findings)
