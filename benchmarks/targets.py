"""What is claimed: the one table of figures to reach, and the verdict on each."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from benchmarks.figures import Figure


class Verdict(Enum):
    MET = "met"
    WITHIN_NOISE = "met, within noise"
    MISSED = "missed"


AT_LEAST: Literal["at least"] = "at least"
AT_MOST: Literal["at most"] = "at most"


@dataclass(frozen=True, slots=True)
class Target:
    """`noise` is how far beyond the bound a median may lie, as a share of the bound, before it counts as missed. It is
    noise where some round was within the bound.
    """

    name: str
    figure: str
    against: str
    wanted: Literal["at least", "at most"]
    bound: float
    unit: str
    noise: float

    def verdict(self, found: Figure) -> Verdict:
        if self._holds(found.median, 0.0):
            return Verdict.MET
        best = found.most if self.wanted == AT_LEAST else found.least
        is_noise = self._holds(best, 0.0) and self._holds(found.median, self.noise)
        return Verdict.WITHIN_NOISE if is_noise else Verdict.MISSED

    def _holds(self, value: float, noise: float) -> bool:
        if self.wanted == AT_LEAST:
            return value >= self.bound * (1 - noise)
        return value <= self.bound * (1 + noise)


HIT = "hit, every production feature on"
SLOW = "hit in Redis, not in memory"
CROWD = "1,000 cold requests at once, 4 processes"
GONE = "booking made, slot gone from 4 processes"
VIEWERS = "1,000 viewers of 8 event types, 4 zones"
OVERLOAD = "5 times the reads that can be worked out"
BOOKING = "added to a booking, one at a time"

TARGETS = (
    Target("hit.bare", HIT, "bare ASGI, same bytes", AT_LEAST, 0.8, "times", 0.05),
    Target("hit.map", HIT, "fastify with a Map", AT_LEAST, 0.95, "times", 0.05),
    Target("hit.ioredis", HIT, "fastify with ioredis", AT_LEAST, 2.0, "times", 0.05),
    Target("hit.fastapi", HIT, "FastAPI, model from Redis", AT_LEAST, 20.0, "times", 0.05),
    Target("304.bare", "304", "bare ASGI's 304", AT_LEAST, 0.85, "times", 0.05),
    Target("slow.ioredis", SLOW, "fastify with ioredis", AT_LEAST, 1.0, "times", 0.05),
    Target("slow.p99", f"{SLOW}: p99", "-", AT_MOST, 20.0, "ms", 0.25),
    Target("slow.gc", f"{SLOW}: p99", "the same with default gc", AT_LEAST, 0.8, "times", 0.1),
    Target("reshape.pydantic", "reshape of 1,000 slots", "pydantic models", AT_LEAST, 5.0, "times", 0.05),
    Target("reshape.msgspec", "reshape of 1,000 slots", "typed decode + encode", AT_MOST, 4.0, "times", 0.05),
    Target("cold.calls", f"{CROWD}: calls per 31 days asked", "-", AT_MOST, 1.0, "calls", 0.0),
    Target("cold.slowest", f"{CROWD}: slowest", "the upstream's own time", AT_MOST, 1.5, "times", 0.1),
    Target("gone.p99", f"{GONE}: p99", "-", AT_MOST, 10.0, "ms", 0.0),
    Target("gone.stale", f"{GONE}: stale reads after the 201", "-", AT_MOST, 0.0, "reads", 0.0),
    Target("viewers.calls", f"{VIEWERS}: calls", "active keys, one a lifetime", AT_MOST, 1.05, "times", 0.02),
    Target("viewers.refused", f"{VIEWERS}, free plan: calls refused", "-", AT_MOST, 0.0, "calls", 0.0),
    Target("booking.added", BOOKING, "one call in plain FastAPI", AT_MOST, 7.0, "times", 0.1),
    Target("outage.redis", "hit while Redis is away", "healthy", AT_LEAST, 0.95, "times", 0.05),
    Target("outage.redis.wrong", "hit while Redis is away: failures", "-", AT_MOST, 0.0, "answers", 0.0),
    Target("outage.calendly", "hit while Calendly fails", "healthy", AT_LEAST, 0.95, "times", 0.05),
    Target("outage.calendly.wrong", "hit while Calendly fails: failures", "-", AT_MOST, 0.0, "answers", 0.0),
    Target("overload.goodput", f"{OVERLOAD}: worked out", "capacity", AT_LEAST, 0.8, "times", 0.05),
    Target("overload.refusal", f"{OVERLOAD}: a refusal takes, median", "-", AT_MOST, 10.0, "ms", 0.25),
    Target("overload.bookings", f"{OVERLOAD}: bookings not checked", "-", AT_MOST, 0.0, "bookings", 0.0),
    Target("size.stored", "203 slots stored", "plain JSON", AT_LEAST, 8.0, "times", 0.02),
    Target("size.resident", "resident, a worker with 1,000 answers", "-", AT_MOST, 90.0, "MiB", 0.03),
    Target("size.imported", "import, CPU", "that of the packages alone", AT_MOST, 1.5, "times", 0.05),
)
