"""Each measures some of the targets: what it sets up, and what it counts."""

from collections.abc import Callable

from benchmarks.effort import Effort
from benchmarks.findings import Findings
from benchmarks.scenes.booking import run_booking
from benchmarks.scenes.cold import run_cold
from benchmarks.scenes.gone import run_gone
from benchmarks.scenes.hits import run_hits, run_not_modified
from benchmarks.scenes.outages import run_outages
from benchmarks.scenes.overload import run_overload
from benchmarks.scenes.reshape import run_reshape
from benchmarks.scenes.sizes import run_sizes
from benchmarks.scenes.slow_path import run_slow_path
from benchmarks.scenes.viewers import run_viewers
from benchmarks.stage import Stage

SCENES: dict[str, Callable[[Stage, Effort], Findings]] = {
    "hit": run_hits,
    "304": run_not_modified,
    "slow": run_slow_path,
    "reshape": run_reshape,
    "cold": run_cold,
    "gone": run_gone,
    "viewers": run_viewers,
    "booking": run_booking,
    "outage": run_outages,
    "overload": run_overload,
    "size": run_sizes,
}
"""By the name that their targets begin with."""
