"""How many requests were answered, and how long that took.

Plain numbers that are put into the shape of Prometheus when somebody asks for them: the client library's own
counter and histogram cost a tenth of what it takes to send an answer that is ready.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import Histogram
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BOUNDS = Histogram.DEFAULT_BUCKETS[:-1]
"""Seconds; beyond the last one is whatever took longer."""


@dataclass(slots=True)
class _Times:
    sum: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """By the bound below which they lie."""


class RequestFigures(Collector):
    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, int], int] = {}
        self._times: dict[tuple[str, str], _Times] = {}

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        answer = (method, route, status)
        self._answers[answer] = self._answers.get(answer, 0) + 1
        times = self._times.get((method, route))
        if times is None:
            times = self._times[method, route] = _Times()
        times.sum += seconds
        times.counts[bisect_left(BOUNDS, seconds) if seconds > BOUNDS[0] else 0] += 1

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily("bff_requests", "Answers given.", labels=("method", "route", "status"))
        for (method, route, status), number in self._answers.items():
            answers.add_metric((method, route, str(status)), number)
        yield answers
        seconds = HistogramMetricFamily(
            "bff_request_seconds", "Time to an answer.", labels=("method", "route")
        )
        bounds = [*map(str, BOUNDS), "+Inf"]
        for labels, times in self._times.items():
            buckets = list(zip(bounds, accumulate(times.counts), strict=True))
            seconds.add_metric(labels, buckets, times.sum)
        yield seconds
