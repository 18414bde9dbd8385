"""How long answers to deliveries took, as whoever sends them sees it and by the service's own figures."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from app.webhooks.subscriptions import PATH

LIMIT = 0.5
"""Seconds within which 99 of 100 deliveries are to be answered. One of the bounds of the service's own figures."""

TOO_SLOW = "p99 over 500 ms"

TAKEN = 204
REFUSED = 503

_BUCKET = re.compile(
    rf'^bff_request_seconds_bucket{{le="([^"]+)",method="POST",route="{PATH}"}} (\S+)$', re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` from the first byte of the question to the first of the answer, at the sender's end of the wire."""

    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """`own`: how many the service says that it gave within so many seconds, by its bounds."""

    sent: Sequence[Answer]
    own: Mapping[float, int]

    @property
    def wrong(self) -> dict[str, int]:
        """Of all answers, and of those alone that took something in: quick refusals are to hide no slow ones."""
        p99s = (self._p99(), self._p99(TAKEN), _bound(self.own))
        return {TOO_SLOW: sum(each > LIMIT for each in p99s), "nothing answered": int(not self.sent)}

    @property
    def told(self) -> dict[str, str]:
        return {
            "p99": _told(self._p99()),
            "p99 of 204": _told(self._p99(TAKEN)),
            "p99 of 503": _told(self._p99(REFUSED)),
            "slowest": _told(max((each.seconds for each in self.sent), default=0.0)),
            "p99 by the service": f"at most {_told(_bound(self.own))}",
        }

    def _p99(self, status: int | None = None) -> float:
        return p99(each.seconds for each in self.sent if status in {None, each.status})


def p99(values: Iterable[float]) -> float:
    """0 of none."""
    ordered = sorted(values)
    return ordered[ceil(len(ordered) * 0.99) - 1] if ordered else 0.0


def own_times(metrics: Iterable[str]) -> Mapping[float, int]:
    """By what replicas show at `/metrics`, all together."""
    found = Counter[float]()
    for shown in metrics:
        for bound, count in _BUCKET.findall(shown):
            found[inf if bound == "+Inf" else float(bound)] += int(float(count))
    return found


def _bound(own: Mapping[float, int]) -> float:
    """The least one within which 99 of 100 were given; infinite where nobody says."""
    enough = own.get(inf, 0) * 0.99
    return min((bound for bound, count in own.items() if count >= enough), default=inf)


def _told(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
