"""`make soak-bookings`: bookings made under every bad day there is, and counted at the simulator."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from app.intents.options import ProtocolOptions
from tests.soak.ambiguity import run_ambiguity
from tests.soak.command import Trials, TrialsByName, run
from tests.soak.crowds import run_one_key, run_one_seat
from tests.soak.findings import Findings
from tests.soak.kills import QUICK, run_kills
from tests.soak.programs import run_rush, run_stop
from tests.soak.world import World, running_world


def _in_a_world(
    make: Callable[[World, int], Awaitable[Findings]], protocol: ProtocolOptions, **settings: str
) -> Trials:
    async def trials(folder: Path, times: int) -> Findings:
        async with running_world(folder, protocol, **settings) as world:
            return await make(world, times)

    return trials


async def _blind_kills(folder: Path, times: int) -> Findings:
    """That the rig would see a double: where nobody can look, there are some."""
    async with running_world(folder, replace(QUICK, look_first=False), **HURRIED) as world:
        await world.calendly.blind()
        findings = await run_kills(world, times)
    doubled = findings.wrong["doubled"]
    return replace(
        findings,
        name="kill -9, looks blinded",
        wrong={"no double seen": int(not doubled)},
        told={"doubled": doubled},
    )


HURRIED = {"CALENDLY_BOOKING_TIMEOUT": "2"}
USUAL = ProtocolOptions()

TRIALS: TrialsByName = {
    "kills": (1000, _in_a_world(run_kills, QUICK, **HURRIED)),
    "blind-kills": (100, _blind_kills),
    "one-key": (1000, _in_a_world(run_one_key, USUAL)),
    "one-seat": (1000, _in_a_world(run_one_seat, USUAL)),
    "unclear": (500, _in_a_world(run_ambiguity, USUAL)),
    "rush": (10_000, run_rush),
    "stop": (20, run_stop),
}

if __name__ == "__main__":
    run("tests.soak", TRIALS)
