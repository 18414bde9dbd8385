"""Where lines of the log go: standard error, which may be a full disk or a closed pipe. No request fails for that."""

import sys
from collections.abc import Callable, Iterator

from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector


class LogStream(Collector):
    """One for the process. What it could not write is counted, and shown with the figures of whoever asks."""

    def __init__(self) -> None:
        self.lost = 0
        """Lines."""
        self._on_their_way = 0

    def write(self, text: str) -> int:
        self._on_their_way += text.count("\n")
        self._try(lambda: sys.stderr.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(sys.stderr.flush)
        self._on_their_way = 0

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("bff_log_lines_lost", "Lines of the log that nobody took.", value=self.lost)

    def _try(self, act: Callable[[], object]) -> None:
        # Standard error is asked for each time: it may be another one by now.
        try:
            act()
        except (OSError, ValueError):
            self.lost += self._on_their_way
            self._on_their_way = 0


LINES = LogStream()
