"""One visitor on one connection: asks, waits for the answer, and knows when it came."""

import socket
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import msgspec

from app import API
from benchmarks.answers import Answer, is_whole, parsed
from benchmarks.browser import get, post

PATIENCE = 30.0
CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Answer
    sent_at: float
    came_at: float

    @property
    def seconds(self) -> float:
        return self.came_at - self.sent_at


class Visitor:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Answered:
        """Raises `OSError` where nobody answers."""
        sent_at, raw = perf_counter(), b""
        self._socket.sendall(request)
        while not is_whole(raw):
            data = self._socket.recv(CHUNK)
            if not data:
                raise ConnectionError("closed without an answer")
            raw += data
        return Answered(parsed(raw), sent_at, perf_counter())


def booking(event_type: str, start: str) -> bytes:
    """A new person each time, who has never tried before."""
    key = str(uuid4())
    body = {
        "eventTypeId": event_type,
        "start": start,
        "timeZone": "Europe/Berlin",
        "invitee": {"name": "Grace Example", "email": f"{key}@example.test"},
    }
    return post(f"{API}/bookings", msgspec.json.encode(body), Idempotency_Key=key)


def days_of(event_type: str, first: date, last: date) -> bytes:
    path = f"{API}/event-types/{event_type}/availability?from={first}&to={last}&timeZone=Europe/Berlin"
    return get(path, Accept_Encoding="identity")


def starts_in(answer: Answer) -> list[str]:
    """Of all free times. Raises `KeyError` for a problem."""
    body: dict[str, Any] = msgspec.json.decode(answer.plain)
    return [slot["start"] for day in body["days"] for slot in day["slots"]]
