"""What `/proc` says, and how much of it is one server's."""

import os
import subprocess
import sys
import time

import pytest

from benchmarks.cores import started_on
from benchmarks.proc import cpu_seconds, on_cpu_in, parent_in, parents, resident, resident_in, tree

BUSY = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\ntime.sleep(60)"


def test_the_parent_is_found_behind_any_name() -> None:
    assert parent_in("4321 (a) b (c) S 17 4321 4321 0 -1 4194304") == 17


def test_time_on_the_processor_is_in_nanoseconds() -> None:
    assert on_cpu_in("1500000000 20 3\n") == 1.5


def test_resident_memory_is_in_kibibytes() -> None:
    assert resident_in("VmPeak:\t  9000 kB\nVmRSS:\t    4242 kB\nThreads:\t1\n") == 4242


def test_a_tree_holds_all_below_its_root_and_nothing_else() -> None:
    found = {10: 1, 11: 10, 12: 11, 20: 1, 21: 20}

    assert tree(10, found) == {10, 11, 12}


def test_the_time_of_a_child_counts() -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}], check=True)"
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()

        used = cpu_seconds(parent.pid)

        for pid in sorted(tree(parent.pid, parents()), reverse=True):
            os.kill(pid, 9)
    assert 0.2 <= used < 5


def test_an_idle_process_costs_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        before = cpu_seconds(process.pid)
        time.sleep(0.1)

        used = cpu_seconds(process.pid) - before

        process.kill()
    assert used < 0.01


def test_this_very_process_has_memory() -> None:
    assert resident(os.getpid()) > 1024


@pytest.mark.parametrize("core", sorted(os.sched_getaffinity(0)))
def test_what_is_started_stays_on_its_cores(core: int) -> None:
    show = "import os; print(*os.sched_getaffinity(0))"
    before = os.sched_getaffinity(0)

    with started_on(frozenset({core})):
        shown = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)

    assert shown.stdout.split() == [str(core)]
    assert os.sched_getaffinity(0) == before
