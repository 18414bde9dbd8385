"""`make soak-availability`: free times read at several replicas under every bad day there is."""

from dataclasses import replace
from pathlib import Path

from tests.soak.coherence import Cut, killed, run_changes, run_cuts, running_town, silent
from tests.soak.cold import run_crowds, run_leaders, running_village
from tests.soak.command import Trials, TrialsByName, run
from tests.soak.findings import Findings
from tests.soak.first_reads import run_first_reads
from tests.soak.flood import run_flood
from tests.soak.outages import run_outages


async def _crowds(folder: Path, times: int) -> Findings:
    async with running_village(folder, times) as village:
        return await run_crowds(village, times)


async def _leaders(folder: Path, times: int) -> Findings:
    async with running_village(folder, times) as village:
        return await run_leaders(village, times)


async def _changes(folder: Path, times: int) -> Findings:
    async with running_town(folder) as town:
        return await run_changes(town, times)


def _cuts(cut: Cut) -> Trials:
    async def trials(folder: Path, times: int) -> Findings:
        async with running_town(folder) as town:
            return await run_cuts(town, times, cut)

    return trials


async def _trusting_cuts(folder: Path, times: int) -> Findings:
    """That the rig would see a taken slot: where nobody doubts what is in memory, it is shown."""
    async with running_town(folder, doubts=False) as town:
        findings = await run_cuts(town, times, silent)
    seen = findings.wrong["taken and seen after 1 s"]
    return replace(
        findings,
        name=f"{findings.name}, and nobody doubts",
        wrong={"no taken slot seen": int(not seen)},
        told={**findings.told, "taken and seen after 1 s": seen},
    )


TRIALS: TrialsByName = {
    "crowds": (20, _crowds),
    "leaders": (20, _leaders),
    "changes": (200, _changes),
    "silent-cuts": (3, _cuts(silent)),
    "killed-cuts": (3, _cuts(killed)),
    "trusting-cuts": (1, _trusting_cuts),
    "outages": (4, run_outages),
    "first-reads": (10, run_first_reads),
    "questions": (1_000_000, run_flood),
}

if __name__ == "__main__":
    run("tests.soak.availability", TRIALS)
