"""What things weigh: a week in Redis, a worker in memory, and the import of it all."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from redis import Redis

from benchmarks.asking import answers, checked_answers, plain_answers
from benchmarks.browser import get
from benchmarks.effort import Effort
from benchmarks.figures import figure, ratios
from benchmarks.findings import Findings
from benchmarks.keys import Question, questions
from benchmarks.proc import resident
from benchmarks.stage import Stage, first_date
from tests.support.redis import CACHE

ANSWERS = 1000
EVENT_TYPES = ("intro", "consultation", "interview", "review")
ALONE = "alone"
"""The event type of which nothing but one week is asked for."""

KIB = 1024
IMPORTS = 2
"""Of each kind in a round, for they are short; their mean counts."""

OURS = "app.start"
"""As every process of the service begins."""
PACKAGES = "fastapi, httpx, pydantic_settings, redis.asyncio, uvicorn"
"""What the service is made of, whoever makes it."""


def run_sizes(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(ALONE, *EVENT_TYPES)
    week = Question(ALONE, first_date(), "UTC")
    with stage.service() as server:
        answers(server, [get("/api/v1/event-types")])
        before = _stored(stage)
        plain = len(plain_answers(server, [week])[0])
        stored = _stored(stage)
    new = stored.keys() - before.keys()
    bytes_ = sum(stored[name][0] for name in new)
    whole = sum(stored[name][1] for name in new)
    asked = questions(ANSWERS, EVENT_TYPES, first_date())
    memory = []
    for _ in range(effort.rounds):
        with stage.service() as server:
            checked_answers(server, asked)
            memory.append(resident(server.pid) / KIB)
    compiled = stage.folder / "bytecode"
    for modules in (OURS, PACKAGES):
        _import_milliseconds(modules, compiled)
    ours: list[float] = []
    packages: list[float] = []
    for _ in range(effort.rounds):
        pairs = [[_import_milliseconds(each, compiled) for each in (OURS, PACKAGES)] for _ in range(IMPORTS)]
        for found, times in zip((ours, packages), zip(*pairs, strict=True), strict=True):
            found.append(statistics.mean(times))
    note = (
        f"size: a week of 203 slots is {plain:,} bytes of JSON, and {bytes_:,} bytes in {len(new)} entries of"
        f" Redis, which take {whole:,} bytes of its memory"
    )
    imported = (
        f"size: the import takes {figure(ours).median:,.0f} ms CPU, that of the packages alone"
        f" {figure(packages).median:,.0f} ms"
    )
    return Findings(
        figures={
            "size.stored": figure([plain / bytes_]),
            "size.resident": figure(memory),
            "size.imported": ratios(ours, packages),
        },
        notes=[note, imported],
    )


def _stored(stage: Stage) -> dict[bytes, tuple[int, int]]:
    """By key: bytes of the value, and what Redis needs for the entry."""
    with Redis(port=stage.redis.port, db=CACHE) as client:
        return {key: (_length(client, key), int(client.memory_usage(key) or 0)) for key in client.scan_iter()}


def _length(client: Redis, key: bytes) -> int:
    """Of anything but a string, all that Redis needs: there is no better figure."""
    if client.type(key) == b"string":
        return int(client.strlen(key))
    return int(client.memory_usage(key) or 0)


def _import_milliseconds(modules: str, compiled: Path) -> float:
    """CPU, from the start of the interpreter: that is what a start waits for. What was imported once is `compiled`, as
    it is wherever the service is installed.
    """
    imported = f"import time; import {modules}; print(time.process_time())"
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run(
        [sys.executable, "-c", imported],
        capture_output=True,
        text=True,
        check=True,
        env=told | {"PYTHONPYCACHEPREFIX": str(compiled)},
    )
    return float(ran.stdout) * 1000
