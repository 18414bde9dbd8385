"""The log of what the simulator was asked. It never holds a token."""

from typing import Any

from msgspec import Struct


class LoggedCall(Struct, kw_only=True, rename="camel"):
    """`status` is what the caller was sent: null while nothing was."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    user_agent: str | None
    at: str
    status: int | None = None


class CallLog:
    def __init__(self) -> None:
        self.items: list[LoggedCall] = []

    def add(self, call: LoggedCall) -> LoggedCall:
        self.items.append(call)
        return call

    def clear(self) -> None:
        self.items.clear()
