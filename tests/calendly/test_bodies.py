"""What a reply may weigh and how it may be packed."""

import gzip
import zlib

import pytest

from app.calendly.client import CalendlyClient
from app.calendly.exchange import ReplyError, Trouble, Unpacking
from app.calendly.failures import OutcomeUnknownError
from app.errors import UpstreamFailedError
from tests.calendly import rig, servers
from tests.calendly.test_bad_connections import booking_at

LIMIT = 1000


def unpacked(encoding: str, *chunks: bytes) -> bytes:
    unpacking = Unpacking(encoding, LIMIT)
    for chunk in chunks:
        unpacking.feed(chunk)
    return unpacking.end()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        pytest.param("", b"ada", id="plain"),
        pytest.param("identity", b"ada", id="plain, and said so"),
        pytest.param("gzip", gzip.compress(b"ada"), id="gzip"),
        pytest.param("gzip", gzip.compress(b"ada") + b"more", id="gzip with something after it"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_body_is_the_same_however_it_arrives(encoding: str, packed: bytes, step: int) -> None:
    chunks = [packed[at : at + step] for at in range(0, len(packed), step)]

    assert unpacked(encoding, *chunks) == b"ada"


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_no_body_is_an_empty_body(encoding: str) -> None:
    assert unpacked(encoding) == b""


@pytest.mark.fault("U06")
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        pytest.param("", b"x" * (LIMIT + 1), id="plain"),
        pytest.param(
            "gzip", gzip.compress(b"x" * 10_000_000), id="gzip bomb", marks=pytest.mark.fault("U15")
        ),
        pytest.param("gzip", gzip.compress(b"") + b"x" * LIMIT, id="no end of bytes after the gzip"),
    ],
)
def test_more_than_the_limit_is_refused(encoding: str, packed: bytes) -> None:
    with pytest.raises(ReplyError) as raised:
        unpacked(encoding, packed)

    assert raised.value.trouble is Trouble.OVERSIZED


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_of_just_the_limit_is_taken(encoding: str) -> None:
    body = b"x" * LIMIT

    assert unpacked(encoding, gzip.compress(body) if encoding else body) == body


@pytest.mark.fault("U15")
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        pytest.param("gzip", b"not gzip", id="no gzip"),
        pytest.param("gzip", gzip.compress(b"ada")[:-6], id="cut short"),
        pytest.param("gzip", zlib.compress(b"ada"), id="deflate called gzip"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(b"ada")), id="two layers"),
        pytest.param("br", b"", id="an encoding that we did not ask for"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_broken(encoding: str, packed: bytes) -> None:
    with pytest.raises(ReplyError) as raised:
        unpacked(encoding, packed)

    assert raised.value.trouble is Trouble.BROKEN


@pytest.mark.fault("U15")
async def test_a_gzip_bomb_on_the_wire_fails_and_is_not_asked_for_again() -> None:
    bomb = servers.reply(gzip.compress(b" " * 50_000_000), headers=("Content-Encoding: gzip",))
    async with servers.serving(servers.always(bomb)) as server:
        client = CalendlyClient(rig.transport_to(server.origin))

        with pytest.raises(UpstreamFailedError):
            await client.get_current_user()

        assert len(server.heads) == 1
        await client.aclose()


@pytest.mark.fault("U15")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(b" " * 5_000_000), id="bomb"),
        pytest.param(b"not gzip", id="no gzip"),
        pytest.param(gzip.compress(b"{}")[:-6], id="cut short"),
    ],
)
async def test_a_booking_whose_reply_cannot_be_unpacked_has_an_unknown_outcome(body: bytes) -> None:
    packed = servers.reply(body, status=201, headers=("Content-Encoding: gzip",))
    async with servers.serving(servers.always(packed)) as server:
        client = CalendlyClient(rig.transport_to(server.origin))

        with pytest.raises(OutcomeUnknownError):
            await client.create_invitee(booking_at(server.origin))

        assert len(server.heads) == 1
        await client.aclose()


@pytest.mark.fault("U06")
async def test_a_body_without_end_is_left_at_the_limit() -> None:
    async def pour(visit: servers.Visit) -> None:
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            await visit.say(b" " * 65_536)

    async with servers.serving(pour) as server:
        client = CalendlyClient(rig.transport_to(server.origin))

        with pytest.raises(UpstreamFailedError):
            await client.get_current_user()

        assert len(server.heads) == 1
        await client.aclose()
