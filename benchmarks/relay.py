"""Stands between a server and the simulator, and notes when something was asked and not yet answered."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter

CHUNK = 1 << 18
POLL = 0.2
"""Seconds after which to see whether all is over."""

Span = tuple[float, float]


def covered(spans: list[Span]) -> float:
    """Seconds in which at least one of them lay."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


@dataclass(slots=True)
class Relay:
    port: int
    _spans: list[list[float]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def waited(self, begin: float, end: float) -> float:
        """Seconds between two instants in which the simulator had something to answer."""
        spans = [(max(begin, first), min(end, last)) for first, last in self._spans]
        return covered([(first, last) for first, last in spans if first < last])

    def carry(self, client: socket.socket, target: int, over: threading.Event) -> None:
        """Until either side ends. From the last byte of a request to the last one of its answer is a span."""
        with client, socket.create_connection(("127.0.0.1", target)) as upstream, suppress(OSError):
            for each in (client, upstream):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked: list[float] = []
            while not over.is_set():
                for ready in select.select([client, upstream], [], [], POLL)[0]:
                    data = ready.recv(CHUNK)
                    if not data:
                        return
                    if ready is client:
                        asked = [perf_counter()] * 2
                        upstream.sendall(data)
                    else:
                        if asked not in self._spans:
                            self._spans.append(asked)
                        asked[1] = perf_counter()
                        client.sendall(data)


@contextmanager
def relaying(target: int) -> Iterator[Relay]:
    """Connections of the block's relay lead to `target`, a port of the loopback."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(POLL)
    relay = Relay(listener.getsockname()[1])
    threads = [threading.Thread(target=_accept, args=(relay, listener, target, over))]
    threads[0].start()
    try:
        yield relay
    finally:
        over.set()
        threads[0].join()
        listener.close()


def _accept(relay: Relay, listener: socket.socket, target: int, over: threading.Event) -> None:
    carriers = []
    while not over.is_set():
        with suppress(TimeoutError):
            client = listener.accept()[0]
            carrier = threading.Thread(target=relay.carry, args=(client, target, over))
            carrier.start()
            carriers.append(carrier)
    for carrier in carriers:
        carrier.join()
