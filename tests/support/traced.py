"""What Python itself has taken of memory meanwhile."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def traced(taken: list[int]) -> Iterator[None]:
    """Adds to `taken` how many bytes more there are in the end."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        yield
        taken.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
