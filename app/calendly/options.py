"""The figures of talking to Calendly, in one place, and the time a call has left."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx


def short_wait() -> float:
    """Seconds before the one retry: 50 to 150 ms, so that many who failed together do not return together."""
    return (50 + secrets.randbelow(101)) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """What `Transport` may be told to do otherwise; the defaults are for Calendly itself."""

    connect_timeout: timedelta = timedelta(seconds=2)
    pool_timeout: timedelta = timedelta(seconds=0.5)
    """For one of our own slots, and again for a connection of the pool."""

    write_patience: timedelta = timedelta(seconds=5)
    """For a slot of a write: a visitor who books would rather wait than begin again."""

    read_deadline: timedelta = timedelta(seconds=3)
    """Both attempts of a read together, waits included: shorter than a visitor's patience."""

    write_deadline: timedelta = timedelta(seconds=18)
    """A booking sends mails and makes calendar entries before it is answered."""

    lookup_patience: timedelta = timedelta(seconds=2)
    """For a slot of those reads that bookings depend on: a crowd that books waits in turn."""

    read_slots: int = 16
    lookup_slots: int = 8
    write_slots: int = 8
    """Reserved: however many reads hang, a booking finds a connection."""

    max_connections: int = 40
    """More than all slots, so that a wait for the pool means that it has lost connections."""

    max_keepalive_connections: int = 20
    keepalive: timedelta = timedelta(seconds=30)

    body_limit: int = 1024 * 1024
    """Bytes of a reply, as sent and as unpacked."""

    retry_wait: Callable[[], float] = short_wait
    monotonic: Callable[[], float] = time.monotonic
    open_pool: Callable[[], httpx.AsyncBaseTransport] | None = None
    """For tests: what to send requests with instead of a pool made from the figures above."""


class Deadline:
    """A moment on the monotonic clock, which no change of the wall clock moves."""

    __slots__ = ("_at", "_monotonic", "total")

    def __init__(self, total: timedelta, monotonic: Callable[[], float]) -> None:
        self.total = total.total_seconds()
        self._monotonic = monotonic
        self._at = monotonic() + self.total

    def left(self) -> float:
        """Seconds, never negative."""
        return max(0.0, self._at - self._monotonic())

    def over(self) -> bool:
        return self.left() <= 0
