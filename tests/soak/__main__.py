"""`make soak-bookings`: bookings made under every bad day there is, and counted at the simulator."""

import asyncio
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from tests.soak.findings import Findings, table
from tests.soak.kills import QUICK, run_kills
from tests.soak.world import running_world


async def _kills(folder: Path, times: int) -> Findings:
    async with running_world(folder, QUICK) as world:
        return await run_kills(world, times)


async def _blind_kills(folder: Path, times: int) -> Findings:
    async with running_world(folder, replace(QUICK, look_first=False)) as world:
        await world.calendly.blind()
        return await run_kills(world, times)


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--blind", type=int, default=100)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        rows = [
            asyncio.run(_kills(Path(mkdtemp(dir=folder)), asked.kills)),
            asyncio.run(_blind_kills(Path(mkdtemp(dir=folder)), asked.blind)),
        ]
    sys.stdout.write(table(rows) + "\n")
    raise SystemExit(not all(row.kept for row in rows))


if __name__ == "__main__":
    main()
