"""The load sends what it is told, and notices every answer that is not right."""

import gzip
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from benchmarks.answers import Expected, is_whole, parsed
from benchmarks.browser import get
from benchmarks.load import Manner, Requests, drive
from benchmarks.relay import covered

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
OTHER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHELLO"
LONGER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!"
BROKEN = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
REQUEST = get("/")


@contextmanager
def answering(*pieces: bytes) -> Iterator[int]:
    """A server for one connection, which answers each request with these pieces, one after the other."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.recv(65536):
                for piece in pieces:
                    connection.sendall(piece)

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.join()
        listener.close()


def wrong(pieces: Sequence[bytes], expected: bytes) -> dict[str, int]:
    with answering(*pieces) as port:
        requests = Requests([REQUEST], [Expected.like(expected)])
        return drive([port], requests, [0] * 3, Manner(connections=1)).wrong


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param([HELLO], {}, id="right"),
        pytest.param([HELLO[:20], HELLO[20:]], {}, id="right, in two pieces"),
        pytest.param([BROKEN], {"status 503": 3}, id="a failure"),
        pytest.param([LONGER], {"another length": 3}, id="more than expected"),
        pytest.param([OTHER], {"other bytes": 1}, id="other bytes, seen in the sample"),
    ],
)
def test_an_answer_is_held_to_what_was_learnt(answer: list[bytes], expected: dict[str, int]) -> None:
    assert wrong(answer, HELLO) == expected


def test_without_expectations_a_failure_is_still_one() -> None:
    with answering(BROKEN) as port:
        outcome = drive([port], Requests([REQUEST]), [0], Manner(connections=1))

    assert outcome.wrong == {"status 503": 1}


def test_what_is_never_answered_is_counted() -> None:
    with answering() as port:
        outcome = drive([port], Requests([REQUEST]), [0, 0], Manner(connections=1, patience=0.1))

    assert (outcome.answered, outcome.wrong) == (0, {"no answer": 2})


@pytest.mark.parametrize("answer", [HELLO, NOT_MODIFIED, CHUNKED])
def test_an_answer_is_whole_with_its_last_byte_and_not_before(answer: bytes) -> None:
    assert is_whole(answer)
    assert not is_whole(answer[:-1])


def test_chunks_are_joined() -> None:
    assert parsed(CHUNKED).body == b"abcde"


def test_a_compressed_body_is_read() -> None:
    body = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"

    assert parsed(head.encode() + body).plain == b"hello"


def test_time_that_two_calls_share_is_covered_once() -> None:
    assert covered([(0.0, 2.0), (1.0, 3.0), (5.0, 6.0)]) == 4.0
