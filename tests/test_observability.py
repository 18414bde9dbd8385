"""What is logged of a request and of a crash: where, how long, and nothing personal."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from app.observability import Failures, Metrics, Observability
from tests.support.service import Service

CRASHING = """
import structlog
from app.observability import configure_logging

configure_logging({level!r})
log = structlog.get_logger()
log.info("thing.happened", count=2)
try:
    raise ValueError("marker@example.test")
except ValueError:
    log.exception("thing.failed")
log.error("thing.refused", exc_info=True)
"""


def _lines(level: str) -> list[dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-c", CRASHING.format(level=level)], capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    return [json.loads(line) for line in run.stderr.splitlines()]


def test_log_lines_are_json_with_a_time_and_a_level() -> None:
    happened = _lines("info")[0]

    assert happened.pop("timestamp").endswith("Z")
    assert happened == {"event": "thing.happened", "level": "info", "count": 2}


def test_a_crash_is_logged_with_where_and_what_but_not_its_text() -> None:
    failed = _lines("info")[1]

    assert failed["exception"] == "ValueError"
    assert failed["frames"] == ["<string>:9"]
    assert "marker" not in json.dumps(failed)


def test_where_nothing_was_raised_there_is_nothing_to_tell() -> None:
    assert "exception" not in _lines("info")[2]


def test_what_is_less_severe_than_asked_for_is_not_logged() -> None:
    assert [line["event"] for line in _lines("error")] == ["thing.failed", "thing.refused"]


async def test_each_answer_leaves_one_line_that_names_the_route(bff: Service) -> None:
    with capture_logs() as logged:
        await bff.get("/event-types/visit/availability", timeZone="Asia/Kolkata")

    [line] = [each for each in logged if each["event"] == "request.answered"]
    assert line.pop("duration_ms") > 0
    assert line == {
        "event": "request.answered",
        "log_level": "info",
        "method": "GET",
        "route": "/api/v1/event-types/{eventTypeId}/availability",
        "status": 200,
    }


@pytest.mark.fault("C15")
async def test_neither_path_nor_query_nor_body_is_logged(bff: Service) -> None:
    with capture_logs() as logged:
        await bff.http.get("/api/v1/event-types/marker?marker=marker", headers={"User-Agent": "marker"})
        await bff.book(await bff.booking(invitee={"name": "Marker", "email": "marker@example.test"}))

    assert "marker" not in str(logged).lower()


async def _send(_message: Message) -> None:
    pass


async def _receive() -> Message:
    raise AssertionError("nothing is to be read")


async def test_what_is_no_request_passes_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    await Observability(Failures(app), metrics=Metrics())({"type": "lifespan"}, _receive, _send)

    assert seen == ["lifespan"]


async def test_a_crash_after_the_answer_began_is_left_to_the_server() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    scope = {"type": "http", "method": "GET", "headers": []}

    with pytest.raises(ZeroDivisionError):
        await Observability(Failures(app), metrics=Metrics())(scope, _receive, _send)


def test_what_a_library_says_is_a_line_of_json_without_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("marker")
    except ValueError:
        logging.getLogger("a.library").exception("Failed for %s", "marker")

    told = json.loads(capsys.readouterr().err)

    assert (told["library"], told["said"], told["exception"]) == (
        "a.library",
        "Failed for %s",
        "ValueError",
    )
    assert "marker" not in json.dumps(told)
