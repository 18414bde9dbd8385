"""Medians, spreads and percentiles. Pure functions."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of several rounds, and the least and most of them."""

    median: float
    least: float
    most: float

    @property
    def spread(self) -> float:
        """From least to most, as a share of the median."""
        return (self.most - self.least) / self.median if self.median else 0.0


def figure(values: Iterable[float]) -> Figure:
    """Raises `ValueError` where there are none."""
    known = sorted(values)
    if not known:
        raise ValueError("no figure without a round")
    return Figure(statistics.median(known), known[0], known[-1])


def ratios(above: Sequence[float], below: Sequence[float]) -> Figure:
    """Round by round, because two contenders of one round had the same neighbours."""
    return figure(a / b for a, b in zip(above, below, strict=True))


def percentile(values: Iterable[float], share: float) -> float:
    """The least value that at least `share` of all do not exceed: always one that was measured."""
    known = sorted(values)
    return known[max(0, math.ceil(share * len(known)) - 1)]
