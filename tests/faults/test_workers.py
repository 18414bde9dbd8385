"""The program as an operator runs it, on a machine that takes its workers or its log away."""

import asyncio
import os
import re
import signal
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from app import API
from tests.faults.program import PATIENCE, Program, served_program
from tests.soak.waiting import until
from tests.support.redis import RedisServer
from tests.support.simulation import Simulation

WORKERS = 3
VISITORS = 4
KILLS = 3
PATH = f"{API}/event-types/intro-call/availability"


@dataclass(slots=True)
class Visits:
    program: Program
    statuses: list[int] = field(default_factory=list)
    lost: int = 0
    """Whose connection ended before the answer."""

    async def go_on(self) -> None:
        """Each with a connection of its own, as new visitors come."""
        while True:
            async with httpx.AsyncClient(base_url=self.program.url, timeout=PATIENCE) as http:
                try:
                    self.statuses.append((await http.get(PATH)).status_code)
                except httpx.HTTPError:
                    self.lost += 1

    async def are_more(self, count: int = 50) -> None:
        wanted = len(self.statuses) + count

        async def are_made() -> bool:
            return len(self.statuses) >= wanted

        async with asyncio.timeout(PATIENCE):
            await until(are_made, every=0.02)


@pytest.mark.fault("P03")
async def test_while_workers_die_others_answer_and_new_ones_take_their_place(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    with served_program(calendly, redis, tmp_path / "bff.log", BFF_WORKERS=str(WORKERS)) as program:
        await program.has_workers(WORKERS)
        visits = Visits(program)
        coming = [asyncio.create_task(visits.go_on()) for _ in range(VISITORS)]
        await visits.are_more()
        for _ in range(KILLS):
            killed = min(program.workers())
            os.kill(killed, signal.SIGKILL)
            await visits.are_more()
            await program.has_workers(WORKERS, but=killed)
        await visits.are_more()
        for each in coming:
            each.cancel()
        await asyncio.gather(*coming, return_exceptions=True)

    assert set(visits.statuses) == {200}
    assert visits.lost <= KILLS * VISITORS


async def test_how_long_a_worker_has_been_there_is_shown(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    """So that one that dies again and again is seen."""
    shown = []
    for number in range(2):
        with served_program(calendly, redis, tmp_path / f"{number}.log") as program:
            async with httpx.AsyncClient(base_url=program.url, timeout=PATIENCE) as http:
                metrics = (await http.get("/metrics")).text
        [started] = re.findall(r"(?m)^process_start_time_seconds (\S+)$", metrics)
        shown.append(float(started))

    assert shown[0] < shown[1]


@pytest.mark.fault("P05")
async def test_with_a_full_disk_for_its_log_it_serves(calendly: Simulation, redis: RedisServer) -> None:
    with served_program(calendly, redis, Path("/dev/full")) as program:
        async with httpx.AsyncClient(base_url=program.url, timeout=PATIENCE) as http:
            answers = [await http.get(PATH) for _ in range(5)]
            await asyncio.sleep(0.3)
            metrics = (await http.get("/metrics")).text

    [lost] = re.findall(r"(?m)^bff_log_lines_lost_total (\S+)$", metrics)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert float(lost) >= 5
