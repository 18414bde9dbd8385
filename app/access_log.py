"""One line for each request that the fast lane answers, as the other requests have one, written many at a time."""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

WRITTEN_EVERY = 0.1
"""Seconds for which lines are gathered: a line costs little, a write to the system as much as an answer."""

MOST_LINES = 1000
"""That wait; then they are written at once."""


class AccessLog:
    """Lines are lost where nobody takes them: requests are answered all the same."""

    def __init__(self, level: str, stream: Callable[[], TextIO] = lambda: sys.stderr) -> None:
        self.is_on = getattr(logging, level.upper()) <= logging.INFO
        self._stream = stream
        self._lines: list[str] = []

    def note(self, route: str, status: int, seconds: float, request_id: str) -> None:
        """Of a GET. All of it is ours to spell, so that nothing has to be escaped."""
        if not self._lines:
            asyncio.get_running_loop().call_later(WRITTEN_EVERY, self.write)
        self._lines.append(
            f'{{"method": "GET", "route": "{route}", "status": {status},'
            f' "duration_ms": {seconds * 1000:.1f}, "event": "request.answered", "request_id": "{request_id}",'
            f' "level": "info", "timestamp": "{datetime.now(UTC).isoformat()[:26]}Z"}}\n'
        )
        if len(self._lines) >= MOST_LINES:
            self.write()

    def write(self) -> None:
        lines, self._lines = self._lines, []
        try:
            stream = self._stream()
            stream.write("".join(lines))
            stream.flush()
        except (OSError, ValueError):
            # A full disk or a closed pipe; there is nowhere to say so.
            pass
