"""Whom to ask about a scheduled event: Calendly lets only its hosts read and cancel it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from app.calendly.transport import Transport

T = TypeVar("T")

Send = Callable[[Transport], Awaitable[T]]


class Hosts(Protocol):
    async def ask(self, event: str, send: Send[T]) -> T:
        """Sends one call about the event with this id through somebody's transport. Raises what that call raises."""
        ...

    async def others(self) -> Sequence[tuple[Transport, str]]:
        """Who may host what one account has booked: each with its user's URI."""
        ...


class Alone:
    """There is nobody else to ask."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def ask(self, event: str, send: Send[T]) -> T:  # noqa: ARG002 - any event
        return await send(self._transport)

    async def others(self) -> Sequence[tuple[Transport, str]]:
        return ()
