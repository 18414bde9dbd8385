"""Where and when something was measured: figures without that cannot be compared."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.cores import ALL, OTHERS, SERVERS

ROOT = Path(__file__).parent.parent


def described() -> str:
    cores = f"servers on core {_listed(SERVERS)}, all else on {_listed(OTHERS)} of {len(ALL)}"
    load = f"load average {os.getloadavg()[1]:.1f}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    today = datetime.now(UTC).date()
    return (
        f"Commit {_commit()}, {today}: {_processor()}, {cores}, {load}; Linux {platform.release()}, {python}."
    )


def _commit() -> str:
    """`unknown` outside a repository; with a `+` where files differ from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    command = [git, "describe", "--always", "--dirty=+", "--exclude=*"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or "unknown"


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    return text.partition("model name")[2].partition(":")[2].partition("\n")[0].strip() or platform.machine()


def _listed(cores: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(cores)))
