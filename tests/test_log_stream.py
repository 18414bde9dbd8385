"""Lines that nobody takes are counted, and keep nobody from anything."""

import io
from contextlib import redirect_stderr

import pytest
import structlog

from app.log_stream import LINES, LogStream
from app.observability import Metrics
from app.tally import Tally

ROUTE = "/api/v1/availability"


class Broken(io.StringIO):
    """Takes what it is given, and fails with it: where it is written, or later."""

    def __init__(self, trouble: Exception, *, late: bool) -> None:
        super().__init__()
        self._trouble, self._late = trouble, late

    def write(self, text: str) -> int:
        if not self._late:
            raise self._trouble
        return len(text)

    def flush(self) -> None:
        raise self._trouble


@pytest.mark.fault("P05")
@pytest.mark.parametrize("trouble", [OSError("full"), ValueError("closed")])
@pytest.mark.parametrize("late", [False, True])
def test_what_could_not_be_written_is_counted(trouble: Exception, *, late: bool) -> None:
    lines = LogStream()

    with redirect_stderr(Broken(trouble, late=late)):
        for number in range(3):
            lines.write(f"{number}\n" * 2)
            lines.flush()

    assert lines.lost == 6


@pytest.mark.fault("P05")
async def test_requests_are_counted_though_nobody_takes_their_lines() -> None:
    metrics, before = Metrics(), LINES.lost
    tally = Tally(metrics, "info")

    with redirect_stderr(Broken(OSError("full"), late=False)):
        tally.note(ROUTE, 200, 0.1, b"mine-12345")
        tally.settle()
        structlog.get_logger().warning("said.in_vain")

    shown = metrics.registry.get_sample_value
    assert shown("bff_requests_total", {"method": "GET", "route": ROUTE, "status": "200"}) == 1
    assert shown("bff_log_lines_lost_total") == before + 2


def test_what_is_written_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    lines = LogStream()

    lines.write("a line\n")
    lines.flush()

    assert (capsys.readouterr().err, lines.lost) == ("a line\n", 0)
