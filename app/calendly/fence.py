"""The last look before a write goes out: after it, what is sent cannot be taken back."""

from collections.abc import Awaitable, Callable

from app.calendly.exchange import ReplyError, Trouble

Trace = Callable[[str, object], Awaitable[None]]

_FIRST_BYTE = ".send_request_headers.started"
"""What the HTTP client announces when it holds a connection and is about to write to it."""


def fenced(may_send: Callable[[], bool]) -> dict[str, Trace]:
    """What makes the HTTP client ask `may_send` first, as the extensions of a request.

    At a no it raises `ReplyError` instead of writing, and the HTTP client closes the connection.
    """

    async def look(event: str, _: object) -> None:
        if event.endswith(_FIRST_BYTE) and not may_send():
            raise ReplyError(Trouble.WITHHELD)

    return {"trace": look}
