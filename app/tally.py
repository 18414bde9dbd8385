"""What operators see of the requests that the fast lane answers, as of all others: a log line, two metrics.

Written many at a time: to count and to spell one costs little, but all of it together as much as an answer.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO, TypeAlias

from app.observability import Metrics

SETTLED_EVERY = 0.1
"""Seconds for which requests are gathered."""

MOST = 1000
"""That wait; then they are written at once."""

Answered: TypeAlias = tuple[float, str, int, float, bytes]
"""When (seconds since 1970), the route, the status, how many seconds it took, and the request's id."""


class Tally:
    """Of GETs. Lines are lost where nobody takes them: requests are answered all the same."""

    def __init__(
        self, metrics: Metrics, level: str, stream: Callable[[], TextIO] = lambda: sys.stderr
    ) -> None:
        self._metrics = metrics
        self._logs = getattr(logging, level.upper()) <= logging.INFO
        self._stream = stream
        self._answered: list[Answered] = []

    def note(self, route: str, status: int, seconds: float, request_id: bytes) -> None:
        answered = self._answered
        if not answered:
            asyncio.get_running_loop().call_later(SETTLED_EVERY, self.settle)
        answered.append((time.time(), route, status, seconds, request_id))
        if len(answered) >= MOST:
            self.settle()

    def settle(self) -> None:
        """Count and log what has been gathered."""
        if not self._answered:
            return
        answered, self._answered = self._answered, []
        add = self._metrics.requests.add
        for _, route, status, seconds, _ in answered:
            add("GET", route, status, seconds)
        if self._logs:
            self._write("".join(map(_line, answered)))

    def _write(self, lines: str) -> None:
        try:
            stream = self._stream()
            stream.write(lines)
            stream.flush()
        except (OSError, ValueError):
            # A full disk or a closed pipe; there is nowhere to say so.
            pass


def _line(answered: Answered) -> str:
    """All of it is ours to spell, so that nothing has to be escaped."""
    at, route, status, seconds, request_id = answered
    second = int(at)
    return (
        f'{{"method": "GET", "route": "{route}", "status": {status}, "duration_ms": {seconds * 1000:.1f},'
        f' "event": "request.answered", "request_id": "{request_id.decode()}", "level": "info",'
        f' "timestamp": "{_spelt(second)}.{int((at - second) * 1_000_000):06}Z"}}\n'
    )


@lru_cache(maxsize=2)
def _spelt(second: int) -> str:
    """Remembered, for many requests share one."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
