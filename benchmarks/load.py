"""The load: many connections on one thread, each with one request under way, and a look at every answer.

Plain sockets and epoll: a request costs it about 6 µs, less than it costs any of the servers. It counts
exactly, which load generators that run for a time do not: what is still under way at their end was
worked on and is not counted, and with slow servers that is a large part.
"""

import gc
import resource
import select
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from benchmarks.answers import Expected, is_whole, status_of

SAMPLE = 64
"""Of so many answers, one has its body compared byte by byte."""

CONNECTIONS = 64
PATIENCE = 60.0
"""Seconds for one load, after which whatever has not been answered stays unanswered."""

FAILURE = 400
"""The first status of one."""

CHUNK = 1 << 18
WAIT = 1.0
"""Seconds after which to look at the clock where nobody answers."""


@dataclass(slots=True)
class Outcome:
    """`wrong` counts by what was wrong; `latencies` are seconds, in the order of the answers."""

    asked: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    raw: dict[int, bytes] = field(default_factory=dict)
    """By request; only where they were to be kept."""

    @property
    def answered(self) -> int:
        return len(self.latencies)


@dataclass(frozen=True, slots=True)
class Requests:
    """Bytes to send, and what each is to be answered; without expectations, whatever is no failure is right."""

    sent: Sequence[bytes]
    expected: Sequence[Expected] = ()


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    request: int = 0
    sent_at: float = 0.0
    pending: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    connections: int = CONNECTIONS
    patience: float = PATIENCE
    keep: bool = False
    """The answers themselves, too: the last one to each request."""


USUAL = Manner()


def drive(ports: Sequence[int], requests: Requests, order: Sequence[int], manner: Manner = USUAL) -> Outcome:
    """Send the requests in this order, over connections that take turns among the ports."""
    outcome = Outcome(len(order))
    with _opened(ports, min(manner.connections, len(order))) as opened, _without_gc():
        _run(opened, requests, order, outcome, manner)
    if outcome.answered < outcome.asked:
        outcome.wrong["no answer"] += outcome.asked - outcome.answered
    return outcome


def _run(  # one loop, and each call in it would be paid for with every request
    opened: list[_Connection],
    requests: Requests,
    order: Sequence[int],
    outcome: Outcome,
    manner: Manner,
) -> None:
    upcoming = iter(order)
    by_fd = {connection.socket.fileno(): connection for connection in opened}
    started = perf_counter()
    with select.epoll() as poll:
        for connection in opened:
            poll.register(connection.socket, select.EPOLLIN)
            _send(connection, next(upcoming), requests)
        while by_fd and perf_counter() - started < manner.patience:
            for fd, _ in poll.poll(WAIT):
                connection = by_fd[fd]
                raw = _received(connection, requests.expected)
                if raw is None:
                    continue
                outcome.latencies.append(perf_counter() - connection.sent_at)
                _judge(connection.request, raw, requests.expected, outcome)
                if manner.keep:
                    outcome.raw[connection.request] = raw
                request = next(upcoming, None)
                if request is None or not raw:
                    poll.unregister(fd)
                    del by_fd[fd]
                else:
                    _send(connection, request, requests)
    outcome.seconds = perf_counter() - started


def _send(connection: _Connection, request: int, requests: Requests) -> None:
    connection.request = request
    connection.sent_at = perf_counter()
    connection.socket.send(requests.sent[request])


def _received(connection: _Connection, expected: Sequence[Expected]) -> bytes | None:
    """The whole answer; None where more of it is to come, nothing where the connection was closed."""
    try:
        data = connection.socket.recv(CHUNK)
    except OSError:
        return b""
    raw = connection.pending + data if connection.pending else data
    known = bool(expected) and len(raw) == expected[connection.request].length
    if data and not known and not is_whole(raw):
        connection.pending = raw
        return None
    connection.pending = b""
    return raw if data else b""


def _judge(request: int, raw: bytes, expected: Sequence[Expected], outcome: Outcome) -> None:
    if not raw:
        outcome.wrong["connection closed"] += 1
    elif expected:
        fault = expected[request].fault(raw, thoroughly=outcome.answered % SAMPLE == 1)
        if fault is not None:
            outcome.wrong[fault] += 1
    elif status_of(raw) >= FAILURE:
        outcome.wrong[f"status {status_of(raw)}"] += 1


@contextmanager
def _opened(ports: Sequence[int], count: int) -> Iterator[list[_Connection]]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    found: list[_Connection] = []
    try:
        for number in range(count):
            connection = socket.create_connection(("127.0.0.1", ports[number % len(ports)]), timeout=PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            found.append(_Connection(connection))
        yield found
    finally:
        for each in found:
            each.socket.close()


@contextmanager
def _without_gc() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
