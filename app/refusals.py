"""What is told to whoever cannot be served now, ready to be sent: to make it each time would take what is short."""

from itertools import cycle

from app.errors import OverloadedError
from app.problems import MEDIA_TYPE, problem_from

WAITS = (1, 2, 3)
"""Seconds, in turn: not all who were refused together are to come back together."""

REQUEST_ID = "{requestId}"
"""What stands in the place of the request's own."""


class Refusals:
    def __init__(self) -> None:
        self._upcoming = cycle([_spelt(seconds) for seconds in WAITS])

    def next(self, request_id: bytes) -> tuple[int, bytes, bytes]:
        """Status, headers, each with its end, and body (RFC 9457)."""
        headers, begin, end = next(self._upcoming)
        body = b"%b%b%b" % (begin, request_id, end)
        return OverloadedError.status, b"%bcontent-length: %d\r\n" % (headers, len(body)), body


def _spelt(seconds: int) -> tuple[bytes, bytes, bytes]:
    """Headers, and what of the body stands before and behind the request's id."""
    headers = (
        f"content-type: {MEDIA_TYPE}\r\ncache-control: no-store\r\nretry-after: {seconds}\r\nvary: Origin\r\n"
    )
    problem = problem_from(OverloadedError(retry_after=seconds), REQUEST_ID)
    begin, _, end = problem.model_dump_json(by_alias=True, exclude_none=True).partition(REQUEST_ID)
    return headers.encode(), begin.encode(), end.encode()
