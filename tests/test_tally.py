"""Each request that the fast lane answers has its line and its place in the figures, written many at a time."""

import asyncio
import io
import json
from datetime import UTC, datetime
from typing import Any

from app.observability import Metrics
from app.tally import MOST, Tally

ROUTE = "/api/v1/availability"
COUNTED = {"method": "GET", "route": ROUTE, "status": "200"}


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_a_line_says_what_that_of_any_other_request_says() -> None:
    stream = io.StringIO()
    tally = Tally(Metrics(), "info", stream)
    before = datetime.now(UTC)
    tally.note(ROUTE, 304, 0.0012, b"mine-12345")
    tally.settle()

    [line] = _lines(stream)
    assert before <= datetime.fromisoformat(line.pop("timestamp")) <= datetime.now(UTC)
    assert line == {
        "method": "GET",
        "route": ROUTE,
        "status": 304,
        "duration_ms": 1.2,
        "event": "request.answered",
        "request_id": "mine-12345",
        "level": "info",
    }


async def test_all_are_counted_and_timed_and_nobody_has_to_ask_for_it() -> None:
    metrics, stream = Metrics(), io.StringIO()
    tally = Tally(metrics, "info", stream)
    for _ in range(MOST + 5):
        tally.note(ROUTE, 200, 0.25, b"mine-12345")
    assert len(_lines(stream)) == MOST

    for _ in range(500):
        if len(_lines(stream)) > MOST:
            break
        await asyncio.sleep(0.01)

    assert len(_lines(stream)) == MOST + 5
    value = metrics.registry.get_sample_value
    assert value("bff_requests_total", COUNTED) == MOST + 5
    assert value("bff_request_seconds_sum", {"method": "GET", "route": ROUTE}) == (MOST + 5) / 4


async def test_what_is_not_to_be_logged_is_counted_all_the_same() -> None:
    metrics, stream = Metrics(), io.StringIO()
    tally = Tally(metrics, "warning", stream)
    tally.note(ROUTE, 200, 0.1, b"mine-12345")
    tally.settle()

    assert stream.getvalue() == ""
    assert metrics.registry.get_sample_value("bff_requests_total", COUNTED) == 1
