"""Visitors who come when they come, however long others wait: an open loop.

A load of connections that each wait for their answer slows down with the server, and never asks for
more than it can do. Here requests are due at fixed times, and each takes a connection that is free.
All are opened before: to connect may take a second where many do at once, and nobody would be due
meanwhile.
"""

import gc
import select
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from app.connections import raise_limit
from benchmarks.answers import is_whole, status_of

CHUNK = 1 << 18
CONNECTIONS = 9500
"""Where all are taken, who is due gets no answer."""

LINGER = 5.0
"""Seconds after the last arrival, for those who still wait."""


@dataclass(slots=True)
class Arrived:
    """`seconds`: how long each answer took, by status, from when it was due. Who got none is in none."""

    due: int
    seconds: dict[int, list[float]] = field(default_factory=dict)


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    due: float = 0.0
    pending: bytes = b""


def arrive(port: int, requests: Sequence[bytes], rate: float) -> Arrived:
    """Each of these once, so many a second."""
    arrived = Arrived(len(requests))
    raise_limit()
    gc.collect()
    gc.disable()
    try:
        with select.epoll() as poll:
            _run(_Room(port, poll), requests, 1 / rate, arrived)
    finally:
        gc.enable()
    return arrived


class _Room:
    def __init__(self, port: int, poll: select.epoll) -> None:
        self.poll = poll
        self._free: dict[int, _Connection] = {}
        self.busy: dict[int, _Connection] = {}
        for _ in range(CONNECTIONS):
            opened = socket.create_connection(("127.0.0.1", port), timeout=LINGER)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._free[opened.fileno()] = _Connection(opened)
            poll.register(opened, select.EPOLLIN)

    def send(self, request: bytes, due: float) -> None:
        if not self._free:
            return
        # The one that was used last: the others may be closed, for nothing has come for so long.
        fd, connection = self._free.popitem()
        connection.due = due
        connection.socket.send(request)
        self.busy[fd] = connection

    def free(self, fd: int) -> None:
        self._free[fd] = self.busy.pop(fd)

    def drop(self, fd: int) -> None:
        self.poll.unregister(fd)
        connection = self._free.pop(fd, None) or self.busy.pop(fd)
        connection.socket.close()

    def close(self) -> None:
        for each in (*self._free.values(), *self.busy.values()):
            each.socket.close()


def _run(room: _Room, requests: Sequence[bytes], every: float, arrived: Arrived) -> None:
    started, sent = perf_counter(), 0
    ends = len(requests) * every + LINGER
    while sent < len(requests) or room.busy:
        now = perf_counter() - started
        if now > ends:
            break
        while sent < len(requests) and sent * every <= now:
            room.send(requests[sent], sent * every)
            sent += 1
        for fd, _ in room.poll.poll(max(0.0, min(sent * every - now, 0.05))):
            _take(room, fd, arrived, started)
    room.close()


def _take(room: _Room, fd: int, arrived: Arrived, started: float) -> None:
    connection = room.busy.get(fd)
    data = b"" if connection is None else _received(connection.socket)
    if connection is None or not data:
        room.drop(fd)
        return
    connection.pending += data
    if is_whole(connection.pending):
        now, status = perf_counter() - started, status_of(connection.pending)
        arrived.seconds.setdefault(status, []).append(now - connection.due)
        connection.pending = b""
        room.free(fd)


def _received(peer: socket.socket) -> bytes:
    try:
        return peer.recv(CHUNK)
    except OSError:
        return b""
