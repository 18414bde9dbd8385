"""Servers on one core and everything else on the others, so that neither pays for the other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

ALL = frozenset(os.sched_getaffinity(0))
SERVERS = frozenset({min(ALL)})
OTHERS = (ALL - SERVERS) or ALL
"""The load, Redis and the simulator. On a machine with one core, the same."""


@contextmanager
def started_on(cores: frozenset[int]) -> Iterator[None]:
    """What is started in the block runs there, with all its threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
